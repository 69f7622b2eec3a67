// server_connection.h — one connection to a server: TCP, its UDP socket, and what their bytes mean.
// Owner:  Session while it is in use; SessionLoop from then until closed().   Thread: the loop's.
// Life:   open() -> [connecting] -> on_connected -> on_end, or detach() by the owner; closed() some
//         turns later.
// Bound:  the owner's: it reserves bytes before it pushes.
// Fails:  on_end() once, with the cause; never after detach().
// Why here: a client may connect again while its last connection still sends its last bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "client/link.h"
#include "engine/address.h"
#include "engine/connection.h"
#include "engine/datagram.h"
#include "engine/loop.h"
#include "engine/outbox.h"

namespace ringroad::client {

class ServerConnection final : engine::Connection::Handler, engine::Datagram::Handler {
 public:
  /// Nothing here may destroy the connection.
  class Handler : public Link::Handler {
   public:
    /// TCP is up: send SERVINFO.
    virtual void on_connected() = 0;
    /// The kernel took these bytes of what was pushed.
    virtual void on_sent(size_t bytes) = 0;
    /// not_running if the server ended it, else why it failed. The handler hears nothing more.
    virtual void on_end(const Status& cause) = 0;

   protected:
    ~Handler() = default;
  };
  enum class UdpSocket : uint8_t { none, wanted };
  /// flush: what was pushed is sent first, for a few seconds at most.
  enum class Ending : uint8_t { flush, abort };

  ServerConnection(engine::Loop& loop, Handler& handler, const engine::Address& server);
  ~ServerConnection();  ///< Must be closed().

  /// Opens the sockets and begins to connect. keepalive: of TCP, 0 = off. Not ok: nothing was begun.
  Status open(UdpSocket udp, std::chrono::seconds keepalive);
  void push(engine::Slice packet);
  /// Now or never (E9): false means dropped.
  bool send_quick(std::span<const std::byte> packet);
  /// The server's UDP socket has another port; ours stays (B4).
  Status use_quick_port(uint16_t port);
  /// 0..7, of what both sockets send. What the kernel refuses is ignored (F5).
  void set_priority(uint8_t priority);
  /// The server may take nothing of what was pushed for so long, or up to twice that (V63): on_end(timed_out).
  /// Zero: for ever. Nothing before TCP is up.
  void set_send_timeout(engine::Duration timeout);
  /// Begun to end: after so long what is left is given up.
  void limit_flush(engine::Duration time);
  /// The handler hears nothing more. Again, with abort: what is being flushed is given up.
  void detach(Ending ending);

  const engine::Address& server() const { return server_; }
  /// TCP is up.
  bool established() const { return connection_.has_value(); }
  /// The kernel has everything that was pushed.
  bool flushed() const { return outbox_.drained() && !(connection_ && connection_->sending()); }
  /// No kernel operation is out, no socket open: may be destroyed.
  bool closed() const;
  /// The local UDP port to announce; 0 without one.
  uint16_t udp_port() const { return udp_port_; }

 private:
  size_t on_bytes(std::span<const std::byte> bytes) override;
  void compose(engine::SendBatch& batch) override;
  void on_end() override {}  // the connection flushes and closes by itself
  void on_sent(size_t bytes) override;
  void on_closed(engine::CloseCause cause) override;
  void on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                   const engine::Address& to) override;

  Status open_udp();
  void on_connect(engine::IoEvent& event);
  void end(const Status& cause);

  engine::Loop& loop_;
  Handler* handler_;  // null: detached
  const engine::Address server_;
  engine::Address quick_server_;  // where quick packets go
  engine::Socket socket_;         // ours until connection_ has it
  uint16_t udp_port_ = 0;
  bool tcp_closed_ = false;
  Link link_;
  engine::Outbox outbox_;
  std::optional<engine::Connection> connection_;
  std::optional<engine::Datagram> datagram_;
  engine::Completion connect_ = engine::Completion::bind<&ServerConnection::on_connect>(this);
};

}  // namespace ringroad::client
