#include "engine/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ringroad::engine {
namespace {

constexpr auto kTick = std::chrono::milliseconds(1);
constexpr Duration kDelayMax = std::chrono::hours(24 * 365 * 100);  // so that now + delay is a time
constexpr size_t kSlotBits = 6;

size_t slot_of(uint64_t tick, size_t level) {
  return static_cast<size_t>(tick >> (kSlotBits * level)) & 63;
}

bool starts_slot(uint64_t tick, size_t level) {
  return (tick & ((uint64_t{1} << (kSlotBits * level)) - 1)) == 0;
}

}  // namespace

// A timer whose deadline is less than 64^(l+1) ticks away waits in level l, in the slot its
// deadline's bits name. When tick_ reaches that slot's first tick, its timers move down (cascade);
// a level-0 slot's timers fire.

TimerWheel::TimerWheel(TimePoint origin) : origin_(origin) {
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (Slot& slot : level) {
      while (!slot.empty()) slot.pop_front();
    }
  }
}

uint64_t TimerWheel::tick_of(TimePoint time) const {
  if (time <= origin_) return 0;
  return static_cast<uint64_t>((time - origin_) / kTick);
}

void TimerWheel::start(Timer& timer, TimePoint now, Duration delay) {
  stop(timer);
  const Duration wait = std::clamp(delay, Duration::zero(), kDelayMax);
  // Rounded up: never early.
  timer.deadline_ = std::max(tick_, tick_of(now + wait + kTick - Duration(1)));
  place(timer);
  ++size_;
}

void TimerWheel::stop(Timer& timer) {
  if (!timer.started()) return;
  timer.hook_.unlink();
  --size_;
  // Which level it was in is not known; a bit that is cleared here was right or stale.
  for (size_t level = 0; level < kLevels; ++level) {
    const size_t slot = slot_of(timer.deadline_, level);
    if (slots_[level][slot].empty()) occupied_[level] &= ~(uint64_t{1} << slot);
  }
}

void TimerWheel::place(Timer& timer) {
  CHECK(timer.deadline_ >= tick_);
  constexpr uint64_t span = uint64_t{1} << (kSlotBits * kLevels);
  // Beyond the span: the farthest slot, from where it is placed again.
  const uint64_t deadline = std::min(timer.deadline_, tick_ + span - 1);
  const auto width = static_cast<size_t>(std::bit_width(deadline - tick_));
  const size_t level = width == 0 ? 0 : (width - 1) / kSlotBits;
  const size_t slot = slot_of(deadline, level);
  slots_[level][slot].push_back(timer);
  occupied_[level] |= uint64_t{1} << slot;
}

void TimerWheel::advance(TimePoint now) {
  const uint64_t target = tick_of(now);
  // Jumps from one slot with timers to the next.
  for (auto event = next_event(); event.has_value() && *event <= target; event = next_event()) {
    CHECK(*event >= tick_);
    tick_ = *event;
    for (size_t level = kLevels - 1; level > 0; --level) {
      if (starts_slot(tick_, level)) cascade(level);
    }
    fire_slot();
  }
  tick_ = std::max(tick_, target + 1);
}

std::optional<TimePoint> TimerWheel::next_deadline() const {
  const std::optional<uint64_t> event = next_event();
  if (size_ == 0 || !event.has_value()) return std::nullopt;
  return origin_ + kTick * static_cast<int64_t>(*event);
}

/// The first tick, not before tick_, at which a slot must be emptied.
std::optional<uint64_t> TimerWheel::next_event() const {
  std::optional<uint64_t> first;
  for (size_t level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const size_t shift = kSlotBits * level;
    // In slots of this level, from the first that has not begun before tick_.
    const uint64_t next = (tick_ >> shift) + (starts_slot(tick_, level) ? 0 : 1);
    const uint64_t ahead = std::rotr(occupied_[level], static_cast<int>(next & 63));
    const uint64_t event = (next + static_cast<uint64_t>(std::countr_zero(ahead))) << shift;
    first = std::min(first.value_or(event), event);
  }
  return first;
}

/// Moves the timers of the slot that begins at tick_ to `out`.
void TimerWheel::empty_slot(size_t level, Slot& out) {
  const size_t slot = slot_of(tick_, level);
  occupied_[level] &= ~(uint64_t{1} << slot);
  out.splice_back(slots_[level][slot]);
}

void TimerWheel::cascade(size_t level) {
  Slot timers;
  empty_slot(level, timers);
  while (!timers.empty()) place(timers.pop_front());
}

void TimerWheel::fire_slot() {
  Slot due;
  empty_slot(0, due);
  // First, so that a callback's timer waits for a later slot and this loop ends.
  ++tick_;
  while (!due.empty()) {
    Timer& timer = due.pop_front();
    CHECK(timer.deadline_ < tick_);
    --size_;
    timer.fire();  // may stop and start any timer, those in `due` too, and destroy its own
  }
}

}  // namespace ringroad::engine
