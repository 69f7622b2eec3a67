// schedule.h — when an open loop sends: at its rate, whatever the system under test does.
// Owner:  a load.   Thread: one.
// Bound:  none of its own; due() tells how many sends are late, and each keeps its intended time.
// Why here: without sockets and clocks: the time is an argument.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/check.h"

namespace ringroad::bench {

class Schedule {
 public:
  using Clock = std::chrono::steady_clock;

  /// `per_second` > 0 sends per second, the first at `start`.
  Schedule(double per_second, Clock::time_point start)
      : start_(start), interval_(1e9 / per_second) {
    CHECK(per_second > 0);
  }

  /// When send number `index` is to leave.
  Clock::time_point intended(uint64_t index) const {
    const double offset = interval_ * static_cast<double>(index);
    return start_ + std::chrono::nanoseconds(static_cast<int64_t>(offset));
  }
  /// The next one, if its time has come; it counts as sent.
  bool take_due(Clock::time_point now) {
    if (intended(next_) > now) return false;
    ++next_;
    return true;
  }
  /// How many were taken: the last one has the number taken() - 1.
  uint64_t taken() const { return next_; }
  Clock::time_point next() const { return intended(next_); }

 private:
  Clock::time_point start_;
  double interval_;  // nanoseconds
  uint64_t next_ = 0;
};

}  // namespace ringroad::bench
