// tcp.h — plain TCP sockets on loopback, for loads and yardsticks.
// Owner:  a Tcp closes its descriptor.   Thread: one per socket.
// Bound:  connecting and each answer of the set-up: kSetupTime.
// Fails:  values that name the call.
// Why here: the yardsticks must stand on nothing of what they are compared with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ringroad/status.h"

namespace ringroad::bench {

inline constexpr auto kSetupTime = std::chrono::seconds(10);

class Tcp {
 public:
  Tcp() = default;
  explicit Tcp(int fd) : fd_(fd) {}
  ~Tcp();
  Tcp(Tcp&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Tcp& operator=(Tcp&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// "connect: Connection refused"
Status errno_status(std::string_view call);

inline constexpr const char* kLoopback = "127.0.0.1";

/// Connected, without Nagle's delay; sends and receives wait kSetupTime at most.
Result<Tcp> connect_to(uint16_t port, const std::string& host = kLoopback);
/// Listens on a free port of 127.0.0.1.
Result<Tcp> listen_on_loopback();
Result<uint16_t> port_of(const Tcp& socket);
/// A port that nobody had a moment ago, for programs that cannot choose one.
Result<uint16_t> free_port();

Status write_all(const Tcp& socket, std::string_view bytes);
/// Waits for exactly so many bytes.
Result<std::string> read_exactly(const Tcp& socket, size_t bytes);
/// From here on nothing waits.
Status set_nonblocking(const Tcp& socket);
Status set_no_delay(const Tcp& socket);

}  // namespace ringroad::bench
