// join.h — a connection that has said what its dialect wants said first.
// Owner:  the caller owns the socket.   Thread: any.
// Bound:  each answer of the set-up: kSetupTime.
// Fails:  a Status that says which answer did not come.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/macro/dialect.h"
#include "bench/macro/tcp.h"

namespace ringroad::bench {

/// Connected, through all exchanges, and from then on non-blocking.
Result<Tcp> join_server(uint16_t port, const std::vector<Exchange>& exchanges);

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
