// histogram.h — how a large number of values (latencies, sizes) is distributed.
// Thread: one; merge() what several threads recorded.
// Bound:  fixed, 30 KiB; any uint64_t can be recorded. Error: percentile() answers at most 1/64
//         (1.6 %) too much, never too little; values below 128 are exact.
// Why here: log-linear buckets make record() a shift and an increment, so that it can stand in a
//         loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringroad::base {

class Histogram {
 public:
  void record(uint64_t value);
  void merge(const Histogram& other);

  uint64_t count() const { return count_; }
  /// 0 as long as nothing was recorded; so are the three below.
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }
  /// The value that `percent` (0..100) of all values do not exceed. 0: the smallest, 100: the
  /// largest, exactly.
  uint64_t percentile(double percent) const;
  /// visit(largest value of the bucket, count) for every bucket that has any, ascending.
  template <typename Visit>
  void for_each_bucket(Visit visit) const {
    for (size_t i = 0; i < kBuckets; ++i) {
      if (buckets_[i] > 0) visit(largest_in(i), buckets_[i]);
    }
  }

 private:
  // Every power of two is cut into 64 equal buckets; below 64 each value has its own.
  static constexpr size_t kSubBits = 6;
  static constexpr size_t kSubBuckets = size_t{1} << kSubBits;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) * kSubBuckets;

  static size_t bucket_of(uint64_t value);
  static uint64_t largest_in(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_ = {};
  uint64_t count_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
  double sum_ = 0;  // a double does not overflow
};

}  // namespace ringroad::base
