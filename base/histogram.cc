#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace ringroad::base {

size_t Histogram::bucket_of(uint64_t value) {
  if (value < kSubBuckets) return static_cast<size_t>(value);
  const size_t shift = static_cast<size_t>(std::bit_width(value)) - 1 - kSubBits;
  // value >> shift lies in [64, 128): the leading bit counts the powers of two.
  return shift * kSubBuckets + static_cast<size_t>(value >> shift);
}

uint64_t Histogram::largest_in(size_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const size_t shift = bucket / kSubBuckets - 1;
  const uint64_t first = uint64_t{kSubBuckets + bucket % kSubBuckets} << shift;
  return first + ((uint64_t{1} << shift) - 1);
}

void Histogram::record(uint64_t value) {
  ++buckets_[bucket_of(value)];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

uint64_t Histogram::percentile(double percent) const {
  CHECK(percent >= 0.0);
  CHECK(percent <= 100.0);
  if (percent == 0.0) return min();
  const double wanted = std::ceil(percent / 100.0 * static_cast<double>(count_));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) return std::min(largest_in(i), max_);
  }
  return max_;
}

}  // namespace ringroad::base
