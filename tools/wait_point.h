// wait_point.h — where the main thread waits: for Ctrl-C, for a callback, or for a deadline.
// Owner: a subcommand, made before the first Client or Server, so that their threads inherit the
//        blocked signals and so that it outlives them.
// Thread: notify() from any; the rest on the main thread.
// Bound: two descriptors.
// Fails: aborts if the process cannot even have those.
// Why here: signals arrive as readable bytes, so no code of ours ever runs inside a signal handler.
#pragma once

#include <chrono>

namespace ringroad::tools {

enum class Wake { interrupted, notified, timed_out };

class WaitPoint {
 public:
  using Clock = std::chrono::steady_clock;

  WaitPoint();
  ~WaitPoint();
  WaitPoint(const WaitPoint&) = delete;
  WaitPoint& operator=(const WaitPoint&) = delete;

  /// Any thread: ends the current wait, or the next one.
  void notify();

  /// Answers `interrupted` once, for the first SIGINT or SIGTERM; a second one ends the process.
  Wake wait_until(Clock::time_point deadline);
  Wake wait();  ///< without a deadline
  bool interrupted() const { return interrupted_; }

 private:
  Wake poll_for(const timespec* timeout);
  void take_signal();

  int signals_ = -1;  // signalfd
  int notices_ = -1;  // eventfd
  bool interrupted_ = false;
};

}  // namespace ringroad::tools
