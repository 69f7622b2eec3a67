// session.h — one client as its loop sees it: connect, talk, end, connect again.
// Owner:  ClientCore, by value.   Thread: the loop's, but construction and destruction (idle then).
// Life:   idle -> connecting (TCP and handshake) -> ready -> idle. User callbacks run here; what
//         they ask for comes back as commands, so nothing changes under a running callback.
// Bound:  SharedState's reservations; every byte and call reserved there is released here, once.
// Fails:  each request gets exactly one answer: cancelled for our own end, not_running for a loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/intrusive_list.h"
#include "client/call_table.h"
#include "client/command_queue.h"
#include "client/server_connection.h"
#include "client/shared_state.h"
#include "engine/timer_wheel.h"

namespace ringroad::client {

class SessionLoop;

class Session final : ServerConnection::Handler, CallTable::Host {
 public:
  explicit Session(SharedState& state) : state_(state) {}
  ~Session();  ///< Must be idle.
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// `home` is the same every time.
  void apply(Command& command, std::span<std::byte> packet, SessionLoop& home);
  /// Ends what there is; nothing if idle.
  void disconnect(const Status& cause);

  base::ListHook hook_;  // For SessionLoop: linked while not idle.

 private:
  // ServerConnection::Handler
  void on_connected() override;
  void on_handshake(const Handshake& answer) override;
  void on_message(const proto::PacketView& packet, Channel channel) override;
  void on_reply(const proto::PacketView& packet) override;
  void on_priority(uint8_t priority) override { connection_->set_priority(priority); }
  void on_sent(size_t bytes) override;
  void on_end(const Status& cause) override;
  // CallTable::Host
  void start_timer(engine::Timer& timer, engine::Duration delay) override;
  void stop_timer(engine::Timer& timer) override;
  void on_call_ended() override { state_.release_call(); }

  void connect(std::unique_ptr<ConnectRequest> request);
  void send(std::span<std::byte> packet, uint32_t seqno);
  void send_quick(std::span<std::byte> packet);
  void call(Command& command, std::span<std::byte> packet);
  Quick quick_of(const Handshake& answer);
  void on_connect_timeout();
  void leave(ServerConnection::Ending ending, const Status& cause);
  uint32_t unanswered_seqno();
  bool ready() const { return connection_ != nullptr && request_ == nullptr; }

  SharedState& state_;
  SessionLoop* home_ = nullptr;
  std::unique_ptr<ServerConnection> connection_;  // null: idle
  std::unique_ptr<ConnectRequest> request_;       // while connecting
  CallTable calls_{*this};
  engine::Timer connect_timer_ = engine::Timer::bind<&Session::on_connect_timeout>(this);
  size_t unsent_bytes_ = 0;  // pushed, and not yet taken by the kernel
  uint16_t unanswered_ = 0;  // rotates through 1..65535 (W22)
};

}  // namespace ringroad::client
