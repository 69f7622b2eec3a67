// datagram.h — one UDP socket: receives datagrams, sends now or never.
// Owner:  a shard (quick channel) or a client connection.   Thread: the loop's.
// Bound:  no queue: a full socket drops, and the caller counts.
// Fails:  ICMP errors of earlier sends (connection refused) are ignored (E9), unless on_error() minds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/address.h"
#include "engine/io.h"
#include "engine/listener.h"
#include "engine/loop.h"

namespace ringroad::engine {

/// A bound UDP socket of a server: tells the local address of what it receives. shared: with the
/// other shards; exclusive: address_in_use if any other socket has the port. As open_bound().
Result<Socket> open_datagram(Io& io, const Address& address, PortUse use = PortUse::shared,
                             std::string_view interface = {});

class Datagram {
 public:
  class Handler {
   public:
    /// `to`: the local address it was sent to (no port), invalid if the kernel did not say. `bytes` may
    /// be none.
    virtual void on_datagram(std::span<const std::byte> bytes, const Address& from,
                             const Address& to) = 0;
    /// So many datagrams have found the socket full since the last call. Only sockets of
    /// open_datagram() tell, with the next datagram that finds room.
    virtual void on_overrun(uint32_t /*datagrams*/) {}
    /// An errno: the network says that something sent earlier did not arrive. Only to a socket with a
    /// fixed peer.
    virtual void on_error(int /*error*/) {}

   protected:
    ~Handler() = default;
  };

  Datagram(Loop& loop, Socket socket, Handler& handler);
  ~Datagram();  ///< Must be closed, or never started.

  void start();
  void stop();
  bool closed() const { return state_ == State::closed || state_ == State::idle; }
  Socket socket() const { return socket_; }

  /// `from`: the local address to answer from, may be null. False: dropped (socket full or
  /// unreachable).
  bool send(std::span<const std::byte> bytes, const Address& to, const Address* from);

 private:
  enum class State : uint8_t { idle, open, stopping, closed };

  void on_recv(IoEvent& event);
  void close_if_quiet();

  Loop& loop_;
  Handler& handler_;
  Socket socket_;
  State state_ = State::idle;
  uint32_t dropped_ = 0;  // by the kernel's count
  Completion recv_ = Completion::bind<&Datagram::on_recv>(this, Completion::Kind::input);
};

}  // namespace ringroad::engine
