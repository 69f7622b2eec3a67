// Property: of each URL the latest message is handed over, never two within a period, none later than
//           fire() after its time; every message is accounted for (X1).
// Method: random messages, removals and ticks of virtual time beside a model that keeps plain maps.
#include "ringroad/regulator.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace ringroad {
namespace {

using std::chrono::milliseconds;
using Time = Regulator::Time;
using Values = std::vector<std::string>;

Time at(int64_t ms) {
  return Time(std::chrono::hours(1)) + milliseconds(ms);
}

class RegulatorTest : public testing::Test {
 protected:
  void update(const std::string& url, const std::string& param, int64_t now) {
    regulator.update(url, {.param = param}, at(now));
  }

  Values values;
  Regulator regulator{{.period = milliseconds(100), .urls_max = 4},
                      [this](std::string_view url, const PayloadView& payload) {
                        values.push_back(std::string(url) + "=" + std::string(payload.param));
                      }};
};

TEST_F(RegulatorTest, X1_TheFirstAtOnceThenTheLatestOncePerPeriod) {
  update("/a", "1", 0);
  regulator.fire(at(0));
  for (int i = 2; i <= 9; ++i) update("/a", std::to_string(i), i * 10);
  regulator.fire(at(99));
  EXPECT_EQ(values, Values{"/a=1"});
  regulator.fire(at(100));
  EXPECT_EQ(values, (Values{"/a=1", "/a=9"}));
  EXPECT_EQ(regulator.replaced(), 7u);
}

TEST_F(RegulatorTest, X1_UrlsAreIndependentAndNothingIsRepeated) {
  update("/a", "1", 0);
  update("/b", "2", 50);
  regulator.fire(at(50));
  regulator.fire(at(1'000));
  EXPECT_EQ(values, (Values{"/a=1", "/b=2"}));
  EXPECT_FALSE(regulator.next().has_value()) << "idle URLs are forgotten";
}

TEST_F(RegulatorTest, X1_OneUrlTooManyIsDroppedAndCounted) {
  for (int i = 0; i < 6; ++i) update("/" + std::to_string(i), "x", 0);
  EXPECT_EQ(regulator.dropped(), 2u);
  EXPECT_EQ(regulator.waiting(), 4u);
  regulator.fire(at(0));
  regulator.fire(at(100));
  update("/5", "y", 100);
  EXPECT_EQ(regulator.dropped(), 2u);
}

TEST_F(RegulatorTest, X1_WhatIsRemovedIsNotHandedOver) {
  update("/a", "1", 0);
  regulator.remove("/a");
  regulator.remove("/never");
  regulator.fire(at(1'000));
  EXPECT_TRUE(values.empty());
  EXPECT_EQ(regulator.waiting(), 0u);
}

TEST(Regulator, X1_TheCallbackMayUpdateAndRemove) {
  Regulator* self = nullptr;
  int calls = 0;
  Regulator regulator({.period = milliseconds(10)}, [&](std::string_view url, const PayloadView&) {
    ++calls;
    self->update("/echo", {}, at(0));
    self->remove(url);
  });
  self = &regulator;
  regulator.update("/a", {}, at(0));
  regulator.fire(at(0));
  EXPECT_GE(calls, 1);
  EXPECT_LE(calls, 2);
}

TEST(Regulator, X1_RefusesOptionsOutOfRange) {
  EXPECT_FALSE(RegulatorOptions{.period = milliseconds(0)}.validate().ok());
  EXPECT_FALSE(RegulatorOptions{.period = std::chrono::hours(25)}.validate().ok());
  EXPECT_FALSE(RegulatorOptions{.urls_max = 0}.validate().ok());
  EXPECT_TRUE(RegulatorOptions{.period = milliseconds(1)}.validate().ok());
}

/// The plain reading of the rule.
struct Model {
  struct Slot {
    std::string latest;
    bool waits = false;
    int64_t open_at = 0;  // may be handed over from then on
  };

  void update(const std::string& url, const std::string& value, int64_t now) {
    auto [slot, fresh] = slots.try_emplace(url);
    if (fresh) slot->second.open_at = now;
    slot->second.latest = value;
    slot->second.waits = true;
  }
  std::map<std::string, std::string> fire(int64_t now) {
    std::map<std::string, std::string> due;
    for (auto at_slot = slots.begin(); at_slot != slots.end();) {
      auto& [url, slot] = *at_slot;
      const bool open = slot.open_at <= now;
      if (open && !slot.waits) {
        at_slot = slots.erase(at_slot);
        continue;
      }
      if (open) {
        due[url] = slot.latest;
        slot.waits = false;
        slot.open_at = now + 100;
      }
      ++at_slot;
    }
    return due;
  }

  std::map<std::string, Slot> slots;
};

TEST(Regulator, X1_AgreesWithTheModel) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::map<std::string, std::string> got;
    Regulator regulator({.period = milliseconds(100)},
                        [&got](std::string_view url, const PayloadView& payload) {
                          EXPECT_TRUE(got.emplace(url, payload.param).second) << "twice: " << url;
                        });
    Model model;
    uint64_t updates = 0;
    int64_t now = 0;
    for (int step = 0; step < 500; ++step) {
      now += static_cast<int64_t>(random() % 40);
      const std::string url = "/" + std::to_string(random() % 10);
      if (random() % 3 != 0) {
        const std::string value = std::to_string(step);
        regulator.update(url, {.param = value}, at(now));
        model.update(url, value, now);
        ++updates;
      } else {
        got.clear();
        regulator.fire(at(now));
        ASSERT_EQ(got, model.fire(now));
      }
      ASSERT_EQ(updates, regulator.handed_over() + regulator.replaced() + regulator.waiting());
    }
  }
}

}  // namespace
}  // namespace ringroad
