// listener.h — accepts TCP connections of one shard.
// Owner:  a shard.
// Thread: the loop's.
// Bound:  the handler's: it may refuse a socket. When descriptors run out it waits and tries
//         again, counted.
// Why here: all shards listen on one port (SO_REUSEPORT), which would let a second server in silently. So the
//         first shard opens its sockets exclusively, and shares their port when it has both: of two servers
//         that start in the same moment one is refused.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/counter.h"
#include "engine/address.h"
#include "engine/io.h"
#include "engine/loop.h"
#include "engine/timer_wheel.h"

namespace ringroad::engine {

/// Opens a socket, readies it and binds it; [::] takes IPv4 as well, whatever the system's default is.
/// exclusive: nobody else may have the port. A non-empty `interface`: of that one only.
enum class PortUse : uint8_t { exclusive, shared };
Result<Socket> open_bound(Io& io, Transport transport, const Address& address, PortUse use,
                          std::string_view interface);
/// A bound, listening TCP socket. address_in_use if exclusive and any other socket listens there; also if that one
/// is exclusive.
Result<Socket> open_listener(Io& io, const Address& address, PortUse use = PortUse::shared,
                             std::string_view interface = {});
/// From now on an exclusive socket's port may be opened again, shared, by this user. For UDP not the address of a
/// steer(): that needs a second member.
Status share_port(Io& io, Socket socket);

/// One that shares its port with nobody, for a few connections.
Result<Socket> open_private_listener(Io& io, const Address& address,
                                     std::string_view interface = {});

class Listener {
 public:
  class Handler {
   public:
    /// Takes the socket over.
    virtual void on_accept(Socket socket) = 0;

   protected:
    ~Handler() = default;
  };

  Listener(Loop& loop, Socket socket, Handler& handler);
  ~Listener();  ///< Must be closed, or never started.

  void start();
  /// Stops accepting; closed() some turns later.
  void stop();
  bool closed() const { return state_ == State::closed || state_ == State::idle; }
  Socket socket() const { return socket_; }
  const base::Counter& failures() const { return failures_; }

 private:
  enum class State : uint8_t { idle, open, stopping, closed };

  void on_accept(IoEvent& event);
  void on_retry();
  void close_if_quiet();

  Loop& loop_;
  Handler& handler_;
  Socket socket_;
  State state_ = State::idle;
  Completion accept_ = Completion::bind<&Listener::on_accept>(this);
  Timer retry_ = Timer::bind<&Listener::on_retry>(this);
  base::Counter failures_;  // accepts that the kernel refused (descriptors, memory)
};

}  // namespace ringroad::engine
