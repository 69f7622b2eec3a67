#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <unordered_map>
#include <vector>

#include "bench/macro/yardstick.h"

namespace ringroad::bench {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr int kEventsMax = 512;

/// Sends all of it, waiting for room where that takes longer: closed-loop loads leave room.
bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

class Echo {
 public:
  explicit Echo(const Tcp& listener) : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  Status run() {
    if (!epoll_.is_open()) return errno_status("epoll_create1");
    if (Status status = watch(listener_.fd()); !status.ok()) return status;
    std::array<epoll_event, kEventsMax> events;
    while (true) {
      const int count = epoll_wait(epoll_.fd(), events.data(), kEventsMax, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        const Status status = fd == listener_.fd() ? accept_one() : echo(fd);
        if (!status.ok()) return status;
      }
    }
  }

 private:
  Status watch(int fd) const {
    epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) != 0) return errno_status("epoll_ctl");
    return {};
  }

  Status accept_one() {
    Tcp socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) return errno_status("accept");
    if (Status status = set_no_delay(socket); !status.ok()) return status;
    const int fd = socket.fd();
    sockets_.emplace(fd, std::move(socket));
    return watch(fd);
  }

  Status echo(int fd) {
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0 || !send_all(fd, {buffer_.data(), static_cast<size_t>(got)})) sockets_.erase(fd);
    return {};
  }

  const Tcp& listener_;
  Tcp epoll_;
  std::unordered_map<int, Tcp> sockets_;
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
};

}  // namespace

Status run_echo(const Tcp& listener) {
  return Echo(listener).run();
}

}  // namespace ringroad::bench
