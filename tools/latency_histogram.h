// latency_histogram.h — times in a fixed array of buckets, each at most 1/32 wide.
// Thread: record() one thread; snapshot() any.
// Bound:  1,216 counters; longer than 73 minutes counts as that.
// Fails:  nothing.
// Why here: percentiles of millions of deliveries without keeping one of them.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringroad::tools {

/// Counts at one moment; subtract an older one to see what happened in between.
class LatencySnapshot {
 public:
  LatencySnapshot() = default;
  explicit LatencySnapshot(std::vector<uint64_t> counts) : counts_(std::move(counts)) {}

  LatencySnapshot& operator+=(const LatencySnapshot& other);
  LatencySnapshot operator-(const LatencySnapshot& older) const;
  uint64_t count() const;
  /// Nanoseconds that `share` (0..1) of the values do not exceed, rounded up to the bucket's end;
  /// 0 if there are none.
  uint64_t percentile(double share) const;

 private:
  std::vector<uint64_t> counts_;  // per bucket; empty = all zero
};

class LatencyHistogram {
 public:
  static constexpr int kPartBits = 5;  // 32 buckets per doubling
  static constexpr int kValueBits = 42;
  static constexpr size_t kBuckets = static_cast<size_t>(kValueBits - kPartBits + 1) << kPartBits;

  static constexpr size_t bucket_of(uint64_t value) {
    constexpr uint64_t kMost = (uint64_t{1} << kValueBits) - 1;
    if (value > kMost) value = kMost;
    if (value < (1u << kPartBits)) return value;
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kPartBits;
    return (static_cast<size_t>(shift) << kPartBits) + static_cast<size_t>(value >> shift);
  }

  /// Largest value of the bucket.
  static constexpr uint64_t last_of(size_t bucket) {
    if (bucket < (2u << kPartBits)) return bucket;
    const size_t shift = (bucket >> kPartBits) - 1;
    return ((bucket - (shift << kPartBits) + 1) << shift) - 1;
  }

  void record(uint64_t nanoseconds) {
    // One writer: a plain add, visible to snapshot() in any order.
    std::atomic<uint64_t>& count = counts_[bucket_of(nanoseconds)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  LatencySnapshot snapshot() const;

 private:
  std::array<std::atomic<uint64_t>, kBuckets> counts_ = {};
};

}  // namespace ringroad::tools
