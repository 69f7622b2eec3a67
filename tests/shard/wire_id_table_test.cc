// Property: find() answers what add() said last, until remove(); nothing else is found.
// Method: random adds and removes against a std::map, with ids that crowd together and ids that
//         share their rest by the number of shards; sizes that force growth and wrap around the end.
#include "shard/wire_id_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>

namespace ringroad::shard {
namespace {

using Model = std::map<uint32_t, uint32_t>;

void expect_agreement(const WireIdTable& table, const Model& model, uint32_t ids_max,
                      uint32_t step) {
  ASSERT_EQ(table.size(), model.size());
  for (uint32_t i = 0; i < ids_max; ++i) {
    const uint32_t id = i * step + 1;
    const auto known = model.find(id);
    const auto expected =
        known == model.end() ? std::nullopt : std::optional<uint32_t>(known->second);
    ASSERT_EQ(table.find(id), expected) << "id " << id;
  }
}

TEST(WireIdTable, AgreesWithAMap) {
  for (const uint32_t step : {1U, 64U, 0x0400'0000U / 2'000U, 0xd1b5'4a33U}) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
      std::mt19937_64 random(seed);
      const auto ids_max = static_cast<uint32_t>(8 + random() % 400);
      WireIdTable table;
      Model model;
      for (int i = 0; i < 3'000; ++i) {
        const auto id = static_cast<uint32_t>(random() % ids_max) * step + 1;
        if (model.count(id) == 0) {
          const auto slot = static_cast<uint32_t>(random());
          table.add(id, slot);
          model[id] = slot;
        } else {
          table.remove(id);
          model.erase(id);
        }
        if (i % 100 == 0) expect_agreement(table, model, ids_max, step);
      }
      expect_agreement(table, model, ids_max, step);
      for (auto entry = model.begin(); entry != model.end(); entry = model.erase(entry)) {
        table.remove(entry->first);
      }
      expect_agreement(table, model, ids_max, step);
    }
  }
}

TEST(WireIdTable, FindsNothingWhereNothingIs) {
  WireIdTable table;
  EXPECT_EQ(table.find(7), std::nullopt);
  table.add(7, 1);
  EXPECT_EQ(table.find(0), std::nullopt);
  EXPECT_EQ(table.find(8), std::nullopt);
  EXPECT_EQ(table.find(7), 1U);
}

TEST(WireIdTableDeathTest, TheSameIdTwiceIsABug) {
  WireIdTable table;
  table.add(7, 1);
  EXPECT_DEATH(table.add(7, 2), "wire_id == 0");
  EXPECT_DEATH(table.remove(8), "wire_id == wire_id");
}

}  // namespace
}  // namespace ringroad::shard
