// options.h — every run-time knob of the library: unit, default, range, effect.
// Thread: plain values, copied when a Server or Client is made; changing them later has no effect.
// Fails:  validate() names the option, the value and the range.
// Why here: the library reads no flags, files or environment, but to look a name up (position.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ringroad/status.h"

namespace ringroad {

/// Whether the kernel sends from the server's memory instead of copying it first.
enum class ZeroCopy : uint8_t {
  off,
  automatic,  ///< Large sends, on connections where the kernel reports that it did not copy anyway.
  forced,     ///< Every send. For tests and measurements.
};

/// What happens to a client that does not take its publishes as fast as they come.
enum class Backlog : uint8_t {
  /// It gets all of them; it is closed when more than queue_bytes_max wait (cause slow_client).
  close,
  /// Once more than a quarter of queue_bytes_max waits, and until it has caught up, a newer publish
  /// replaces the one of the same URL that has not left yet: the client gets the latest value of
  /// each URL, in the place of the oldest one it missed. Replies and datagrams are never replaced,
  /// nor is what was published before one of them by what comes after. Closed only when that many
  /// bytes of different URLs wait.
  conflate,
};

struct ServerOptions {
  /// Sent to each client in the handshake, verbatim: JSON text (object or string), or empty (V13).
  std::string info = {};
  /// Clients must present it; empty = none needed. Compared in constant time (V16).
  std::string password = {};
  /// After a wrong password the client is told, and closed; true: it may try again, twice, until
  /// handshake_timeout (W9, B6).
  bool auth_retry = false;
  /// Threads, each pinned to a core, each owning its clients. 0 = one per core. Range 0..64.
  uint32_t shards = 0;
  /// Pin shard i to the i-th allowed core. Turn off when several servers share a machine.
  bool pin_shards = true;
  /// Most bytes that may wait for one client (all lanes, what the kernel has taken not counted).
  /// A client that exceeds it is closed (cause slow_client). Range 524,288..1,073,741,824.
  size_t queue_bytes_max = 1'048'576;
  /// For clients that do not keep up, unless RemoteClient::set_backlog() says otherwise.
  Backlog backlog = Backlog::close;
  /// Most connections per shard; one more is closed at once, counted. Range 1..1,000,000.
  size_t clients_per_shard_max = 200'000;
  /// What a connection takes of the process's descriptors (RLIMIT_NOFILE): one, or none. direct: it
  /// has a place in a table of its shard's ring instead, which may hold RLIMIT_NOFILE of them (64
  /// and the places of streams are not for clients), so that N shards have room for N times as many; a few descriptors must stay free,
  /// for a moment each. Needs Linux 6.13.
  enum class Descriptors : uint8_t { plain, direct } descriptors = Descriptors::plain;
  /// Most streams of one client and of one shard: waiting for their peer, open, and ending. One more
  /// is refused (Call::create_stream), counted. Ranges 0..4,096 and 0..65,536.
  size_t streams_per_client_max = 64;
  size_t streams_per_shard_max = 1'024;
  /// A connection that has not finished its handshake by then is closed (W11). Range 100 ms..1 h.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(5);
  /// A client that acknowledges nothing for so long, while the kernel cannot take what waits for it, is
  /// reset (V21, V38); one that is slow, but takes something, is not. 0 = never. In steps of 100 ms, and
  /// up to 100 ms late. Range 0, 100 ms..1 h; the official servers have 100 ms.
  std::chrono::milliseconds send_timeout = std::chrono::seconds(5);
  /// The kernel probes a client that has been silent for so long, and again after as long; after
  /// three probes without an answer the connection ends (V37). So a client that has vanished without
  /// a word does not stay for ever, and address translators between do not forget the quiet ones.
  /// 0 = off. Range 0..32,767 s.
  std::chrono::seconds keepalive = std::chrono::seconds(60);
  /// Serve this network interface only ("eth1"), TCP and UDP (SO_BINDTODEVICE, X7); empty = all. May
  /// need CAP_NET_RAW.
  std::string interface = {};
  /// Bytes each lane between two shards can hold; full lanes make publish() answer overloaded.
  /// Range 1,048,576..1,073,741,824, rounded up to a power of two.
  size_t mailbox_bytes = 1'048'576;
  /// Non-empty: every datagram under this URL prefix from a client with an accepted handshake is
  /// published to the subscribers of its URL on the channel it came by. "/" = all. While a shard
  /// cannot take more, reading from that producer pauses: nothing accepted on TCP is lost. Must be
  /// "/" or start and end with '/'.
  std::string relay_prefix = {};
  /// Before a shard sleeps it looks for work for up to 50 us, if most of its idle times have been
  /// that short: waking a sleeping core takes longer. Of its core's time at most so many percent go
  /// into that; 0 = sleep at once. Range 0..100.
  uint32_t spin_percent = 10;
  /// Accept quick datagrams only from the announced UDP port, not just from the client's address
  /// (W19).
  bool quick_strict = true;
  /// Sends without a copy into the kernel. On loopback and veth the kernel copies all the same, so
  /// there `automatic` gives up after a few sends. Needs Linux 6.2, else it is `off`.
  ZeroCopy zero_copy = ZeroCopy::automatic;

  /// ok, or invalid_argument with the option, the value and the range.
  Status validate() const;
};

struct ConnectOptions {
  std::string password = {};
  /// For looking a name up, TCP connect and handshake together (V61). Each of n position servers is asked
  /// twice, one after the other; a try waits up to 2 s, but at most 1/(2n + 1) of this: so each has its
  /// tries, and a share is left to connect. Range 1 ms..1 h.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  /// Open a UDP socket and announce it, so that quick messages can arrive and be sent. Costs one
  /// descriptor.
  bool quick = true;
  /// The kernel probes a server that has been silent for so long, and again after as long; after three
  /// probes without an answer the connection ends (V37): on_connect(false). So a client that only
  /// listens notices a server that has vanished without a word. 0 = off. Range 0..32,767 s. A
  /// robot (Client::robot()) needs none: it pings.
  std::chrono::seconds keepalive = std::chrono::seconds(0);

  Status validate() const;
};

struct ClientLoopOptions {
  /// Clients are spread over this many threads. Range 0..64; 0 = the program's own thread drives the loop, see
  /// client_loop.h.
  uint32_t threads = 1;
  /// Most bytes that may wait to be sent by one client; more makes a call answer overloaded. Range
  /// 524,288..1 GiB.
  size_t queue_bytes_max = 4'194'304;

  Status validate() const;
};

}  // namespace ringroad
