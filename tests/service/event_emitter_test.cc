// Property: listeners are called in the order of installation, each once per emit; whatever a listener
//           installs, removes or destroys meanwhile, nobody who stays is skipped.
// Method:   random steps beside a plain list; and one script for each thing a listener may do.
#include "ringroad/event_emitter.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace ringroad {
namespace {

using Emitter = EventEmitter<const std::string&, int>;

std::string written(ListenerId id) {
  return std::to_string(id.number);
}

TEST(EventEmitter, V80_V81_CallsInTheOrderOfInstallation) {
  Emitter emitter;
  std::string calls;
  const auto add = [&](const char* name) {
    return emitter.on("moved", [&calls, name](const std::string& what, int n) {
      calls += name + what + std::to_string(n) + " ";
    });
  };
  EXPECT_FALSE(emitter.emit("moved", "x", 1));
  const ListenerId a = add("a");
  const ListenerId b = add("b");
  const ListenerId c = add("c");
  EXPECT_TRUE(emitter.emit("moved", "x", 1));
  EXPECT_FALSE(emitter.emit("stopped", "x", 2));
  EXPECT_EQ(calls, "ax1 bx1 cx1 ");
  EXPECT_EQ(emitter.listener_count("moved"), 3U);
  EXPECT_EQ(emitter.listeners("moved"), (std::vector<ListenerId>{a, b, c}));
  EXPECT_EQ(emitter.listener_count("stopped"), 0U);
}

TEST(EventEmitter, V77_NewListenerComesBeforeTheInsertion) {
  Emitter emitter;
  std::string seen;
  emitter.on_new_listener([&](std::string_view event, ListenerId listener) {
    seen += std::string(event) + written(listener) + "(" +
            std::to_string(emitter.listener_count(event)) + ") ";
  });
  EXPECT_EQ(seen, "");  // not of itself
  const ListenerId a = emitter.on("moved", [](const std::string&, int) {});
  const ListenerId b = emitter.add_listener("moved", [](const std::string&, int) {});
  const ListenerId c = emitter.once("moved", [](const std::string&, int) {});
  const ListenerId d = emitter.on_remove_listener([](std::string_view, ListenerId) {});
  EXPECT_EQ(seen, "moved" + written(a) + "(0) moved" + written(b) + "(1) moved" + written(c) +
                      "(2) remove_listener" + written(d) + "(0) ");
}

TEST(EventEmitter, V77_EmptyListenersAndTheEmittersOwnEventsAreRefused) {
  Emitter emitter;
  EXPECT_FALSE(emitter.on("moved", nullptr).valid());
  EXPECT_FALSE(emitter.on_new_listener(nullptr).valid());
  EXPECT_FALSE(emitter.on("new_listener", [](const std::string&, int) {}).valid());
  EXPECT_FALSE(emitter.once("remove_listener", [](const std::string&, int) {}).valid());
  EXPECT_EQ(emitter.listener_count("moved"), 0U);
  EXPECT_EQ(emitter.listener_count("new_listener"), 0U);
}

TEST(EventEmitter, V81_TheUserDoesNotEmitTheEmittersOwnEvents) {
  Emitter emitter;
  int seen = 0;
  emitter.on_new_listener([&](std::string_view, ListenerId) { ++seen; });
  emitter.on_remove_listener([&](std::string_view, ListenerId) { ++seen; });
  EXPECT_EQ(seen, 1);  // the second watcher is a new listener
  EXPECT_FALSE(emitter.emit("new_listener", "moved", 1));
  EXPECT_FALSE(emitter.emit("remove_listener", "moved", 1));
  EXPECT_EQ(seen, 1);
}

TEST(EventEmitter, V78_RemoveSaysWhetherThereWasOne) {
  Emitter emitter;
  std::string removed;
  emitter.on_remove_listener([&](std::string_view event, ListenerId listener) {
    removed += std::string(event) + written(listener) + " ";
  });
  const auto nothing = [](const std::string&, int) {};
  const ListenerId a = emitter.on("moved", nothing);
  const ListenerId b = emitter.on("moved", nothing);
  const ListenerId c = emitter.on("moved", nothing);
  EXPECT_FALSE(emitter.remove_listener("stopped", a));
  EXPECT_FALSE(emitter.remove_listener("moved", ListenerId{}));
  EXPECT_TRUE(emitter.remove_listener("moved", b));
  EXPECT_FALSE(emitter.remove_listener("moved", b));
  EXPECT_TRUE(emitter.remove_listener("moved"));
  EXPECT_FALSE(emitter.remove_listener("moved"));
  EXPECT_EQ(removed, "moved" + written(b) + " moved" + written(a) + " moved" + written(c) + " ");
}

TEST(EventEmitter, V79_RemoveAllTakesEveryEvent) {
  Emitter emitter;
  std::string removed;
  emitter.on_remove_listener(
      [&](std::string_view event, ListenerId) { removed += std::string(event) + " "; });
  emitter.on_new_listener([](std::string_view, ListenerId) {});
  const auto nothing = [](const std::string&, int) {};
  for (const char* event : {"a", "z", "moved"}) emitter.on(event, nothing);
  EXPECT_TRUE(emitter.remove_all_listeners());
  EXPECT_EQ(removed, "a moved new_listener z ");
  for (const char* event : {"a", "z", "moved", "new_listener", "remove_listener"}) {
    EXPECT_EQ(emitter.listener_count(event), 0U) << event;
  }
  EXPECT_FALSE(emitter.remove_all_listeners());
}

TEST(EventEmitter, V81_OnceIsRemovedBeforeItsCallAndSkipsNobody) {
  Emitter emitter;
  std::string calls;
  emitter.once("moved", [&](const std::string&, int) {
    calls += "a" + std::to_string(emitter.listener_count("moved"));
    if (calls.size() < 10) emitter.emit("moved", "again", 1);  // does not call itself
  });
  emitter.once("moved", [&](const std::string&, int) { calls += "b"; });
  emitter.on("moved", [&](const std::string&, int) { calls += "c"; });
  EXPECT_TRUE(emitter.emit("moved", "x", 1));
  EXPECT_EQ(calls, "a2bcc");
  EXPECT_TRUE(emitter.emit("moved", "x", 1));
  EXPECT_EQ(calls, "a2bccc");
}

TEST(EventEmitter, V81_RemovalDuringEmitSkipsNobodyWhoStays) {
  Emitter emitter;
  std::string calls;
  ListenerId a, b, c;
  a = emitter.on("moved", [&](const std::string&, int) {
    calls += "a";
    EXPECT_TRUE(emitter.remove_listener("moved", a));  // itself
    EXPECT_TRUE(emitter.remove_listener("moved", c));  // one behind
    emitter.on("moved", [&](const std::string&, int) { calls += "e"; });
  });
  b = emitter.on("moved", [&](const std::string&, int) { calls += "b"; });
  c = emitter.on("moved", [&](const std::string&, int) { calls += "c"; });
  emitter.on("moved", [&](const std::string&, int) { calls += "d"; });
  EXPECT_TRUE(emitter.emit("moved", "x", 1));
  EXPECT_EQ(calls, "abd");
  EXPECT_TRUE(emitter.emit("moved", "x", 1));
  EXPECT_EQ(calls, "abdbde");
}

TEST(EventEmitter, AListenerMayDestroyTheEmitter) {
  auto emitter = std::make_unique<Emitter>();
  std::string calls;
  emitter->on("moved", [&](const std::string&, int) {
    calls += "a";
    emitter.reset();
  });
  emitter->on("moved", [&](const std::string&, int) { calls += "b"; });
  Emitter* const target = emitter.get();
  EXPECT_TRUE(target->emit("moved", "x", 1));
  EXPECT_EQ(calls, "a");
}

TEST(EventEmitter, WhatAListenerThrowsComesOutOfEmit) {
  Emitter emitter;
  int calls = 0;
  emitter.once("moved", [](const std::string&, int) { throw std::runtime_error("no lamp"); });
  emitter.on("moved", [&](const std::string&, int) { ++calls; });
  EXPECT_THROW(emitter.emit("moved", "x", 1), std::runtime_error);
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(emitter.emit("moved", "x", 1));
  EXPECT_EQ(calls, 1);
}

// A list that is scanned, for all events together.
struct Model {
  struct Row {
    std::string event;
    ListenerId id;
    bool once;
  };

