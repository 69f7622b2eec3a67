// mailbox.h — what other threads have to tell one loop.
// Owner:  the loop that reads it.
// Thread: reserve/commit by loop number `producer`; the …_any verbs, try_charge and discharge by
//         any thread; drain, may_sleep, awake by the owner.
// Bound:  lane_bytes per lane (one lane per producing loop, one for all other threads); packets
//         that a record only points at are charged separately, kMailboxChargePerLaneByte *
//         lane_bytes for all lanes together.
// Fails:  reserve() and reserve_any() answer an empty span and try_charge() false when full;
//         counted, the caller decides.
// Order:  per lane. The owner is woken only if it sleeps.
// Why here: the only way from one thread to another; no lock, and a lane that is never used costs
//         no memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "base/counter.h"
#include "base/limits.h"
#include "base/mpsc_ring.h"
#include "base/spsc_ring.h"
#include "engine/io.h"

namespace ringroad::engine {

class Mailbox {
 public:
  /// `io` is the owner's. `lane_bytes` is a power of two.
  Mailbox(Io& io, uint32_t producers, size_t lane_bytes);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Room for a record from loop `producer`; a later reserve replaces it, so dropping it needs no
  /// call.
  std::span<std::byte> reserve(uint32_t producer, size_t bytes);
  /// Publishes what was reserved last. `mine` is the producing loop's.
  void commit(uint32_t producer, Io& mine);

  base::MpscRing::Reservation reserve_any(size_t bytes);
  void commit_any(const base::MpscRing::Reservation& reservation);
  void abandon_any(const base::MpscRing::Reservation& reservation);

  /// Admits bytes that a record will point at; false: nothing was charged.
  bool try_charge(size_t bytes);
  void discharge(size_t bytes);

  /// `size_t visit(std::span<const std::byte>)` for each record, lanes in turn, until about
  /// `bytes_budget` bytes were visited (overshoots by one record at most). visit answers how many
  /// bytes the record stands for, what it points at included; drain returns their sum.
  /// visit must not drain.
  template <typename Visit>
  size_t drain(size_t bytes_budget, Visit visit);
  /// Announces sleep. False: there is something to drain, and nothing was announced.
  bool may_sleep();
  void awake();
  /// drain() would find nothing.
  bool empty() const { return !any_record(); }

  const base::Counter& messages() const { return messages_; }  ///< drained
  const base::Counter& bytes() const { return bytes_; }        ///< drained, of records
  uint64_t full() const { return full_.load(std::memory_order_relaxed); }
  size_t charged_bytes() const { return charged_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Lane {
    explicit Lane(size_t bytes) : ring(bytes) {}

    base::SpscRing ring;
    // Producer only: the sleep it has rung for. A ring takes effect when that producer's loop
    // waits, so no producer can rely on another's.
    alignas(base::kCacheLineBytes) uint64_t rung = 0;
  };

  template <typename Ring, typename Visit>
  size_t drain_lane(Ring& ring, size_t bytes_max, Visit& visit);
  template <typename Visit>
  size_t drain_lane_number(size_t lane, size_t bytes_max, Visit& visit);
  bool any_record() const;
  uint64_t sleep_to_end() const;
  void ring_from_anywhere();
  void count_full() { full_.fetch_add(1, std::memory_order_relaxed); }

  // Constant after construction.
  Io& io_;
  const size_t charged_bytes_max_;

  std::deque<Lane> lanes_;  // [producer]
  base::MpscRing any_lane_;

  // Owner only.
  size_t next_lane_ = 0;  // lanes_.size() is any_lane_
  base::Counter messages_;
  base::Counter bytes_;

  // Any thread.
  // Counts falling asleep and waking up: odd while the owner sleeps. Relaxed; ordered by
  // full_fence() in the .cc.
  alignas(base::kCacheLineBytes) std::atomic<uint64_t> sleeps_{0};
  // The sleep that some thread has rung for with any_lane_. Relaxed: a stale value costs a needless
  // ring.
  std::atomic<uint64_t> any_rung_{0};
  // discharge() release -> try_charge() acquire: room is given again after the packet was let go.
  alignas(base::kCacheLineBytes) std::atomic<size_t> charged_bytes_{0};
  std::atomic<uint64_t> full_{0};  // relaxed: pairs with nothing, a statistic only
};

template <typename Ring, typename Visit>
size_t Mailbox::drain_lane(Ring& ring, size_t bytes_max, Visit& visit) {
  size_t visited = 0;
  while (visited < bytes_max) {
    const std::span<const std::byte> record = ring.front();
    if (record.empty()) break;
    visited += visit(record);
    messages_.add();
    ring.pop();
  }
  bytes_.add(visited);
  return visited;
}

template <typename Visit>
size_t Mailbox::drain_lane_number(size_t lane, size_t bytes_max, Visit& visit) {
  if (lane == lanes_.size()) return drain_lane(any_lane_, bytes_max, visit);
  return drain_lane(lanes_[lane].ring, bytes_max, visit);
}

template <typename Visit>
size_t Mailbox::drain(size_t bytes_budget, Visit visit) {
  const size_t lane_count = lanes_.size() + 1;
  size_t visited = 0;
  // Ends when the budget is used or a whole round found nothing.
  for (size_t idle = 0; idle < lane_count && visited < bytes_budget;) {
    const size_t quantum = std::min(base::kMailboxQuantumBytes, bytes_budget - visited);
    const size_t of_lane = drain_lane_number(next_lane_, quantum, visit);
    next_lane_ = next_lane_ + 1 == lane_count ? 0 : next_lane_ + 1;
    idle = of_lane == 0 ? idle + 1 : 0;
    visited += of_lane;
  }
  return visited;
}

}  // namespace ringroad::engine
