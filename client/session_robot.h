// session_robot.h — the robot of one session: its policy, what it restores, and whom it connects to.
// Owner:  Session, on the heap while a robot runs.   Thread: the loop's.
// Bound:  as Robot and Restorer say.
// Fails:  as they do; what the server does not answer while restoring cuts the connection.
// Why here: Robot knows when, Restorer what, Session how; this wires the three.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/call_table.h"
#include "client/command_queue.h"
#include "client/restorer.h"
#include "client/robot.h"
#include "ringroad/robot.h"

namespace ringroad::client {

class SessionRobot final : Robot::Host, Restorer::Host {
 public:
  class Host {
   public:
    virtual void start_timer(engine::Timer& timer, engine::Duration delay) = 0;
    virtual void stop_timer(engine::Timer& timer) = 0;
    virtual void robot_connect(std::unique_ptr<ConnectRequest> request) = 0;
    /// `done` is called once, later. False: as many requests wait as can.
    virtual bool robot_request(proto::PacketSpec spec, engine::Duration timeout,
                               CallTable::Done done) = 0;
    virtual void robot_noop() = 0;
    virtual size_t requests_waiting() const = 0;
    /// Subscriptions are back: the program may know of the connection.
    virtual void robot_restored() = 0;
    virtual void robot_value(std::string_view url, const PayloadView& payload) = 0;
    virtual void robot_cut(const Status& cause) = 0;

   protected:
    ~Host() = default;
  };

  SessionRobot(Host& host, RobotRequest request);

  /// Begins to connect.
  void start() { robot_connect(); }
  /// The handshake is done.
  void on_handshake(Restorer::ListForm form);
  /// The program knows of the connection.
  void on_announced();
  /// An attempt failed, or a connection is lost: nothing that is out counts any more.
  void on_ending() { restorer_.stop(); }
  void on_down() { robot_.on_down(); }
  void on_publish(std::string_view url) { restorer_.on_publish(url); }
  Status on_subscribed(proto::PacketType type, const std::vector<std::string>& urls);
  void on_request() { robot_.on_request(); }
  void on_reply() { robot_.on_reply(); }
  void set_turbo(engine::Duration period, uint32_t count_max) {
    robot_.set_turbo(period, count_max);
  }

 private:
  // Robot::Host
  void start_timer(engine::Timer& timer, engine::Duration delay) override {
    host_.start_timer(timer, delay);
  }
  void stop_timer(engine::Timer& timer) override { host_.stop_timer(timer); }
  void robot_connect() override;
  bool robot_ping(engine::Duration timeout) override;
  void robot_noop() override { host_.robot_noop(); }
  size_t requests_waiting() const override { return host_.requests_waiting(); }
  void robot_cut(const Status& cause) override { host_.robot_cut(cause); }
  // Restorer::Host
  bool restore_request(const proto::PacketSpec& spec, CallTable::Done done) override;
  void on_restored(const Status& status) override;
  void on_value(std::string_view url, const PayloadView& payload) override {
    host_.robot_value(url, payload);
  }

  Host& host_;
  const ServerUrl server_;
  const RobotOptions options_;
  Restorer restorer_{*this};
  Robot robot_;
};

}  // namespace ringroad::client
