// session.h — one client as its loop sees it: connect, talk, end, connect again; by itself with a
// robot.
// Owner:  ClientCore, by value.   Thread: the loop's, but construction and destruction (idle then).
// Life:   idle -> [resolving, with a name ->] connecting (TCP and handshake) -> [restoring, with a robot ->] ready
//         -> idle. User callbacks run here; what they ask for comes back as commands, so nothing changes under a
//         running callback.
// Bound:  SharedState's reservations; every byte and call reserved there is released here, once.
// Fails:  each request gets exactly one answer: cancelled for our own end, not_running for a loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "client/call_table.h"
#include "client/command_queue.h"
#include "client/loop_lookup.h"
#include "client/robot.h"
#include "client/server_connection.h"
#include "client/session_robot.h"
#include "client/shared_state.h"
#include "engine/timer_wheel.h"

namespace ringroad::client {

class SessionLoop;

class Session final : ServerConnection::Handler,
                      LoopLookup::Handler,
                      CallTable::Host,
                      SessionRobot::Host {
 public:
  explicit Session(SharedState& state) : state_(state) {}
  ~Session();  ///< Must be idle.
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// `home` is the same every time.
  void apply(Command& command, std::span<std::byte> packet, SessionLoop& home);
  /// Ends what there is, the robot too; nothing if idle.
  void disconnect(const Status& cause);
  /// The program's subscriptions have changed: for the robot, if there is one. Not ok: it will not
  /// restore them.
  Status on_subscribed(proto::PacketType type, const std::vector<std::string>& urls);

  base::ListHook hook_;  // For SessionLoop: linked while not idle, or a robot runs.

 private:
  // ServerConnection::Handler
  void on_connected() override;
  void on_handshake(const Handshake& answer) override;
  void on_message(const proto::PacketView& packet, Channel channel) override;
  void on_reply(const proto::PacketView& packet) override;
  void on_priority(uint8_t priority) override { connection_->set_priority(priority); }
  void on_sent(size_t bytes) override;
  void on_end(const Status& cause) override;
  // LoopLookup::Handler
  void on_lookup(const Result<engine::Address>& server) override;
  // CallTable::Host, Robot::Host
  void start_timer(engine::Timer& timer, engine::Duration delay) override;
  void stop_timer(engine::Timer& timer) override;
  void on_call_ended() override { state_.release_call(); }
  // SessionRobot::Host
  void robot_connect(std::unique_ptr<ConnectRequest> request) override;
  bool robot_request(proto::PacketSpec spec, engine::Duration timeout,
                     CallTable::Done done) override;
  void robot_noop() override;
  size_t requests_waiting() const override { return calls_.size(); }
  void robot_restored() override;
  void robot_value(std::string_view url, const PayloadView& payload) override;
  void robot_cut(const Status& cause) override;

  enum class Phase : uint8_t { idle, resolving, connecting, restoring, ready };

  void connect(std::unique_ptr<ConnectRequest> request);
  void start_robot(std::unique_ptr<RobotRequest> request);
  void stop_robot();
  Status idle() const;
  Status begin();
  Status resolve();
  Status open();
  void announce();
  void push(const proto::PacketSpec& spec);
  void open_stream(StreamRequest request);
  void send(std::span<std::byte> packet, uint32_t seqno);
  void send_quick(std::span<std::byte> packet);
  void call(Command& command, std::span<std::byte> packet);
  Quick quick_of(const Handshake& answer);
  void on_connect_timeout();
  void leave(ServerConnection::Ending ending, const Status& cause);
  uint32_t unanswered_seqno();
  bool ready() const { return phase_ == Phase::ready; }

  SharedState& state_;
  SessionLoop* home_ = nullptr;
  std::unique_ptr<LoopLookup> lookup_;            // while resolving
  std::unique_ptr<ServerConnection> connection_;  // from connecting on
  std::unique_ptr<ConnectRequest> request_;       // while resolving and connecting
  std::unique_ptr<SessionRobot> robot_;           // null: nobody connects by itself
  CallTable calls_{*this};
  engine::Timer deadline_ = engine::Timer::bind<&Session::on_connect_timeout>(this);
  size_t unsent_bytes_ = 0;  // pushed, and not yet taken by the kernel
  uint16_t unanswered_ = 0;  // rotates through 1..65535 (W22)
  Phase phase_ = Phase::idle;
};

}  // namespace ringroad::client
