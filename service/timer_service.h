// timer_service.h — the one thread that runs the callbacks of all Timers of the process (V75).
// Owner:  the process; made by the first Timer, never destroyed, so that a Timer may outlive main().
// Thread: any; callbacks on the service's own.
// Bound:  none needed: an entry is part of a Timer that the program has made.
// Fails:  start() when the process is ending or may have no more threads. What throws is caught.
// Why here: a sorted map and a lock instead of engine::TimerWheel: callbacks run without the lock,
//         while other threads start, stop and destroy timers, and a program's timer may want less than
//         a millisecond.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "ringroad/status.h"
#include "ringroad/timer.h"

namespace ringroad {

/// One Timer. All of it under the service's mutex.
class TimerCore {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// When it is due, and a number that makes equal ones run in the order of their start.
  using Place = std::pair<TimePoint, uint64_t>;

  bool waiting() const { return place.second != 0; }

  Place place = {};
  Timer::Duration interval = Timer::Duration::zero();
  std::shared_ptr<const Timer::Callback> callback;  // while waiting
};

class TimerService {
 public:
  static TimerService& instance();

  Status start(TimerCore& timer, Timer::Duration timeout, Timer::Callback callback,
               Timer::Duration interval);
  void stop(TimerCore& timer);
  /// stop(), and the service knows it no more when this returns: its callback has returned, or it is
  /// the one that calls.
  void forget(TimerCore& timer);
  bool started(const TimerCore& timer);
  uint64_t failures();

  /// Joins the thread; nothing starts afterwards. At exit.
  void shut_down();

 private:
  using Lock = std::unique_lock<std::mutex>;

  TimerService() = default;
  void run();
  void run_one(Lock& lock, TimerCore& timer);
  void place(TimerCore& timer, TimerCore::TimePoint due);
  std::shared_ptr<const Timer::Callback> unplace(TimerCore& timer);
  bool on_service_thread() const { return id_ == std::this_thread::get_id(); }

  std::mutex mutex_;
  // Under the mutex.
  std::condition_variable changed_;   // the first of waiting_, or stopped_
  std::condition_variable returned_;  // running_ is another
  std::map<TimerCore::Place, TimerCore*> waiting_;
  TimerCore* running_ = nullptr;  // its callback runs, without the mutex; only compared
  uint64_t last_number_ = 0;
  uint64_t failures_ = 0;
  bool stopped_ = false;
  std::thread thread_;
  std::thread::id id_;  // of thread_, also when it is detached
};

}  // namespace ringroad
