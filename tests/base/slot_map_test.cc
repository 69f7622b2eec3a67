// Property: a handle finds its object, at one address, until it is erased, and nothing ever after.
// Method: random emplace and erase against a list of every handle ever given and its object, if it
// still has one.
#include "base/slot_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace ringroad::base {
namespace {

struct Tracked {
  Tracked(int64_t& live_count, uint64_t number) : live(live_count), value(number) { ++live; }
  Tracked(const Tracked&) = delete;
  ~Tracked() { --live; }

  int64_t& live;
  uint64_t value;
};
using Map = SlotMap<Tracked>;

struct Known {
  Map::Handle handle;
  Tracked* address;  // null: erased
  uint64_t value;
};

size_t count_known(const std::vector<Known>& known) {
  return static_cast<size_t>(std::count_if(known.begin(), known.end(),
                                           [](const Known& k) { return k.address != nullptr; }));
}

void expect_agreement(Map& map, const std::vector<Known>& known) {
  for (const Known& one : known) {
    ASSERT_EQ(map.find(one.handle), one.address);
    if (one.address == nullptr) continue;
    ASSERT_EQ(map.at_slot(one.handle.slot), one.address);
    ASSERT_EQ(one.address->value, one.value);
  }
  std::set<Tracked*> visited;
  map.for_each([&](Map::Handle handle, Tracked& object) {
    EXPECT_EQ(map.find(handle), &object);
    EXPECT_TRUE(visited.insert(&object).second);
  });
  ASSERT_EQ(visited.size(), map.size());
}

TEST(SlotMap, S8_AgreesWithEveryHandleEverGiven) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    int64_t live = 0;
    {
      Map map;
      std::vector<Known> known;
      const uint64_t bias = 2 + random() % 3;  // how much more is added than erased
      for (uint64_t step = 0; step < 1'200; ++step) {
        Known* victim = known.empty() ? nullptr : &known[random() % known.size()];
        if (random() % bias == 0 && victim != nullptr && victim->address != nullptr) {
          map.erase(victim->handle);
          victim->address = nullptr;
        } else {
          const Map::Handle handle = map.emplace(live, step);
          ASSERT_NE(handle.generation, 0u);
          known.push_back({handle, map.find(handle), step});
          ASSERT_NE(known.back().address, nullptr);
        }
        ASSERT_EQ(map.size(), count_known(known));
        ASSERT_EQ(live, static_cast<int64_t>(map.size()));
      }
      expect_agreement(map, known);
    }
    EXPECT_EQ(live, 0) << "the map destroys what is left";
  }
}

TEST(SlotMap, NothingIsFoundBySlotsNeverUsed) {
  int64_t live = 0;
  Map map;
  EXPECT_EQ(map.find({}), nullptr);
  EXPECT_EQ(map.at_slot(0), nullptr);
  const Map::Handle handle = map.emplace(live, 1u);
  EXPECT_EQ(map.find({handle.slot, 0}), nullptr) << "generation 0 is nobody's";
  EXPECT_EQ(map.at_slot(handle.slot + 1), nullptr);
  EXPECT_EQ(map.at_slot(1'000'000), nullptr);
}

TEST(SlotMap, FreedSlotsAreUsedAgain) {
  int64_t live = 0;
  Map map;
  for (uint64_t i = 0; i < 10'000; ++i) map.erase(map.emplace(live, i));
  EXPECT_EQ(map.slots_end(), 256u) << "one chunk";
}

TEST(SlotMap, VisitMayEraseWhatItSees) {
  int64_t live = 0;
  Map map;
  for (uint64_t i = 0; i < 600; ++i) map.emplace(live, i);
  map.for_each([&map](Map::Handle handle, Tracked& object) {
    if (object.value % 2 == 0) map.erase(handle);
  });
  EXPECT_EQ(map.size(), 300u);
  map.for_each([](Map::Handle, Tracked& object) { EXPECT_EQ(object.value % 2, 1u); });
}

TEST(SlotMapDeathTest, EraseOfAStaleHandle) {
  int64_t live = 0;
  Map map;
  const Map::Handle handle = map.emplace(live, 1u);
  map.erase(handle);
  EXPECT_DEATH(map.erase(handle), "object != nullptr");
}

}  // namespace
}  // namespace ringroad::base
