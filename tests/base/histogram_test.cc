// Property: percentiles are at most 1/64 too large and never too small; count, min, max and mean
//         are exact; merging equals recording everything in one histogram.
// Method: random values of all magnitudes against the sorted values themselves.
#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace ringroad::base {
namespace {

std::vector<uint64_t> random_values(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> values(1 + random() % 3'000);
  const uint64_t largest_shift = random() % 64;
  for (uint64_t& value : values) value = random() >> (63 - random() % (largest_shift + 1));
  return values;
}

void expect_close(const Histogram& histogram, std::vector<uint64_t> values) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  ASSERT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.percentile(0), values.front());
  EXPECT_EQ(histogram.percentile(100), values.back());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  EXPECT_NEAR(histogram.mean(), sum / count, sum / count * 1e-9);
  for (const double percent : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(percent / 100.0 * count)));
    const uint64_t exact = values[rank - 1];
    const uint64_t answer = histogram.percentile(percent);
    EXPECT_GE(answer, exact) << percent;
    EXPECT_LE(answer - exact, exact / 64) << percent;
  }
}

TEST(Histogram, AgreesWithSortedValues) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const std::vector<uint64_t> values = random_values(seed);
    Histogram histogram;
    for (const uint64_t value : values) histogram.record(value);
    expect_close(histogram, values);
  }
}

TEST(Histogram, MergeEqualsRecordingAll) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::vector<uint64_t> values;
    Histogram merged;
    for (uint64_t part = 0; part < 3; ++part) {
      Histogram histogram;
      for (const uint64_t value : random_values(seed * 3 + part)) {
        histogram.record(value);
        values.push_back(value);
      }
      merged.merge(histogram);
    }
    merged.merge(Histogram());
    expect_close(merged, values);
  }
}

TEST(Histogram, EmptyAnswersZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.mean(), 0.0);
  EXPECT_EQ(histogram.percentile(50), 0u);
}

TEST(Histogram, TakesTheExtremes) {
  Histogram histogram;
  for (const uint64_t value : {uint64_t{0}, UINT64_MAX, UINT64_MAX}) histogram.record(value);
  EXPECT_EQ(histogram.percentile(1), 0u);
  EXPECT_EQ(histogram.percentile(50), UINT64_MAX);
  EXPECT_EQ(histogram.max(), UINT64_MAX);
}

}  // namespace
}  // namespace ringroad::base
