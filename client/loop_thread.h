// loop_thread.h — one thread that runs a SessionLoop on its own io_uring.
// Owner:  ClientLoopCore.   Thread: start(), stop() one at a time (the core's mutex); the rest any.
// Fails:  start() says why there can be no thread or no ring.
#pragma once

#include <atomic>
#include <thread>

#include "client/command_queue.h"
#include "client/waiter.h"
#include "ringroad/status.h"

namespace ringroad::client {

class LoopThread {
 public:
  LoopThread() = default;
  ~LoopThread();  ///< Must be stopped, or never started.
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  /// Returns when the ring is there (ok if it was), or why it is not; then it may be tried again.
  Status start();
  /// Disconnects every session and joins. Not from the thread itself. For good.
  void stop();

  CommandQueue& queue() { return queue_; }
  /// The caller is this thread.
  bool is_current() const {
    return id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  void run(Waiter<Status>& started);

  CommandQueue queue_;
  std::thread thread_;
  // Relaxed: a thread finds its own id there only if it wrote it.
  std::atomic<std::thread::id> id_{};
};

}  // namespace ringroad::client
