// timer.h — calls a function later, once or again and again (V75, V76).
// Thread: any thread may call any method. Callbacks run one after the other in one thread of the
//         process, the timer service; it starts with the first start() and ends at exit, which
//         waits for a running callback. A callback must not block: it holds up all other timers.
// Clock:  monotonic. Never early; late by what the callbacks before it take.
// Fails:  values (Status). A callback that throws is caught, counted and logged; its timer goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "ringroad/status.h"

namespace ringroad {

class TimerCore;  // service/timer_service.h

class Timer {
 public:
  using Callback = std::function<void()>;
  using Duration = std::chrono::nanoseconds;

  Timer();
  /// stop(), and waits until a running callback has returned; inside the timer's own callback, or
  /// another timer's, it does not wait. No callback of this timer begins afterwards.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls `callback` once after `timeout`, then every `interval` (zero: not again). A started timer
  /// starts over with the new values. A callback that takes longer than the interval makes it miss
  /// whole intervals; they are left out, not made up for. Range of both: 0 .. 100 years.
  /// invalid_argument: out of range, or no callback; a started timer then runs on unchanged.
  /// resource_exhausted: no thread. not_running: the process is ending.
  Status start(Duration timeout, Callback callback, Duration interval = Duration::zero());
  /// No callback begins after it returns; it does not wait for one that is running, and may be
  /// called inside it. start() may follow.
  void stop();
  /// A callback is still to come. False in and after the callback of a timer without interval, true
  /// in that of one with an interval.
  bool is_started() const;

  /// Callbacks of all timers of the process that threw, since its start.
  static uint64_t failures();

 private:
  const std::unique_ptr<TimerCore> core_;
};

}  // namespace ringroad
