// loop_thread.h — who runs a SessionLoop on a ring: a thread of our own, or the program's (V66).
// Owner:  ClientLoopCore.   Thread: start(), stop() one at a time (the core's mutex); the rest any.
// Life:   Driver::caller: the thread that calls start() is the one that drives, in wait() and
//         run_for(), and that calls stop(). Between the two nothing moves.
// Fails:  start() says why there can be no thread or no ring.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "client/command_queue.h"
#include "client/waiter.h"
#include "engine/timer_wheel.h"
#include "ringroad/status.h"

namespace ringroad::client {

class SessionLoop;

class LoopThread {
 public:
  enum class Driver : uint8_t { own_thread, caller };

  explicit LoopThread(Driver driver);
  ~LoopThread();  ///< Must be stopped, or never started.
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  /// Returns when the ring is there (ok if it was), or why it is not; then it may be tried again.
  Status start();
  /// Disconnects every session; joins. Not from a callback. For good.
  void stop();

  CommandQueue& queue() { return queue_; }
  /// The caller is in a callback of this loop, or about to run one.
  bool is_current() const {
    return running_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  /// Not from a callback. The one who drives does so until the answer is there.
  template <typename T>
  T wait(Waiter<T>& waiter) {
    if (is_driver()) drive({}, [&waiter] { return waiter.ready(); });
    return waiter.wait();
  }
  /// By the one who drives: what happens within `time`. invalid_argument for anybody else.
  Status run_for(std::chrono::milliseconds time);

 private:
  bool is_driver() const {
    return driver_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  Status open();
  void close();
  /// time: starts the alarm, unless zero.
  void drive(std::chrono::milliseconds time, const std::function<bool()>& done) noexcept;
  void run(Waiter<Status>& started);
  void on_alarm() {}  // the loop is awake: that is all

  const Driver kind_;
  CommandQueue queue_;
  std::thread thread_;  // own_thread
  // Of the thread that drives.
  std::unique_ptr<engine::Io> io_;
  std::unique_ptr<SessionLoop> loop_;
  engine::Timer alarm_ = engine::Timer::bind<&LoopThread::on_alarm>(this);
  // Relaxed: a thread finds its own id there only if it wrote it.
  std::atomic<std::thread::id> driver_{};   // caller: who has started it
  std::atomic<std::thread::id> running_{};  // who is in a turn
};

}  // namespace ringroad::client
