// Property: a percentile is the value of that rank, rounded up by at most 1/32; snapshots subtract.
// Method: random values of all sizes against a sorted vector; every bucket's bounds checked.
#include "tools/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace ringroad::tools {
namespace {

TEST(LatencyHistogram, BucketsTouchAndStayNarrow) {
  uint64_t first = 0;
  for (size_t bucket = 0; bucket < LatencyHistogram::kBuckets; ++bucket) {
    const uint64_t last = LatencyHistogram::last_of(bucket);
    ASSERT_EQ(LatencyHistogram::bucket_of(first), bucket);
    ASSERT_EQ(LatencyHistogram::bucket_of(last), bucket);
    ASSERT_LE(last - first, first / 32);
    first = last + 1;
  }
  EXPECT_EQ(LatencyHistogram::bucket_of(UINT64_MAX), LatencyHistogram::kBuckets - 1);
}

TEST(LatencyHistogram, PercentilesAgreeWithASortedVector) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto histogram = std::make_unique<LatencyHistogram>();
    std::vector<uint64_t> values(1 + random() % 500);
    for (uint64_t& value : values) {
      value = random() % (uint64_t{1} << (1 + random() % 40));
      histogram->record(value);
    }
    std::sort(values.begin(), values.end());
    const LatencySnapshot snapshot = histogram->snapshot();
    ASSERT_EQ(snapshot.count(), values.size());
    for (const double share : {0.0, 0.1, 0.5, 0.99, 0.999, 1.0}) {
      const double rank = std::ceil(share * static_cast<double>(values.size()));
      const uint64_t exact = values[static_cast<size_t>(std::max(rank, 1.0)) - 1];
      EXPECT_GE(snapshot.percentile(share), exact);
      EXPECT_LE(snapshot.percentile(share), exact + exact / 32);
    }
  }
}

TEST(LatencySnapshot, TheDifferenceIsWhatHappenedInBetween) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  histogram->record(10);
  const LatencySnapshot before = histogram->snapshot();
  histogram->record(1'000'000);
  LatencySnapshot between = histogram->snapshot() - before;
  EXPECT_EQ(between.count(), 1u);
  EXPECT_GE(between.percentile(0.5), 1'000'000u);
  between += before;
  EXPECT_EQ(between.count(), 2u);
  EXPECT_EQ(LatencySnapshot().percentile(0.5), 0u);
}

}  // namespace
}  // namespace ringroad::tools
