// join.h — a connection that has said what its dialect wants said first.
// Owner:  the caller owns the socket.   Thread: any.
// Bound:  each answer of the set-up: kSetupTime.
// Fails:  a Status that says which answer did not come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/macro/dialect.h"
#include "bench/macro/tcp.h"

namespace ringroad::bench {

/// Connected, through all exchanges, and from then on non-blocking.
Result<Tcp> join_server(uint16_t port, const std::vector<Exchange>& exchanges,
                        const std::string& host = kLoopback);

/// The same as a publisher; `port` is that of subscribers.
Result<Tcp> join_publisher(uint16_t port, const Dialect& dialect,
                           const std::string& host = kLoopback);

/// Everybody has had what his server says unasked at the beginning (Dialect::late_bytes).
Status take_late_bytes(const Tcp& socket, size_t bytes);

/// An epoll instance that watches sockets for input, by key.
class Watch {
 public:
  Watch();
  bool is_open() const { return epoll_.is_open(); }
  int fd() const { return epoll_.fd(); }
  Status add(const Tcp& socket, uint64_t key) const;

 private:
  Tcp epoll_;  // the same owner of a descriptor
};

}  // namespace ringroad::bench
