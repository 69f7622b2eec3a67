// self_watch.h — is it the load that is slow? Its own processor time, and how late it sends.
// Owner:  a load.   Thread: the load's: it measures the calling thread.
// Fails:  nothing.
// Why here: a load that is the bottleneck measures itself; whoever reads a result must see that.
#pragma once

#include <chrono>
#include <ctime>

#include "base/histogram.h"

namespace ringroad::bench {

class SelfWatch {
 public:
  using Clock = std::chrono::steady_clock;

  void start() {
    started_ = Clock::now();
    cpu_started_ = thread_cpu();
    lateness_ = {};
  }
  void sent(Clock::time_point intended, Clock::time_point now) {
    const auto late = std::chrono::nanoseconds(now - intended).count();
    lateness_.record(late > 0 ? static_cast<uint64_t>(late) : 0);
  }
  /// Share of the time since start() that this thread was running.
  double busy() const {
    const std::chrono::duration<double> elapsed = Clock::now() - started_;
    const std::chrono::duration<double> cpu = thread_cpu() - cpu_started_;
    return elapsed.count() > 0 ? cpu / elapsed : 0.0;
  }
  /// Nanoseconds between the intended and the real time of sends.
  const base::Histogram& lateness() const { return lateness_; }

 private:
  static std::chrono::nanoseconds thread_cpu() {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  Clock::time_point started_ = Clock::now();
  std::chrono::nanoseconds cpu_started_{0};
  base::Histogram lateness_;
};

}  // namespace ringroad::bench
