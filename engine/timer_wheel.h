// timer_wheel.h — many deadlines, cheap to set and cheap to drop.
// Owner:  Loop; a Timer is a member of who waits.
// Thread: the loop's.
// Bound:  none needed: a timer is part of its owner, the wheel holds links only. Fires: in
//         advance(), never early, at most one tick (1 ms) late plus the loop's turn. A callback
//         may start and stop any timer.
// Why here: handshake limits, session gates and call timeouts exist once per client; nearly all are
//         stopped before they fire.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/intrusive_list.h"
#include "engine/io.h"

namespace ringroad::engine {

class Timer {
 public:
  Timer() = default;
  /// Method is `void Owner::method()`.
  template <auto Method, typename Owner>
  static Timer bind(Owner* owner) {
    return Timer(owner, [](void* self) { (static_cast<Owner*>(self)->*Method)(); });
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool started() const { return hook_.linked(); }
  /// Its callback, now.
  void fire() { fire_(owner_); }

  base::ListHook hook_;    // For TimerWheel only.
  uint64_t deadline_ = 0;  // For TimerWheel only: tick

 private:
  Timer(void* owner, void (*callback)(void*)) : owner_(owner), fire_(callback) {}

  void* owner_ = nullptr;
  void (*fire_)(void*) = nullptr;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint origin);
  ~TimerWheel();  ///< Unlinks what is still started.

  /// (Re)starts: fires once `delay` after `now`. Beyond the wheel's span (about 4.6 h) it is
  /// carried over, not cut.
  void start(Timer& timer, TimePoint now, Duration delay);
  void stop(Timer& timer);
  /// Fires what is due.
  void advance(TimePoint now);
  /// When the earliest timer is due, or earlier by less than its slot's width; nullopt if none is
  /// started. Always after the last advance().
  std::optional<TimePoint> next_deadline() const;
  size_t size() const { return size_; }

 private:
  static constexpr size_t kLevels = 4;
  static constexpr size_t kSlots = 64;  // per level; level l has ticks of 64^l ms
  using Slot = base::IntrusiveList<Timer, &Timer::hook_>;

  uint64_t tick_of(TimePoint time) const;
  void place(Timer& timer);
  std::optional<uint64_t> next_event() const;
  void empty_slot(size_t level, Slot& out);
  void cascade(size_t level);
  void fire_slot();

  const TimePoint origin_;
  uint64_t tick_ = 0;  // the next tick to fire
  size_t size_ = 0;
  std::array<std::array<Slot, kSlots>, kLevels> slots_;
  std::array<uint64_t, kLevels> occupied_ = {};  // bit s: slot s may hold a timer
};

}  // namespace ringroad::engine
