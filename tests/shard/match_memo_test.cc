// Property: find() answers what was stored for the same URL and version, or nothing; never less or
//           more, and never from another version.
// Method: seeded stores and finds next to a map; named examples for the bounds.
#include "shard/match_memo.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/counting_allocator.h"

namespace ringroad::shard {
namespace {

using Ids = std::vector<uint32_t>;

Ids ids_of(const MatchMemo::Entry* entry) {
  const auto ids = entry->ids();
  return Ids(ids.begin(), ids.end());
}

TEST(MatchMemo, AnswersNothingElse) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    MatchMemo memo;
    std::map<std::string, Ids> model;
    uint64_t version = 1;
    for (int step = 0; step < 20'000; ++step) {
      if (random() % 5'000 == 0) {
        ++version;
        model.clear();
      }
      const std::string url = "/url/" + std::to_string(random() % 6'000);  // more than fit
      const MatchMemo::Entry* entry = memo.find(url, version);
      if (entry != nullptr) {
        ASSERT_TRUE(model.count(url));
        ASSERT_EQ(ids_of(entry), model[url]);
        continue;
      }
      const Ids ids(random() % (MatchMemo::kIdsMax + 1), static_cast<uint32_t>(random()));
      memo.store(url, version, ids);
      model[url] = ids;
      ASSERT_NE(memo.find(url, version), nullptr) << "the newest is kept";
    }
    EXPECT_GT(memo.hits().get(), 20'000U / 4) << "it remembers something";
  }
}

TEST(MatchMemo, ForgetsWithTheVersion) {
  MatchMemo memo;
  memo.store("/a", 1, Ids{7});
  EXPECT_NE(memo.find("/a", 1), nullptr);
  EXPECT_EQ(memo.find("/a", 2), nullptr);
  memo.store("/a", 2, Ids{});
  ASSERT_NE(memo.find("/a", 2), nullptr) << "that nobody wants it is worth remembering";
  EXPECT_EQ(ids_of(memo.find("/a", 2)), Ids{});
  EXPECT_EQ(memo.find("/a", 1), nullptr);
}

TEST(MatchMemo, CountsHitsAndMisses) {
  MatchMemo memo;
  memo.find("/a", 1);
  memo.store("/a", 1, Ids{1, 2});
  memo.find("/a", 1);
  memo.find("/a", 1);
  EXPECT_EQ(memo.misses().get(), 1U);
  EXPECT_EQ(memo.hits().get(), 2U);
}

TEST(MatchMemo, LeavesOutWhatIsTooLarge) {
  MatchMemo memo;
  const std::string fits(MatchMemo::kUrlBytesMax, '/');
  const std::string too_long(MatchMemo::kUrlBytesMax + 1, '/');
  memo.store(fits, 1, Ids(MatchMemo::kIdsMax, 9));
  memo.store(too_long, 1, Ids{9});
  memo.store("/wide", 1, Ids(MatchMemo::kIdsMax + 1, 9));
  EXPECT_EQ(ids_of(memo.find(fits, 1)), Ids(MatchMemo::kIdsMax, 9));
  EXPECT_EQ(memo.find(too_long, 1), nullptr);
  EXPECT_EQ(memo.find("/wide", 1), nullptr);
}

TEST(MatchMemo, AllocatesNothing) {
  MatchMemo memo;
  const Ids ids{1, 2, 3};
  const size_t before = test::allocations();
  memo.store("/a", 1, ids);
  memo.find("/a", 1);
  EXPECT_EQ(test::allocations(), before);
}

}  // namespace
}  // namespace ringroad::shard
