#include "client/robot.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace ringroad::client {
namespace {

constexpr uint32_t kDoublingsMax = 20;  // 50 ms so often is more than any limit

}  // namespace

Robot::Robot(Host& host, const RobotTimes& times, uint64_t seed)
    : host_(host), times_(times), random_(seed) {
  CHECK(times_.keepalive > engine::Duration::zero());
  CHECK(times_.delay > engine::Duration::zero());
}

Robot::~Robot() {
  host_.stop_timer(pulse_);
  host_.stop_timer(turbo_timer_);
}

void Robot::on_up() {
  CHECK(!up_);
  up_ = true;
  downs_ = 0;
  pings_lost_ = 0;
  pings_out_ = 0;
  turbo_count_ = 0;
  host_.start_timer(pulse_, times_.keepalive);
}

void Robot::on_down() {
  host_.stop_timer(turbo_timer_);
  ++downs_;
  up_ = false;
  host_.start_timer(pulse_, next_delay());
}

void Robot::on_pulse() {
  if (!up_) return host_.robot_connect();
  host_.start_timer(pulse_, times_.keepalive);
  if (host_.robot_ping(times_.keepalive)) ++pings_out_;
}

void Robot::on_pong() {
  CHECK(pings_out_ > 0);
  --pings_out_;
  pings_lost_ = 0;
}

void Robot::on_ping_lost() {
  CHECK(pings_out_ > 0);
  --pings_out_;
  if (!up_ || ++pings_lost_ <= kPingsLostMax) return;
  host_.robot_cut({StatusCode::timed_out, "the server answered none of the last " +
                                              std::to_string(pings_lost_) + " pings"});
}

void Robot::set_turbo(engine::Duration period, uint32_t count_max) {
  turbo_ = period;
  turbo_count_max_ = count_max;
  turbo_count_ = 0;
  host_.stop_timer(turbo_timer_);
  if (up_) on_request();
}

// The timer runs while something waits, so an idle robot costs nothing.
void Robot::on_request() {
  if (turbo_ == engine::Duration::zero() || turbo_timer_.started()) return;
  if (up_) host_.start_timer(turbo_timer_, turbo_);
}

void Robot::on_turbo() {
  if (host_.requests_waiting() <= pings_out_) {
    turbo_count_ = 0;
    return;
  }
  host_.start_timer(turbo_timer_, turbo_);
  if (turbo_count_ == turbo_count_max_) return;
  ++turbo_count_;
  host_.robot_noop();
}

engine::Duration Robot::next_delay() {
  engine::Duration delay = times_.delay;
  if (times_.delay_max > delay) {
    const uint32_t doublings = std::min(downs_ - 1, kDoublingsMax);
    delay = std::min(delay * (int64_t{1} << doublings), times_.delay_max);
  }
  const auto share = static_cast<int64_t>(random() % 10'001) * times_.jitter_percent;  // of 10^6
  return delay + delay * share / 1'000'000;
}

/// splitmix64
uint64_t Robot::random() {
  uint64_t z = (random_ += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace ringroad::client