  std::vector<Row> rows;
  std::string log;  // calls and removals

  bool remove(const std::string& event, const ListenerId* id) {
    bool removed = false;
    for (size_t i = 0; i < rows.size();) {
      if (rows[i].event != event || (id != nullptr && !(rows[i].id == *id))) {
        ++i;
        continue;
      }
      log += "-" + event + written(rows[i].id) + " ";
      rows.erase(rows.begin() + static_cast<ptrdiff_t>(i));
      removed = true;
    }
    return removed;
  }

  bool emit(const std::string& event) {
    const std::vector<Row> before = rows;
    bool ran = false;
    for (const Row& row : before) {
      if (row.event != event) continue;
      if (row.once) remove(event, &row.id);
      log += "!" + written(row.id) + " ";
      ran = true;
    }
    return ran;
  }

  std::vector<ListenerId> of(const std::string& event) const {
    std::vector<ListenerId> ids;
    for (const Row& row : rows) {
      if (row.event == event) ids.push_back(row.id);
    }
    return ids;
  }
};

TEST(EventEmitter, AgreesWithAPlainList) {
  const std::vector<std::string> events = {"a", "b", "c"};
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    EventEmitter<> emitter;
    Model model;
    std::string log;
    emitter.on_remove_listener([&](std::string_view event, ListenerId id) {
      log += "-" + std::string(event) + written(id) + " ";
    });
    for (int step = 0; step < 100; ++step) {
      const std::string event = events[random() % events.size()];
      const unsigned what = static_cast<unsigned>(random() % 8);
      if (what < 4) {
        auto id = std::make_shared<ListenerId>();
        const auto listener = [&log, id] { log += "!" + written(*id) + " "; };
        *id = what == 0 ? emitter.once(event, listener) : emitter.on(event, listener);
        model.rows.push_back({event, *id, what == 0});
      } else if (what == 4 && !model.rows.empty()) {
        const ListenerId id = model.rows[random() % model.rows.size()].id;
        EXPECT_EQ(emitter.remove_listener(event, id), model.remove(event, &id));
      } else if (what == 5 && random() % 4 == 0) {
        EXPECT_EQ(emitter.remove_all_listeners(event), model.remove(event, nullptr));
      } else {
        EXPECT_EQ(emitter.emit(event), model.emit(event));
      }
      EXPECT_EQ(emitter.listeners(event), model.of(event));
      EXPECT_EQ(emitter.listener_count(event), model.of(event).size());
    }
    ASSERT_EQ(log, model.log);
  }
}

}  // namespace
}  // namespace ringroad
