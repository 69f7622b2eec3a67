#include "service/timer_service.h"

#include <cstdlib>

#include "base/check.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/thread.h"

namespace ringroad {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Timer::Duration kDurationMax = std::chrono::hours(24 * 365 * 100);

Status in_range(const char* name, Timer::Duration value) {
  if (value >= Timer::Duration::zero() && value <= kDurationMax) return {};
  return {StatusCode::invalid_argument, std::string(name) + " is " + std::to_string(value.count()) +
                                            " ns, must be 0 .. 100 years"};
}

/// The first time after `now` that is a whole number of intervals after `due`.
Clock::time_point next_due(Clock::time_point due, Timer::Duration interval, Clock::time_point now) {
  const Clock::time_point next = due + interval;
  if (next > now) return next;
  return due + interval * ((now - due) / interval + 1);
}

}  // namespace

TimerService& TimerService::instance() {
  static TimerService* const service = [] {
    auto* made = new TimerService();
    std::atexit([] { instance().shut_down(); });
    return made;
  }();
  return *service;
}

Status TimerService::start(TimerCore& timer, Timer::Duration timeout, Timer::Callback callback,
                           Timer::Duration interval) {
  if (Status status = in_range("timeout", timeout); !status.ok()) return status;
  if (Status status = in_range("interval", interval); !status.ok()) return status;
  if (!callback) return {StatusCode::invalid_argument, "a timer without callback does nothing"};
  auto shared = std::make_shared<const Timer::Callback>(std::move(callback));
  std::shared_ptr<const Timer::Callback> former;  // dies after the lock: it is the program's code
  const Lock lock(mutex_);
  if (stopped_) return {StatusCode::not_running, "the process is ending: no timer starts any more"};
  if (!thread_.joinable()) {
    Result<std::thread> thread = base::start_thread("rr-timer", [this] { run(); });
    if (!thread.ok()) return thread.status();
    thread_ = std::move(*thread);
    id_ = thread_.get_id();
  }
  former = unplace(timer);
  timer.callback = std::move(shared);
  timer.interval = interval;
  place(timer, Clock::now() + timeout);
  return {};
}

void TimerService::stop(TimerCore& timer) {
  std::shared_ptr<const Timer::Callback> former;
  const Lock lock(mutex_);
  former = unplace(timer);
}

void TimerService::forget(TimerCore& timer) {
  std::shared_ptr<const Timer::Callback> former;
  std::shared_ptr<const Timer::Callback> rearmed;
  Lock lock(mutex_);
  former = unplace(timer);
  if (!on_service_thread()) {
    while (running_ == &timer) returned_.wait(lock);
    rearmed = unplace(timer);  // by the callback that has just returned
  } else if (running_ == &timer) {
    running_ = nullptr;  // its address may be another timer's soon
  }
}

bool TimerService::started(const TimerCore& timer) {
  const Lock lock(mutex_);
  return timer.waiting();
}

uint64_t TimerService::failures() {
  const Lock lock(mutex_);
  return failures_;
}

void TimerService::shut_down() {
  std::thread thread;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
    // exit() inside a callback: that thread cannot wait for itself.
    thread.swap(thread_);
    if (on_service_thread()) return thread.detach();
  }
  if (thread.joinable()) thread.join();
}

void TimerService::place(TimerCore& timer, TimerCore::TimePoint due) {
  CHECK(!timer.waiting());
  timer.place = {due, ++last_number_};
  const auto position = waiting_.emplace(timer.place, &timer).first;
  if (position == waiting_.begin()) changed_.notify_one();
}

std::shared_ptr<const Timer::Callback> TimerService::unplace(TimerCore& timer) {
  if (timer.waiting()) CHECK(waiting_.erase(timer.place) == 1);
  timer.place = {};
  return std::move(timer.callback);
}

void TimerService::run() {
  Lock lock(mutex_);
  while (!stopped_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const TimerCore::TimePoint due = waiting_.begin()->first.first;
    if (Clock::now() < due) {
      changed_.wait_until(lock, due);
      continue;
    }
    run_one(lock, *waiting_.begin()->second);
  }
}

void TimerService::run_one(Lock& lock, TimerCore& timer) {
  const TimerCore::TimePoint due = timer.place.first;
  std::shared_ptr<const Timer::Callback> callback = unplace(timer);
  if (timer.interval > Timer::Duration::zero()) {
    timer.callback = callback;
    place(timer, next_due(due, timer.interval, Clock::now()));
  }
  running_ = &timer;
  lock.unlock();
  // From here on the timer may be gone.
  bool failed = false;
  try {
    (*callback)();
  } catch (...) {
    failed = true;
    LOG(error, "event=timer_callback_failed what={}", base::words_of_failure());
  }
  callback.reset();
  lock.lock();
  if (failed) ++failures_;
  running_ = nullptr;
  returned_.notify_all();
}

}  // namespace ringroad
