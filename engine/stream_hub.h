// stream_hub.h — streams of one loop for which another thread has done something.
// Owner:  a shard or a client loop, one per engine::Loop; lives longer than its streams.
// Thread: signal() any, under the lock of the stream's channel; the rest the loop's.
// Bound:  a stream is in it once.
// Cost:   a turn without signals is one load.
// Why here: bytes of a program's thread must reach the loop whatever mailboxes and queues are full.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "base/intrusive_list.h"
#include "engine/io.h"
#include "engine/stream.h"

namespace ringroad::engine {

class StreamHub {
 public:
  explicit StreamHub(Io& io) : io_(io) {}
  StreamHub(const StreamHub&) = delete;
  StreamHub& operator=(const StreamHub&) = delete;

  /// Its on_signal() will run in a turn to come.
  void signal(Stream& stream);
  /// Once a turn.
  void drain();
  /// drain() would find something: the loop must not sleep, for it may have taken the wake() already,
  /// while it was looking for work.
  bool has_mail() const { return any_.load(std::memory_order_relaxed); }
  /// The stream is about to die.
  void forget(Stream& stream);
  /// The caller is in the loop's thread.
  bool on_loop_thread() const {
    return loop_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  using List = base::IntrusiveList<Stream, &Stream::hub_hook_>;

  Stream* next_of(List& round);

  Io& io_;
  std::mutex mutex_;
  List signalled_;  // under the mutex
  // Under the mutex; drain() reads it without: one that it misses has a wake() to come.
  std::atomic<bool> any_{false};
  // Relaxed: a thread finds its own id there only if it wrote it.
  std::atomic<std::thread::id> loop_thread_{};
};

}  // namespace ringroad::engine
