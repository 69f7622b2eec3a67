// Property: verdict() counts expected, missing, doubled, late and stray messages, each apart.
// Method: random faults in random streams, against a naive model that keeps every arrival in a
// list.
#include "tools/delivery_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace ringroad::tools {
namespace {

using Stream = std::vector<uint64_t>;  // numbers of one publisher in order of arrival

DeliveryVerdict naive_verdict(const std::vector<Stream>& streams,
                              const std::vector<uint64_t>& sent) {
  DeliveryVerdict verdict;
  for (size_t i = 0; i < streams.size(); ++i) {
    std::set<uint64_t> seen;
    uint64_t most = 0;
    for (const uint64_t number : streams[i]) {
      ++verdict.received;
      if (!seen.insert(number).second) {
        ++verdict.doubled;
      } else if (number < most) {
        ++verdict.out_of_order;
      }
      most = std::max(most, number);
    }
    const auto in_range = static_cast<uint64_t>(
        std::count_if(seen.begin(), seen.end(), [&](uint64_t n) { return n <= sent[i]; }));
    verdict.expected += sent[i];
    verdict.missing += sent[i] - in_range;
    verdict.stray += seen.size() - in_range;
  }
  return verdict;
}

Stream faulty_stream(std::mt19937_64& random, uint64_t sent) {
  Stream stream;
  for (uint64_t number = 1; number <= sent; ++number) {
    if (random() % 20 == 0) continue;  // lost
    stream.push_back(number);
    if (random() % 20 == 0) stream.push_back(1 + random() % number);
  }
  for (size_t i = 1; i < stream.size(); ++i) {
    if (random() % 20 == 0) std::swap(stream[i - 1], stream[i]);
  }
  if (random() % 10 == 0) stream.push_back(sent + 1 + random() % 3);
  return stream;
}

TEST(DeliveryCheck, AgreesWithAListOfArrivals) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const size_t publishers = 1 + random() % 5;
    DeliveryCheck check(publishers);
    std::vector<Stream> streams(publishers);
    std::vector<uint64_t> sent(publishers);
    for (size_t i = 0; i < publishers; ++i) {
      sent[i] = random() % 60;
      streams[i] = faulty_stream(random, sent[i]);
      for (const uint64_t number : streams[i]) check.accept(i, number);
    }
    const DeliveryVerdict model = naive_verdict(streams, sent);
    const DeliveryVerdict verdict = check.verdict(sent);
    EXPECT_EQ(verdict.expected, model.expected);
    EXPECT_EQ(verdict.received, model.received);
    EXPECT_EQ(verdict.missing, model.missing);
    EXPECT_EQ(verdict.doubled, model.doubled);
    EXPECT_EQ(verdict.out_of_order, model.out_of_order);
    EXPECT_EQ(verdict.stray, model.stray);
  }
}

TEST(DeliveryCheck, OnlyAWholeStreamInOrderIsPerfect) {
  const std::vector<uint64_t> sent = {3};
  const auto is_perfect = [&sent](const Stream& stream) {
    DeliveryCheck check(1);
    for (const uint64_t number : stream) check.accept(0, number);
    return check.verdict(sent).perfect();
  };
  EXPECT_TRUE(is_perfect({1, 2, 3}));
  EXPECT_FALSE(is_perfect({1, 2}));
  EXPECT_FALSE(is_perfect({2, 3}));
  EXPECT_FALSE(is_perfect({1, 3}));
  EXPECT_FALSE(is_perfect({1, 3, 2}));
  EXPECT_FALSE(is_perfect({1, 2, 2, 3}));
  EXPECT_FALSE(is_perfect({1, 2, 3, 4}));
  EXPECT_FALSE(is_perfect({1, 1, 3}));  // as many as expected, and still wrong
  EXPECT_FALSE(is_perfect({0, 1, 2, 3}));
}

TEST(DeliveryCheck, GarbageIsStrayAndCostsNoMemory) {
  DeliveryCheck check(1);
  check.accept(0, 1);
  check.accept(0, UINT64_MAX);
  check.accept_stray();
  const std::vector<uint64_t> sent = {1};
  const DeliveryVerdict verdict = check.verdict(sent);
  EXPECT_EQ(verdict.stray, 2u);
  EXPECT_EQ(verdict.missing, 0u);
  EXPECT_FALSE(verdict.perfect());
}

}  // namespace
}  // namespace ringroad::tools
