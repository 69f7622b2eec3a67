// counter.h — a number that one thread writes and any thread reads.
// Thread: add/sub/set by the owner only (plain load + store, no locked instruction); get by any.
// Why here: statistics must cost nothing on the hot path and be exact when the owner is quiet.
#pragma once

#include <atomic>
#include <cstdint>

namespace ringroad::base {

class Counter {
 public:
  void add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void sub(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};  // relaxed: pairs with nothing, a statistic only
};

}  // namespace ringroad::base
