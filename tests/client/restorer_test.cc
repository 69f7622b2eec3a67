// Property: after a reconnect everything that was subscribed to is asked for again, each once, in
//           the form the server takes, before on_restored(); values come after it (V67, X2, D2, D7).
// Method: a server written as a function from request to answer; no sockets, no clock.
#include "client/restorer.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ringroad::client {
namespace {

using Strings = std::vector<std::string>;

/// Collects requests; the test answers them.
class World final : public Restorer::Host {
 public:
  struct Request {
    proto::PacketType type;
    std::string url;
    std::string param;
    CallTable::Done done;
  };

  Request take() {
    Request request = std::move(requests.front());
    requests.pop_front();
    return request;
  }
  /// Answers what is out until nothing is.
  void serve(const std::function<uint8_t(const Request&)>& status_of) {
    while (!requests.empty()) {
      const Request request = take();
      asked.push_back(request.url + request.param);
      Reply reply{.status = static_cast<ReplyStatus>(status_of(request))};
      if (request.type == proto::PacketType::rpc) reply.payload.param = "value of " + request.url;
      request.done(reply);
    }
  }

  std::deque<Request> requests;
  Strings asked;
  std::vector<Status> restored;
  Strings values;
  size_t room = SIZE_MAX;  // requests that may be out
  Restorer restorer{*this};

 private:
  bool restore_request(const proto::PacketSpec& spec, CallTable::Done done) override {
    if (requests.size() >= room) return false;
    requests.push_back(
        {spec.type, std::string(spec.url), std::string(spec.param), std::move(done)});
    return true;
  }
  void on_restored(const Status& status) override { restored.push_back(status); }
  void on_value(std::string_view url, const PayloadView& payload) override {
    values.push_back(std::string(url) + "=" + std::string(payload.param));
  }
};

uint8_t accept_all(const World::Request&) {
  return 0;
}

TEST(Restorer, V67_NothingToRestoreIsRestoredAtOnce) {
  World world;
  world.restorer.begin(Restorer::ListForm::list);
  EXPECT_EQ(world.restored.size(), 1u);
  EXPECT_TRUE(world.requests.empty());
}

TEST(Restorer, V67_AllInOneListAndThenRestored) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/b", "/a/", "/c"}).ok());
  ASSERT_TRUE(world.restorer.remember({"/b"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  EXPECT_TRUE(world.restored.empty());
  world.serve(accept_all);
  EXPECT_EQ(world.asked, Strings{R"(["/a/","/b","/c"])"});
  ASSERT_EQ(world.restored.size(), 1u);
  EXPECT_TRUE(world.restored.front().ok());
}

TEST(Restorer, D2_OneByOneInOrderAndSomeAtOnce) {
  World world;
  Strings urls;
  for (int i = 1'000; i < 1'200; ++i) urls.push_back("/" + std::to_string(i));
  ASSERT_TRUE(world.restorer.remember(urls).ok());
  world.restorer.begin(Restorer::ListForm::one_by_one);
  EXPECT_EQ(world.requests.size(), kAsksMax);
  const World::Request first = world.take();
  EXPECT_EQ(first.url, "/1000");
  first.done(Reply{});
  EXPECT_EQ(world.requests.size(), kAsksMax);
  world.serve(accept_all);
  EXPECT_EQ(world.asked, Strings(urls.begin() + 1, urls.end()));
  EXPECT_EQ(world.restored.size(), 1u);
}

TEST(Restorer, D2_WithRoomForFewTheyComeOneAfterTheOther) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b", "/c", "/d"}).ok());
  world.room = 2;
  world.restorer.begin(Restorer::ListForm::one_by_one);
  world.serve(accept_all);
  EXPECT_EQ(world.asked, (Strings{"/a", "/b", "/c", "/d"}));
  ASSERT_EQ(world.restored.size(), 1u);
  EXPECT_TRUE(world.restored.front().ok());
}

// The others' answers come late, and count for nothing.
TEST(Restorer, D2_OneThatIsNotAnsweredEndsItOnce) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b"}).ok());
  world.restorer.begin(Restorer::ListForm::one_by_one);
  const World::Request a = world.take();
  const World::Request b = world.take();
  a.done(Status(StatusCode::timed_out, "no answer"));
  b.done(Reply{});
  ASSERT_EQ(world.restored.size(), 1u);
  EXPECT_EQ(world.restored.front().code(), StatusCode::timed_out);
  world.restorer.stop();
  world.restorer.begin(Restorer::ListForm::one_by_one);
  world.serve(accept_all);
  EXPECT_EQ(world.restored.size(), 2u);
}

TEST(Restorer, V67_WhatWasUnsubscribedStaysAway) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b", "/c"}).ok());
  world.restorer.forget({"/b", "/never"});
  world.restorer.begin(Restorer::ListForm::one_by_one);
  world.serve(accept_all);
  EXPECT_EQ(world.asked, (Strings{"/a", "/c"}));
  world.restorer.stop();
  world.restorer.forget_all();
  world.restorer.begin(Restorer::ListForm::list);
  EXPECT_EQ(world.restored.size(), 2u);
  EXPECT_TRUE(world.requests.empty());
}

