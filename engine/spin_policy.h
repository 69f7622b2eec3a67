// spin_policy.h — whether a loop that has nothing to do looks on for a moment, or sleeps at once.
// Owner:  a Loop.   Thread: the loop's.
// Bound:  looking takes at most `percent` of the time on average, and never longer than kSpinTime in
//         a row; kCreditTime of it can be saved up.
// Why here: waking a sleeping core costs about five times what a busy one needs to notice. Sans-I/O:
//         times are arguments.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/check.h"

namespace ringroad::engine {

class SpinPolicy {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  static constexpr Duration kSpinTime = std::chrono::microseconds(50);
  static constexpr Duration kCreditTime = std::chrono::milliseconds(1);
  /// Of the processor time of the thread; 0: never spins.
  explicit SpinPolicy(uint32_t percent) : percent_(percent) { CHECK(percent <= 100); }

  /// How long to look for work from now on; zero: sleep at once.
  Duration next(TimePoint now) {
    if (percent_ == 0 || score_ < kScoreMin) return Duration::zero();
    // More than that fills the credit at 1 %; the first refilled_ is the epoch, and long ago.
    const Duration passed = std::min<Duration>(now - refilled_, 100 * kCreditTime);
    credit_ = std::min<Duration>(credit_ + passed * percent_ / 100, kCreditTime);
    refilled_ = now;
    return credit_ < kSpinTime ? Duration::zero() : kSpinTime;
  }
  /// It was looked for work for so long.
  void spun(Duration time) {
    // With all of the time allowed there is nothing to account for.
    if (percent_ < 100) credit_ -= time;
  }
  /// There was nothing to do for so long, spun or slept.
  void learn(Duration idle) {
    score_ = idle <= kWorthIt ? std::min(score_ + 1, kScoreMax) : std::max(score_ - kScoreMiss, 0);
  }

 private:
  // An idle time that ended in a sleep has a wake-up in it: what took so long would often have been
  // seen within kSpinTime.
  static constexpr Duration kWorthIt = std::chrono::microseconds(80);
  // One long idle time takes away what four short ones have earned: spinning pays if most are short.
  static constexpr int kScoreMax = 16;
  static constexpr int kScoreMin = 8;
  static constexpr int kScoreMiss = 4;

  const uint32_t percent_;
  int score_ = 0;
  Duration credit_ = kCreditTime;
  TimePoint refilled_;
};

}  // namespace ringroad::engine
