// yardstick.h — servers that do nothing but what no server can avoid: the limits to measure against.
//
// limit-k1     has the bytes already, and does one send per subscriber per message, message by
//              message. Nothing that gives each message a send of its own can beat it.
// relay-limit  publisher -> server -> subscribers. What arrives is appended to one contiguous log,
//              and each subscriber gets everything since its cursor in one send.
// relay-k1     the same with one send per message, subscriber by subscriber: the limit of a server
//              that does not coalesce.
// echo         everybody gets back what he sends, as it comes.
//
// Owner:  main() of yardstick.cc.   Thread: one.
// Bound:  relays: they read no further while kLogBytes have not been taken by everybody.
// Fails:  a lost connection ends that connection; what cannot be set up is a Status.
// Why here: plain epoll and send(), and no code of the product: what they reach is the kernel's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/macro/tcp.h"
#include "ringroad/status.h"

namespace ringroad::bench {

/// Who has introduced itself.
struct Audience {
  std::vector<Tcp> subscribers;
  Tcp publisher;
};

/// Accepts subscribers until the publisher comes, and answers each.
Result<Audience> gather_audience(const Tcp& listener);

/// Sends frames until the publisher half-closes; then everybody has got the same number.
Status run_limit_k1(Audience& audience, size_t frame_bytes);

/// Relays until the publisher closes and everything has been taken.
Status run_relay_limit(Audience& audience);
Status run_relay_k1(Audience& audience, size_t frame_bytes);

/// Echoes until it is ended from outside.
Status run_echo(const Tcp& listener);

}  // namespace ringroad::bench
