// client_loop_core.h — the threads of a ClientLoop, or the loop that the program drives.
// Owner:  its ClientLoop and its Clients, shared.   Thread: any; stop() not from one of ours.
// Fails:  start() with the cause; it may be tried again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "client/loop_thread.h"
#include "ringroad/options.h"
#include "ringroad/status.h"

namespace ringroad {

class ClientLoopCore {
 public:
  explicit ClientLoopCore(ClientLoopOptions options);
  ~ClientLoopCore();
  ClientLoopCore(const ClientLoopCore&) = delete;
  ClientLoopCore& operator=(const ClientLoopCore&) = delete;

  /// Starts the threads; ok if they run already.
  Status start();
  /// Disconnects every client and joins. For good.
  void stop();

  /// See ClientLoop.
  Status run_for(std::chrono::milliseconds time);

  /// start() was ok and stop() was not called.
  bool running() const;
  /// The threads in turn.
  client::LoopThread& next_thread();
  /// The caller is one of the threads.
  bool on_loop_thread() const;
  const ClientLoopOptions& options() const { return options_; }

 private:
  enum class State : uint8_t { idle, running, stopped };

  Status start_threads();

  // Constant after construction.
  const ClientLoopOptions options_;
  std::vector<std::unique_ptr<client::LoopThread>> threads_;
  // Any thread.
  std::atomic<size_t> next_{0};  // relaxed: fairness only
  mutable std::mutex mutex_;     // start and stop, one at a time
  State state_ = State::idle;
};

}  // namespace ringroad
