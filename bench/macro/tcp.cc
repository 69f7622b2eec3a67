#include "bench/macro/tcp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ringroad::bench {
namespace {

constexpr int kBacklog = 4096;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// A ring that a thread has used may interrupt its later calls, too; with a time limit on the socket
/// the kernel does not resume them by itself.
Status finish_connect(const Tcp& socket) {
  pollfd entry = {.fd = socket.fd(), .events = POLLOUT, .revents = 0};
  const auto limit = static_cast<int>(std::chrono::milliseconds(kSetupTime).count());
  int ready = -1;
  do {
    ready = poll(&entry, 1, limit);
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return errno_status("poll");
  int error = ETIMEDOUT;
  socklen_t bytes = sizeof error;
  if (ready == 1 && getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) {
    return errno_status("getsockopt");
  }
  errno = error;
  return error == 0 ? Status() : errno_status("connect");
}

Status set_setup_time(const Tcp& socket) {
  const timeval limit = {.tv_sec = kSetupTime.count(), .tv_usec = 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (setsockopt(socket.fd(), SOL_SOCKET, option, &limit, sizeof limit) != 0) {
      return errno_status("setsockopt");
    }
  }
  return {};
}

}  // namespace

Tcp::~Tcp() {
  if (fd_ >= 0) close(fd_);
}

Status errno_status(std::string_view call) {
  return Status(StatusCode::internal, fmt::format("{}: {}", call, std::strerror(errno)));
}

Result<Tcp> connect_to(uint16_t port, const std::string& host) {
  Tcp socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno_status("socket");
  if (Status status = set_setup_time(socket); !status.ok()) return status;
  if (Status status = set_no_delay(socket); !status.ok()) return status;
  sockaddr_in address = loopback(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    return Status(StatusCode::invalid_argument, fmt::format("no IPv4 address: {}", host));
  }
  if (connect(socket.fd(), as_sockaddr(address), sizeof address) != 0) {
    if (errno != EINTR) return errno_status("connect");
    if (Status status = finish_connect(socket); !status.ok()) return status;
  }
  return socket;
}

Result<Tcp> listen_on_loopback() {
  Tcp socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno_status("socket");
  const sockaddr_in address = loopback(0);
  if (bind(socket.fd(), as_sockaddr(address), sizeof address) != 0) return errno_status("bind");
  if (listen(socket.fd(), kBacklog) != 0) return errno_status("listen");
  return socket;
}

Result<uint16_t> port_of(const Tcp& socket) {
  sockaddr_in address = {};
  socklen_t bytes = sizeof address;
  if (getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    return errno_status("getsockname");
  }
  return ntohs(address.sin_port);
}

Result<uint16_t> free_port() {
  Result<Tcp> socket = listen_on_loopback();
  if (!socket.ok()) return socket.status();
  return port_of(*socket);
}

Status write_all(const Tcp& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno_status("send");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

Result<std::string> read_exactly(const Tcp& socket, size_t bytes) {
  std::string text(bytes, '\0');
  size_t got = 0;
  while (got < bytes) {
    const ssize_t more = recv(socket.fd(), text.data() + got, bytes - got, 0);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return errno_status("recv");
    if (more == 0) return Status(StatusCode::gone, "the server closed a connection");
    got += static_cast<size_t>(more);
  }
  return text;
}

Status set_nonblocking(const Tcp& socket) {
  if (fcntl(socket.fd(), F_SETFL, O_NONBLOCK) != 0) return errno_status("fcntl");
  return {};
}

Status set_no_delay(const Tcp& socket) {
  const int on = 1;
  if (setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    return errno_status("setsockopt");
  }
  return {};
}

}  // namespace ringroad::bench
