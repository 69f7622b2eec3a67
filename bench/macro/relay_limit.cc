#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "bench/macro/yardstick.h"

namespace ringroad::bench {
namespace {

constexpr size_t kLogBytes = size_t{64} << 20;
constexpr size_t kReadBytes = size_t{1} << 20;
constexpr int kEventsMax = 1024;

class Relay {
 public:
  explicit Relay(Audience& audience)
      : audience_(audience),
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
    if (behind_ == 0) rewind();
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

  /// Everything since the cursor in one send.
  void send_rest(size_t i) {
    const Tcp& socket = audience_.subscribers[i];
    if (!socket.is_open()) return forget(i);
    const size_t bytes = end_ - cursors_[i];
    const ssize_t sent = send(socket.fd(), log_.data() + cursors_[i], bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(i);
    if (sent > 0) cursors_[i] += static_cast<size_t>(sent);
    if (cursors_[i] != end_) wait_for_room(i);
  }

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

  void forget(size_t i) { cursors_[i] = end_; }

  void rewind() {
    end_ = 0;
    std::fill(cursors_.begin(), cursors_.end(), 0);
  }

  void make_room() {
    size_t least = end_;
    for (const size_t cursor : cursors_) least = std::min(least, cursor);
    std::memmove(log_.data(), log_.data() + least, end_ - least);
    for (size_t& cursor : cursors_) cursor -= least;
    end_ -= least;
  }

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
  return Relay(audience).run();
}

}  // namespace ringroad::bench
