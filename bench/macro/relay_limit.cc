#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <vector>

#include "base/check.h"
#include "bench/macro/yardstick.h"

namespace ringroad::bench {
namespace {

constexpr size_t kLogBytes = size_t{64} << 20;
constexpr size_t kReadBytes = size_t{1} << 20;
constexpr int kEventsMax = 1024;

/// How a relay cuts its log into sends.
struct Cut {
  size_t grain = 1;       // only whole multiples of it are sent
  size_t send_bytes = 0;  // of the log, from its beginning: no send reaches over a multiple of it
};

class Relay {
 public:
  Relay(Audience& audience, Cut cut)
      : cut_(cut),
        audience_(audience),
        cursors_(audience.subscribers.size(), 0),
        log_(kLogBytes),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  Status run() {
    if (!epoll_.is_open()) return errno_status("epoll_create1");
    for (size_t i = 0; i < cursors_.size(); ++i) watch(audience_.subscribers[i], i, 0);
    watch(audience_.publisher, kPublisher, EPOLLIN);
    while (publishing_ || behind_ > 0) turn();
    return {};
  }

 private:
  static constexpr size_t kPublisher = ~size_t{0};

  void watch(const Tcp& socket, size_t key, uint32_t events, int verb = EPOLL_CTL_ADD) {
    epoll_event event = {.events = events, .data = {.u64 = key}};
    CHECK(epoll_ctl(epoll_.fd(), verb, socket.fd(), &event) == 0);
  }

  void turn() {
    std::array<epoll_event, kEventsMax> events;
    const int count = epoll_wait(epoll_.fd(), events.data(), kEventsMax, -1);
    bool arrived = false;
    for (int i = 0; i < count; ++i) {
      const size_t key = events[static_cast<size_t>(i)].data.u64;
      if (key == kPublisher) {
        arrived = read_publisher();
      } else {
        resume(key);
      }
    }
    if (arrived) flush_all();
    if (behind_ == 0) drop_front(sendable());  // everybody has it
  }

  /// True if something was appended.
  bool read_publisher() {
    if (end_ + kReadBytes > log_.size()) make_room();
    if (end_ + kReadBytes > log_.size()) return false;  // wait for the slowest
    const ssize_t got = recv(audience_.publisher.fd(), log_.data() + end_, kReadBytes, 0);
    if (got > 0) {
      end_ += static_cast<size_t>(got);
      return true;
    }
    if (got == 0 || errno != EAGAIN) {
      publishing_ = false;
      epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, audience_.publisher.fd(), nullptr);
    }
    return false;
  }

  void flush_all() {
    for (size_t i = 0; i < cursors_.size(); ++i) {
      if (waiting_.empty() || !waiting_[i]) send_rest(i);
    }
  }

  /// Everything since the cursor, in as many sends as the cut makes of it.
  void send_rest(size_t i) {
    const Tcp& socket = audience_.subscribers[i];
    if (!socket.is_open()) return forget(i);
    while (cursors_[i] < sendable()) {
      const size_t chunk = cut_.send_bytes - cursors_[i] % cut_.send_bytes;
      const size_t bytes = std::min(chunk, sendable() - cursors_[i]);
      const ssize_t sent = send(socket.fd(), log_.data() + cursors_[i], bytes, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return drop(i);
      if (sent > 0) cursors_[i] += static_cast<size_t>(sent);
      if (sent != static_cast<ssize_t>(bytes)) return wait_for_room(i);
    }
  }

  size_t sendable() const { return whole(end_); }
  size_t whole(size_t bytes) const { return bytes - bytes % cut_.grain; }

  void wait_for_room(size_t i) {
    waiting_.resize(cursors_.size());
    if (waiting_[i]) return;
    waiting_[i] = true;
    ++behind_;
    watch(audience_.subscribers[i], i, EPOLLOUT, EPOLL_CTL_MOD);
  }

  void resume(size_t i) {
    if (waiting_.empty() || !waiting_[i]) return drop(i);  // an event nobody asked for: it has gone
    stop_waiting(i);
    watch(audience_.subscribers[i], i, 0, EPOLL_CTL_MOD);
    send_rest(i);
  }

  void stop_waiting(size_t i) {
    waiting_[i] = false;
    --behind_;
  }

  void drop(size_t i) {
    if (!waiting_.empty() && waiting_[i]) stop_waiting(i);
    audience_.subscribers[i] = Tcp();
    forget(i);
  }

  void forget(size_t i) { cursors_[i] = sendable(); }

  void make_room() {
    size_t least = sendable();
    for (const size_t cursor : cursors_) least = std::min(least, cursor);
    drop_front(whole(least));
  }

  /// The log keeps beginning at the beginning of a message.
  void drop_front(size_t bytes) {
    std::memmove(log_.data(), log_.data() + bytes, end_ - bytes);
    for (size_t& cursor : cursors_) cursor -= bytes;
    end_ -= bytes;
  }

  const Cut cut_;
  Audience& audience_;
  std::vector<size_t> cursors_;
  std::vector<bool> waiting_;  // empty until somebody had to
  std::vector<char> log_;
  Tcp epoll_;
  size_t end_ = 0;
  size_t behind_ = 0;
  bool publishing_ = true;
};

}  // namespace

Status run_relay_limit(Audience& audience) {
  return Relay(audience, {.grain = 1, .send_bytes = std::numeric_limits<size_t>::max()}).run();
}

Status run_relay_k1(Audience& audience, size_t frame_bytes) {
  return Relay(audience, {.grain = frame_bytes, .send_bytes = frame_bytes}).run();
}

}  // namespace ringroad::bench
