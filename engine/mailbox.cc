#include "engine/mailbox.h"

#include "base/check.h"

namespace ringroad::engine {
namespace {

// The doorbell. A writer commits a record, fences, then reads sleeps_; the owner stores sleeps_,
// fences, then looks for records (may_sleep). The two fences are in one total order, so at least
// one side sees the other's store: either the writer rings or the owner stays up. Release and
// acquire alone would let both miss each other.
// ThreadSanitizer does not know fences, says g++; the data itself passes by the rings' release and
// acquire, which it does know.
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif
void full_fence() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}
#pragma GCC diagnostic pop

}  // namespace

Mailbox::Mailbox(Io& io, uint32_t producers, size_t lane_bytes)
    : io_(io),
      charged_bytes_max_(lane_bytes * base::kMailboxChargePerLaneByte),
      any_lane_(lane_bytes) {
  for (uint32_t i = 0; i < producers; ++i) lanes_.emplace_back(lane_bytes);
}

std::span<std::byte> Mailbox::reserve(uint32_t producer, size_t bytes) {
  CHECK(producer < lanes_.size());
  const std::span<std::byte> room = lanes_[producer].ring.reserve(bytes);
  if (room.empty()) count_full();
  return room;
}

void Mailbox::commit(uint32_t producer, Io& mine) {
  CHECK(producer < lanes_.size());
  Lane& lane = lanes_[producer];
  lane.ring.commit();
  const uint64_t sleep = sleep_to_end();
  if (sleep == 0 || sleep == lane.rung) return;
  lane.rung = sleep;
  mine.wake_peer(io_);
}

base::MpscRing::Reservation Mailbox::reserve_any(size_t bytes) {
  const base::MpscRing::Reservation reservation = any_lane_.reserve(bytes);
  if (reservation.empty()) count_full();
  return reservation;
}

void Mailbox::commit_any(const base::MpscRing::Reservation& reservation) {
  any_lane_.commit(reservation);
  ring_from_anywhere();
}

void Mailbox::abandon_any(const base::MpscRing::Reservation& reservation) {
  any_lane_.abandon(reservation);
  // Only the owner can give the room back: a lane full of abandoned records must not wait for a
  // record.
  ring_from_anywhere();
}

/// Which sleep a record that was just committed must end; 0: the owner is up and will look.
uint64_t Mailbox::sleep_to_end() const {
  full_fence();  // pairs with may_sleep()
  const uint64_t sleep = sleeps_.load(std::memory_order_relaxed);
  return sleep % 2 == 1 ? sleep : 0;
}

void Mailbox::ring_from_anywhere() {
  const uint64_t sleep = sleep_to_end();
  if (sleep == 0 || any_rung_.load(std::memory_order_relaxed) == sleep) return;
  if (any_rung_.exchange(sleep, std::memory_order_relaxed) != sleep) io_.wake();
}

bool Mailbox::try_charge(size_t bytes) {
  size_t charged = charged_bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > charged_bytes_max_ - charged) {
      count_full();
      return false;
    }
  } while (!charged_bytes_.compare_exchange_weak(
      charged, charged + bytes, std::memory_order_acquire, std::memory_order_relaxed));
  return true;
}

void Mailbox::discharge(size_t bytes) {
  const size_t before = charged_bytes_.fetch_sub(bytes, std::memory_order_release);
  CHECK(before >= bytes);
}

bool Mailbox::may_sleep() {
  const uint64_t sleeps = sleeps_.load(std::memory_order_relaxed);
  CHECK(sleeps % 2 == 0);
  sleeps_.store(sleeps + 1, std::memory_order_relaxed);
  full_fence();  // pairs with sleep_to_end()
  if (!any_record()) return true;
  awake();
  return false;
}

void Mailbox::awake() {
  const uint64_t sleeps = sleeps_.load(std::memory_order_relaxed);
  if (sleeps % 2 == 1) sleeps_.store(sleeps + 1, std::memory_order_relaxed);
}

bool Mailbox::any_record() const {
  return !any_lane_.empty() ||
         std::ranges::any_of(lanes_, [](const Lane& lane) { return !lane.ring.empty(); });
}

}  // namespace ringroad::engine
