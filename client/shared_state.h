// shared_state.h — what the program's threads and the loop's thread both see of one client.
// Owner:  ClientCore, by value.   Thread: as each group says.
// Bound:  queue_bytes_max bytes and kCallsMax calls: reserved before anything is queued, exactly.
// Why here: the only memory of a client that two threads touch; the rest is a command away.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/call_table.h"
#include "client/link.h"
#include "client/waiter.h"
#include "ringroad/client.h"

namespace ringroad::client {

struct Handlers {
  Client::ConnectHandler connect = nullptr;
  Client::MessageHandler message = nullptr;
  Client::MessageHandler data = nullptr;
};

/// Can this connection send and receive on the quick channel?
enum class Quick : uint8_t {
  off,    ///< not connected, or not asked for
  no_id,  ///< the server gave no client id (B5)
  ready,
};

class SharedState {
 public:
  explicit SharedState(size_t queue_bytes_max) : queue_bytes_max_(queue_bytes_max) {}

  /// Any thread. False: no room, nothing was reserved.
  bool reserve_bytes(size_t bytes) { return reserve(pending_bytes_, bytes, queue_bytes_max_); }
  void add_bytes(size_t bytes) { pending_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void release_bytes(size_t bytes) { pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  bool reserve_call() { return reserve(calls_, 1, kCallsMax); }
  void release_call() { calls_.fetch_sub(1, std::memory_order_relaxed); }
  size_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }

  size_t calls() const { return calls_.load(std::memory_order_relaxed); }

  bool connected() const { return connected_.load(std::memory_order_acquire); }
  uint32_t id() const { return id_.load(std::memory_order_relaxed); }
  bool has_id() const { return has_id_.load(std::memory_order_relaxed); }
  bool mirrors_flags() const { return mirrors_flags_.load(std::memory_order_relaxed); }
  Quick quick() const { return quick_.load(std::memory_order_relaxed); }
  std::string info() const {
    const std::lock_guard lock(mutex_);
    return info_;
  }

  /// Of the robot; zero without one.
  std::chrono::milliseconds keepalive() const {
    return std::chrono::milliseconds(keepalive_ms_.load(std::memory_order_relaxed));
  }

  std::chrono::milliseconds send_timeout() const {
    return std::chrono::milliseconds(send_timeout_ms_.load(std::memory_order_relaxed));
  }
  void set_send_timeout(std::chrono::milliseconds time) {
    send_timeout_ms_.store(time.count(), std::memory_order_relaxed);
  }
  /// Of this connection; none: as disconnect() says.
  std::optional<std::chrono::milliseconds> linger() const {
    const int64_t time = linger_ms_.load(std::memory_order_relaxed);
    if (time < 0) return std::nullopt;
    return std::chrono::milliseconds(time);
  }
  void set_linger(std::chrono::milliseconds time) {
    linger_ms_.store(time.count(), std::memory_order_relaxed);
  }
  /// For good.
  void close() { closed_.store(true, std::memory_order_relaxed); }
  bool closed() const { return closed_.load(std::memory_order_relaxed); }
  /// ok: `ended` is set when the connection ends for good.
  Status begin_run(Waiter<Status>& ended) {
    const std::lock_guard lock(mutex_);
    if (runner_ != nullptr) return {StatusCode::invalid_argument, "run() is running already"};
    if (!connected() && keepalive().count() == 0) {
      return {StatusCode::not_running, "the client is not connected; call connect() first"};
    }
    runner_ = &ended;
    return {};
  }

  /// Why a robot is not connected.
  Status robot_status() const {
    const std::lock_guard lock(mutex_);
    return robot_status_ != nullptr ? *robot_status_ : Status();
  }

  /// Loop thread.
  void set_robot_status(const Status& status) {
    const std::lock_guard lock(mutex_);
    robot_status_ = status.ok() ? nullptr : std::make_unique<Status>(status);
  }
  void end_run(const Status& cause) {
    const std::lock_guard lock(mutex_);
    if (runner_ != nullptr) std::exchange(runner_, nullptr)->set(cause);
  }
  void set_keepalive(std::chrono::milliseconds time) {
    keepalive_ms_.store(time.count(), std::memory_order_relaxed);
  }
  void set_server(const Handshake& answer, Quick quick) {
    set_info(answer.info);
    id_.store(answer.id.value_or(0), std::memory_order_relaxed);
    has_id_.store(answer.id.has_value(), std::memory_order_relaxed);
    mirrors_flags_.store(answer.mirrors_flags, std::memory_order_relaxed);
    quick_.store(quick, std::memory_order_relaxed);
  }
  void set_connected() { connected_.store(true, std::memory_order_release); }
  void set_disconnected() {
    connected_.store(false, std::memory_order_release);
    quick_.store(Quick::off, std::memory_order_relaxed);
    has_id_.store(false, std::memory_order_relaxed);
    mirrors_flags_.store(false, std::memory_order_relaxed);
    linger_ms_.store(kNoLinger, std::memory_order_relaxed);
    set_info({});
  }

  // Written before connect(), read by the loop's thread: the command queue orders the two.
  Handlers handlers;

 private:
  static bool reserve(std::atomic<size_t>& counter, size_t amount, size_t max) {
    size_t now = counter.load(std::memory_order_relaxed);
    do {
      if (amount > max || now > max - amount) return false;
    } while (!counter.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
    return true;
  }
  void set_info(std::string_view info) {
    const std::lock_guard lock(mutex_);
    info_ = info;
  }

  static constexpr int64_t kNoLinger = -1;

  // Constant after construction.
  const size_t queue_bytes_max_;
  // Any thread (atomic). Relaxed: quantities; what they count travels through the command queue.
  std::atomic<size_t> pending_bytes_{0};  // in the command queue, the outbox and in flight
  std::atomic<size_t> calls_{0};          // in the command queue and the call table
  std::atomic<bool> connected_{false};    // release: pairs with connected(); the next come before
  std::atomic<uint32_t> id_{0};
  std::atomic<bool> has_id_{false};
  std::atomic<bool> mirrors_flags_{false};
  std::atomic<Quick> quick_{Quick::off};
  std::atomic<int64_t> keepalive_ms_{0};
  std::atomic<int64_t> send_timeout_ms_{500};  // V63
  std::atomic<int64_t> linger_ms_{kNoLinger};
  std::atomic<bool> closed_{false};  // relaxed: commands that come later are ordered by the queue
  // Any thread (mutex).
  mutable std::mutex mutex_;
  std::string info_;
  Waiter<Status>* runner_ = nullptr;      // who is in run()
  std::unique_ptr<Status> robot_status_;  // null: ok
};

}  // namespace ringroad::client
