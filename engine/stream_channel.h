// stream_channel.h — what the program's threads and the loop share of one stream.
// Owner:  handles (ringroad::Stream) and the engine::Stream, together.
// Thread: any, but what is marked for the loop. One mutex; no callback runs under it.
// Bound:  send_bytes_max bytes that the kernel has not taken. Full: a sender on the loop's thread gets
//         a short count, others wait.
// Life:   waiting -> open -> ended, or waiting -> ended; for good. Whoever ends it first, the loop
//         finds out by a signal and tells the program.
// Why here: the handle may outlive the loop, and a thread that waits for room must not look at
//         anything the loop might free.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>

#include "engine/block.h"
#include "engine/send_batch.h"
#include "engine/shared_packet.h"
#include "ringroad/status.h"

namespace ringroad {

namespace engine {
class Stream;
class StreamHub;
}  // namespace engine

class StreamChannel {
 public:
  /// What the program wants of the loop, since the loop last asked.
  struct Orders {
    bool ended = false;  // closed by the program
    bool cut = false;    // a sender has waited too long
    bool paused = false;
    std::optional<std::chrono::seconds> keepalive = std::nullopt;  // only when it is new
  };

  StreamChannel(uint16_t tunnel_id, size_t send_bytes_max);
  ~StreamChannel();
  StreamChannel(const StreamChannel&) = delete;
  StreamChannel& operator=(const StreamChannel&) = delete;

  // As in ringroad::Stream.
  Result<size_t> send(std::string_view bytes);
  Result<size_t> offer(std::string_view bytes);
  void close();
  Status set_send_timeout(std::chrono::milliseconds timeout);
  Status keepalive(std::chrono::seconds idle);
  void set_paused(bool paused);
  bool connected() const;
  uint16_t tunnel_id() const { return tunnel_id_; }
  size_t pending_bytes() const;
  uint64_t bytes_sent() const { return bytes_sent_.load(std::memory_order_relaxed); }
  uint64_t bytes_received() const { return bytes_received_.load(std::memory_order_relaxed); }

  // For the engine::Stream, on the loop's thread.
  void attach(engine::StreamHub& hub, engine::Stream& stream);
  /// The stream is about to die: nothing signals it any more, and what was not sent is dropped.
  void detach();
  /// The peer is there. False: the program has closed it meanwhile.
  bool open();
  /// Takes nothing more; who waits for room hears of it.
  void end();
  Orders take_orders();
  bool paused() const;
  bool ended() const;
  /// Everything that send() took has been moved into a batch.
  bool composed() const;
  void compose(engine::BlockPool& pool, engine::SendBatch& batch);
  /// The kernel took them. True: a sender on the loop's thread wants to hear that there is room.
  bool on_sent(size_t bytes);
  void on_received(size_t bytes) { bytes_received_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : uint8_t { waiting, open, ended };
  struct Chunk {
    engine::SharedPacket* memory;
    size_t used;
  };

  enum class Patience : uint8_t { waits, never_waits };

  Status may_send() const;
  size_t fill(std::string_view bytes, Patience patience, std::unique_lock<std::mutex>& lock);
  size_t take(std::string_view bytes, std::unique_lock<std::mutex>& lock);
  void append_small(std::string_view bytes);
  bool wait_for_room(std::unique_lock<std::mutex>& lock, std::optional<Clock::time_point> deadline);
  void end_locked();
  void signal();
  size_t low_water() const { return send_bytes_max_ / 2; }

  // Constant after construction.
  const uint16_t tunnel_id_;
  const size_t send_bytes_max_;
  // Any thread (mutex).
  mutable std::mutex mutex_;
  std::condition_variable room_;  // low water, or the end
  State state_ = State::waiting;
  Orders orders_;
  engine::StreamHub* hub_ = nullptr;  // null before attach() and after detach()
  engine::Stream* stream_ = nullptr;
  std::deque<Chunk> chunks_;  // taken, and not yet composed
  size_t pending_bytes_ = 0;  // of chunks_, in flight, and being copied by a sender
  bool wants_room_ = false;   // a sender that must not wait got a short count
  std::chrono::milliseconds send_timeout_{0};
  // Any thread (atomic). Relaxed: statistics.
  std::atomic<uint64_t> bytes_sent_{0};
  std::atomic<uint64_t> bytes_received_{0};
};

}  // namespace ringroad