TEST(Restorer, V67_ManyAreSplitIntoLists) {
  World world;
  std::set<std::string> expected;
  for (int i = 0; i < 5'000; ++i) expected.insert("/vehicle/" + std::to_string(i));
  ASSERT_TRUE(world.restorer.remember({expected.begin(), expected.end()}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  std::set<std::string> asked;
  size_t lists = 0;
  world.serve([&](const World::Request& request) {
    ++lists;
    for (size_t at = 0; (at = request.param.find("\"/", at)) != std::string::npos;) {
      const size_t end = request.param.find('"', at + 1);
      EXPECT_TRUE(asked.insert(request.param.substr(at + 1, end - at - 1)).second);
      at = end + 1;
    }
    return uint8_t{0};
  });
  EXPECT_EQ(asked, expected);
  EXPECT_EQ(lists, 5u);
}

// Control characters become six bytes each in a list.
TEST(Restorer, W5_NoListIsLargerThanAPacket) {
  World world;
  const std::string short_url = "/" + std::string(32'000, '\x01');
  const std::string long_url = "/" + std::string(65'000, '\x02');
  ASSERT_TRUE(world.restorer.remember({"/a", "/b", short_url, long_url, "/z"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  size_t requests = 0;
  while (!world.requests.empty()) {
    const World::Request request = world.take();
    const proto::PacketSpec spec{.type = request.type, .url = request.url, .param = request.param};
    EXPECT_TRUE(proto::check_packet(spec, base::kPayloadBytesMax).ok()) << request.param.size();
    ++requests;
    request.done(Reply{});
  }
  EXPECT_EQ(world.restored.size(), 1u);
  EXPECT_LE(requests, 4u);
}

TEST(Restorer, AListThatIsRefusedIsAskedOneByOne) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/bad", "/c"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  const auto strict = [](const World::Request& request) {
    return (request.url + request.param).find("bad") == std::string::npos ? uint8_t{0} : uint8_t{2};
  };
  world.serve(strict);
  EXPECT_EQ(world.asked, (Strings{R"(["/a","/bad","/c"])", "/a", "/bad", "/c"}));
  EXPECT_TRUE(world.restored.at(0).ok());
  world.restorer.retry();  // 2 is no "not now"
  EXPECT_TRUE(world.requests.empty());
}

TEST(Restorer, D7_WhatIsNotThereYetIsAskedAgainWithEveryPing) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/later"}).ok());
  world.restorer.begin(Restorer::ListForm::one_by_one);
  bool there = false;
  const auto go = [&there](const World::Request& request) {
    return request.url == "/later" && !there ? uint8_t{3} : uint8_t{0};
  };
  world.serve(go);
  EXPECT_TRUE(world.restored.at(0).ok());
  world.asked.clear();
  for (int ping = 0; ping < 3; ++ping) {
    there = ping == 2;
    world.restorer.retry();
    world.restorer.retry();  // one at a time
    world.serve(go);
  }
  EXPECT_EQ(world.asked, (Strings{"/later", "/later", "/later"}));
  world.restorer.retry();
  EXPECT_TRUE(world.requests.empty());
  EXPECT_EQ(world.restored.size(), 1u);
}

TEST(Restorer, D7_WhatIsUnsubscribedBeforeItsTurnIsNotAskedAgain) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b", "/c"}).ok());
  world.restorer.begin(Restorer::ListForm::one_by_one);
  world.serve([](const World::Request&) { return uint8_t{3}; });
  world.asked.clear();
  world.room = 1;
  world.restorer.retry();
  world.restorer.forget({"/a"});  // the last one's turn
  world.serve(accept_all);
  EXPECT_EQ(world.asked, (Strings{"/c", "/b"}));
}

TEST(Restorer, D7_WhatIsUnsubscribedWhileItIsAskedIsTakenBack) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a"}).ok());
  world.restorer.begin(Restorer::ListForm::one_by_one);
  world.serve([](const World::Request&) { return uint8_t{3}; });
  world.restorer.retry();
  world.restorer.forget({"/a"});  // the server may see its UNSUBSCRIBE before this SUBSCRIBE
  ASSERT_EQ(world.requests.size(), 1U);
  world.take().done(Reply{});
  ASSERT_EQ(world.requests.size(), 1U);
  EXPECT_EQ(world.requests.front().type, proto::PacketType::unsubscribe);
  EXPECT_EQ(world.requests.front().url, "/a");
  world.serve(accept_all);
}

TEST(Restorer, X2_AValueOfWhatIsUnsubscribedMeanwhileIsNotHandedOn) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  world.serve(accept_all);
  world.restorer.make_consistent();
  world.restorer.forget({"/a"});
  world.serve(accept_all);
  EXPECT_EQ(world.values, Strings{"/b=value of /b"});
}

TEST(Restorer, ASilentServerIsNoUse) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b"}).ok());
  world.room = 1;
  world.restorer.begin(Restorer::ListForm::one_by_one);
  world.take().done(Status(StatusCode::timed_out, "silence"));
  ASSERT_EQ(world.restored.size(), 1u);
  EXPECT_EQ(world.restored.front().code(), StatusCode::timed_out);
  EXPECT_TRUE(world.requests.empty());
}

TEST(Restorer, AnswersOfAnEndedConnectionDoNotCount) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b"}).ok());
  world.room = 1;
  world.restorer.begin(Restorer::ListForm::one_by_one);
  const World::Request old = world.take();
  world.restorer.stop();
  old.done(Status(StatusCode::not_running, "lost"));
  EXPECT_TRUE(world.restored.empty());
  world.restorer.begin(Restorer::ListForm::list);
  world.serve(accept_all);
  EXPECT_EQ(world.asked, Strings{R"(["/a","/b"])"});
}

