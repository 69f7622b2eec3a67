#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "bench/macro/yardstick.h"

namespace ringroad::bench {
namespace {

/// Waits for room; false when the subscriber has gone.
bool wait_writable(const Tcp& socket) {
  pollfd entry = {.fd = socket.fd(), .events = POLLOUT, .revents = 0};
  return poll(&entry, 1, -1) == 1 && (entry.revents & (POLLERR | POLLHUP)) == 0;
}

/// One send, and more only where the socket did not take all of it. False: it has gone.
bool send_frame(const Tcp& socket, std::string_view frame) {
  while (true) {
    const ssize_t sent = send(socket.fd(), frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(frame.size())) return true;
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) frame.remove_prefix(static_cast<size_t>(sent));
    if (!wait_writable(socket)) return false;
  }
}

bool has_ended(const Tcp& publisher) {
  char byte = 0;
  return recv(publisher.fd(), &byte, 1, MSG_DONTWAIT) == 0;
}

}  // namespace

Status run_limit_k1(Audience& audience, size_t frame_bytes) {
  const std::string frame(frame_bytes, 'k');
  while (!has_ended(audience.publisher)) {
    for (Tcp& subscriber : audience.subscribers) {
      if (subscriber.is_open() && !send_frame(subscriber, frame)) subscriber = Tcp();
    }
  }
  return {};
}

}  // namespace ringroad::bench
