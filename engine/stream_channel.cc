#include "engine/stream_channel.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/stream_hub.h"

namespace ringroad {
namespace {

// A program that sends byte by byte shall not cost an allocation for each.
constexpr size_t kSmallBytes = base::kStreamChunkBytes / 16;

}  // namespace

StreamChannel::StreamChannel(uint16_t tunnel_id, size_t send_bytes_max)
    : tunnel_id_(tunnel_id), send_bytes_max_(send_bytes_max) {
  CHECK(send_bytes_max > 0);
}

StreamChannel::~StreamChannel() {
  CHECK(hub_ == nullptr);
  for (const Chunk& chunk : chunks_) chunk.memory->release();
}

// ---- The program's side

Status StreamChannel::may_send() const {
  if (state_ == State::open) return {};
  if (state_ == State::ended) return {StatusCode::gone, "the stream is closed"};
  return {StatusCode::not_running,
          "the stream is not connected yet: wait for on_link(stream, true)"};
}

Result<size_t> StreamChannel::send(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  if (Status status = may_send(); !status.ok()) return status;
  return fill(bytes, hub_->on_loop_thread() ? Patience::never_waits : Patience::waits, lock);
}

Result<size_t> StreamChannel::offer(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  if (Status status = may_send(); !status.ok()) return status;
  return fill(bytes, Patience::never_waits, lock);
}

size_t StreamChannel::fill(std::string_view bytes, Patience patience,
                           std::unique_lock<std::mutex>& lock) {
  std::optional<Clock::time_point> deadline;
  if (send_timeout_.count() > 0) deadline = Clock::now() + send_timeout_;
  size_t taken = 0;
  while (taken < bytes.size() && state_ == State::open) {
    const size_t room = send_bytes_max_ - pending_bytes_;
    if (room > 0) {
      taken += take(bytes.substr(taken, std::min(room, base::kStreamChunkBytes)), lock);
    } else if (patience == Patience::never_waits) {
      wants_room_ = true;
      break;
    } else if (!wait_for_room(lock, deadline) && state_ == State::open) {
      orders_.cut = true;
      end_locked();
    }
  }
  return taken;
}

/// All of it, or nothing if the stream ended while it was copied.
size_t StreamChannel::take(std::string_view bytes, std::unique_lock<std::mutex>& lock) {
  pending_bytes_ += bytes.size();
  if (bytes.size() <= kSmallBytes) {
    append_small(bytes);
  } else {
    lock.unlock();  // the loop shall not wait for a copy
    engine::SharedPacket* const memory = engine::SharedPacket::make(bytes.size(), 1);
    std::memcpy(memory->bytes().data(), bytes.data(), bytes.size());
    lock.lock();
    if (state_ != State::open) {
      memory->release();
      if (hub_ != nullptr) pending_bytes_ -= bytes.size();  // else detach() has
      return 0;
    }
    chunks_.push_back({memory, bytes.size()});
  }
  signal();
  return bytes.size();
}

void StreamChannel::append_small(std::string_view bytes) {
  const bool fits = !chunks_.empty() &&
                    chunks_.back().memory->bytes().size() - chunks_.back().used >= bytes.size();
  if (!fits) chunks_.push_back({engine::SharedPacket::make(2 * kSmallBytes, 1), 0});
  Chunk& chunk = chunks_.back();
  std::memcpy(chunk.memory->bytes().data() + chunk.used, bytes.data(), bytes.size());
  chunk.used += bytes.size();
}

/// False: the time is over.
bool StreamChannel::wait_for_room(std::unique_lock<std::mutex>& lock,
                                  std::optional<Clock::time_point> deadline) {
  const auto go_on = [this] { return state_ != State::open || pending_bytes_ <= low_water(); };
  if (deadline) return room_.wait_until(lock, *deadline, go_on);
  room_.wait(lock, go_on);
  return true;
}

void StreamChannel::close() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::ended) end_locked();
}

/// By the program: the loop has to find out.
void StreamChannel::end_locked() {
  state_ = State::ended;
  orders_.ended = true;
  room_.notify_all();
  signal();
}

Status StreamChannel::set_send_timeout(std::chrono::milliseconds timeout) {
  if (timeout.count() < 0 || timeout > std::chrono::hours(1)) {
    return {StatusCode::invalid_argument,
            "send timeout: " + std::to_string(timeout.count()) + " ms; range 1 ms..1 h, or 0"};
  }
  const std::lock_guard lock(mutex_);
  send_timeout_ = timeout;
  return {};
}

Status StreamChannel::keepalive(std::chrono::seconds idle) {
  if (idle < std::chrono::seconds(1) || idle > std::chrono::seconds(32'767)) {
    return {StatusCode::invalid_argument,
            "keepalive: " + std::to_string(idle.count()) + " s; range 1..32,767"};
  }
  const std::lock_guard lock(mutex_);
  if (state_ == State::ended) return {StatusCode::gone, "the stream is closed"};
  orders_.keepalive = idle;
  signal();
  return {};
}

void StreamChannel::set_paused(bool paused) {
  const std::lock_guard lock(mutex_);
  if (orders_.paused == paused) return;
  orders_.paused = paused;
  signal();
}

bool StreamChannel::connected() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::open;
}

size_t StreamChannel::pending_bytes() const {
  const std::lock_guard lock(mutex_);
  return pending_bytes_;
}

void StreamChannel::signal() {
  if (hub_ != nullptr) hub_->signal(*stream_);
}

// ---- The loop's side

void StreamChannel::attach(engine::StreamHub& hub, engine::Stream& stream) {
  const std::lock_guard lock(mutex_);
  CHECK(hub_ == nullptr);
  hub_ = &hub;
  stream_ = &stream;
  if (orders_.ended || orders_.keepalive) signal();  // the program was faster
}

void StreamChannel::detach() {
  std::deque<Chunk> unsent;
  {
    const std::lock_guard lock(mutex_);
    CHECK(state_ == State::ended);
    hub_ = nullptr;
    stream_ = nullptr;
    pending_bytes_ = 0;
    unsent.swap(chunks_);
  }
  for (const Chunk& chunk : unsent) chunk.memory->release();
}

bool StreamChannel::open() {
  const std::lock_guard lock(mutex_);
  CHECK(state_ != State::open);
  if (state_ == State::ended) return false;
  state_ = State::open;
  return true;
}

void StreamChannel::end() {
  const std::lock_guard lock(mutex_);
  state_ = State::ended;
  room_.notify_all();
}

StreamChannel::Orders StreamChannel::take_orders() {
  const std::lock_guard lock(mutex_);
  Orders orders = orders_;
  orders_.keepalive.reset();
  return orders;
}

bool StreamChannel::paused() const {
  const std::lock_guard lock(mutex_);
  return orders_.paused;
}

bool StreamChannel::ended() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::ended;
}

bool StreamChannel::composed() const {
  const std::lock_guard lock(mutex_);
  return chunks_.empty();
}

void StreamChannel::compose(engine::BlockPool& pool, engine::SendBatch& batch) {
  const std::lock_guard lock(mutex_);
  while (!chunks_.empty() && batch.room()) {
    const Chunk chunk = chunks_.front();
    chunks_.pop_front();
    batch.push(pool.wrap(*chunk.memory).part(0, chunk.used));
  }
}

bool StreamChannel::on_sent(size_t bytes) {
  bytes_sent_.fetch_add(bytes, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  CHECK(bytes <= pending_bytes_);
  pending_bytes_ -= bytes;
  if (pending_bytes_ > low_water()) return false;
  room_.notify_all();
  return std::exchange(wants_room_, false);
}

}  // namespace ringroad