TEST(Restorer, X2_ValuesOfExactUrlsComeAsPublishes) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/", "/a", "/b/", "/none"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  world.serve(accept_all);
  world.restorer.make_consistent();
  world.asked.clear();
  world.serve([](const World::Request& request) {
    return request.url == "/none" ? uint8_t{3} : uint8_t{0};
  });
  EXPECT_EQ(world.asked, (Strings{"/a", "/none"}));
  EXPECT_EQ(world.values, Strings{"/a=value of /a"});
}

TEST(Restorer, X2_APublishThatComesFirstIsNewer) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  world.serve(accept_all);
  world.restorer.make_consistent();
  world.restorer.on_publish("/a");
  world.serve(accept_all);
  EXPECT_EQ(world.values, Strings{"/b=value of /b"});
}

TEST(Restorer, X2_AFewValuesAreAskedForAtOnceAndTheRestFollows) {
  World world;
  Strings urls;
  for (int i = 0; i < 100; ++i) urls.push_back("/" + std::to_string(i));
  ASSERT_TRUE(world.restorer.remember(urls).ok());
  world.restorer.begin(Restorer::ListForm::list);
  world.serve(accept_all);
  world.restorer.make_consistent();
  EXPECT_EQ(world.requests.size(), kGetsMax);
  world.serve(accept_all);
  EXPECT_EQ(world.values.size(), 100u);
}

TEST(Restorer, X2_WithoutRoomTheValuesComeWithTheNextPing) {
  World world;
  ASSERT_TRUE(world.restorer.remember({"/a", "/b"}).ok());
  world.restorer.begin(Restorer::ListForm::list);
  world.serve(accept_all);
  world.room = 0;
  world.restorer.make_consistent();
  EXPECT_TRUE(world.requests.empty());
  world.room = SIZE_MAX;
  world.restorer.retry();
  world.serve(accept_all);
  EXPECT_EQ(world.values.size(), 2u);
}

TEST(Restorer, MoreThanItRemembersIsToldAndTheRestStays) {
  World world;
  const std::string wide = "/" + std::string(60'000, 'w');
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = world.restorer.remember({wide + std::to_string(i)});
  }
  EXPECT_EQ(status.code(), StatusCode::resource_exhausted);
  world.restorer.forget({wide + "0"});
  EXPECT_TRUE(world.restorer.remember({"/small"}).ok());
}

}  // namespace
}  // namespace ringroad::client
