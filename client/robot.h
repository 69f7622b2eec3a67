// robot.h — when a robot connects, pings, sends a turbo NOOP, and gives a connection up (V67, V68).
// Owner:  Session, on the heap while a robot runs.   Thread: the loop's.
// Life:   waiting (for the next attempt) -> trying -> up -> waiting …, until destroyed.
// Bound:  two timers; at most `count_max` NOOPs without a reply in between.
// Fails:  nothing here; a dead connection is the host's to cut.
// Why here: policy without sockets, so that a naive model can check it against a clock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/io.h"
#include "engine/timer_wheel.h"
#include "ringroad/status.h"

namespace ringroad::client {

inline constexpr unsigned kPingsLostMax = 3;  // in a row; one more cuts (V67)

struct RobotTimes {
  engine::Duration keepalive = {};
  engine::Duration delay = {};
  engine::Duration delay_max = {};  // <= delay: it does not grow
  uint32_t jitter_percent = 0;
};

class Robot {
 public:
  class Host {
   public:
    virtual void start_timer(engine::Timer& timer, engine::Duration delay) = 0;
    virtual void stop_timer(engine::Timer& timer) = 0;
    /// Begin to connect; on_up() or on_down() follows.
    virtual void robot_connect() = 0;
    /// Send a PINGECHO; on_pong() or on_ping_lost() follows while the connection lives. False: there
    /// was no room for it.
    virtual bool robot_ping(engine::Duration timeout) = 0;
    virtual void robot_noop() = 0;
    /// Requests without an answer, our pings among them.
    virtual size_t requests_waiting() const = 0;
    /// Reset the connection; on_down() follows.
    virtual void robot_cut(const Status& cause) = 0;

   protected:
    ~Host() = default;
  };

  Robot(Host& host, const RobotTimes& times, uint64_t seed);
  ~Robot();
  Robot(const Robot&) = delete;
  Robot& operator=(const Robot&) = delete;

  /// Connected, and what was to be restored is restored.
  void on_up();
  /// An attempt failed, or the connection is lost.
  void on_down();
  void on_pong();
  void on_ping_lost();
  /// 0 = off.
  void set_turbo(engine::Duration period, uint32_t count_max);
  /// A request was sent.
  void on_request();
  /// The server answered something.
  void on_reply() { turbo_count_ = 0; }

 private:
  void on_pulse();
  void on_turbo();
  engine::Duration next_delay();
  uint64_t random();

  Host& host_;
  const RobotTimes times_;
  uint64_t random_;
  engine::Duration turbo_ = {};
  uint32_t turbo_count_max_ = 0;
  uint32_t turbo_count_ = 0;  // NOOPs since the last reply
  uint32_t downs_ = 0;        // since it was up
  unsigned pings_lost_ = 0;   // in a row
  size_t pings_out_ = 0;
  bool up_ = false;
  engine::Timer pulse_ = engine::Timer::bind<&Robot::on_pulse>(this);  // up: ping; else connect
  engine::Timer turbo_timer_ = engine::Timer::bind<&Robot::on_turbo>(this);
};

}  // namespace ringroad::client
