// link.h — the VSOA side of one connection to a server: what its bytes mean. No sockets, no clock.
// Owner:  ServerConnection, by value: a new connection starts with a new stream (F9).
// Thread: the loop's.
// Life:   handshaking -> ready -> ended. Nothing is reported in ended, and nothing but the
//         handshake before ready (B15).
// Fails:  feed() says what is not VSOA; unsolicited packets are ignored (C9, C11, F3, F6).
// Why here: what a client has to cope with, quirk by quirk, is decided in this file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/packet_reader.h"
#include "ringroad/payload.h"
#include "ringroad/status.h"

namespace ringroad::client {

/// Param of the SERVINFO request: {"passwd":"…"}, empty without a password.
std::string login_param(std::string_view password);

/// The server's answer to SERVINFO. Borrowed: valid during the call.
struct Handshake {
  Status status = {};               ///< not ok: refused, and why
  std::string_view info = {};       ///< JSON text, as sent
  std::optional<uint32_t> id = {};  ///< 0 is a valid one (B3); none: no quick channel (B5)
  uint16_t quick_port = 0;          ///< 0: the port of the TCP connection
  bool mirrors_flags = false;       ///< our TUNNEL flag came back (B1): the official Go server
};

class Link {
 public:
  class Handler {
   public:
    /// Once. A refusal ends the link.
    virtual void on_handshake(const Handshake& answer) = 0;
    /// A PUBLISH or a DATAGRAM.
    virtual void on_message(const proto::PacketView& packet, Channel channel) = 0;
    /// A reply; whether somebody waits for it is the handler's business.
    virtual void on_reply(const proto::PacketView& packet) = 0;
    /// QOSSETUP: 0..7, whatever the server wrote (F5, W21).
    virtual void on_priority(uint8_t priority) = 0;

   protected:
    ~Handler() = default;
  };

  explicit Link(Handler& handler) : handler_(handler) {}

  /// From TCP, in any pieces. Not ok: the stream is lost. The handler may call end(), not destroy
  /// us.
  Status feed(std::span<const std::byte> bytes);
  /// One UDP datagram from the server's address; junk is ignored (E7).
  void feed_datagram(std::span<const std::byte> bytes);
  /// Nothing is reported from now on.
  void end() { state_ = State::ended; }

  bool ready() const { return state_ == State::ready; }

 private:
  enum class State : uint8_t { handshaking, ready, ended };

  void dispatch(const proto::PacketView& packet);
  void shake(const proto::PacketView& packet);
  void refuse(StatusCode code, std::string cause);

  Handler& handler_;
  proto::PacketReader reader_;
  State state_ = State::handshaking;
};

}  // namespace ringroad::client
