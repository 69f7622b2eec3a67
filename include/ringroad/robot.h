// robot.h — options of Client::robot(): the connection that is kept up by itself (V67, V68).
// Thread: plain values, copied when the robot is started.
// Fails:  validate() names the option, the value and the range.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ringroad/status.h"

namespace ringroad {

struct RobotOptions {
  std::string password = {};
  /// A PINGECHO so often, and so long may its answer take. After more than three in a row without
  /// one the connection is reset. Range 50 ms..1 h.
  std::chrono::milliseconds keepalive = std::chrono::seconds(3);
  /// For looking the name up, TCP connect and handshake together, as ConnectOptions::timeout; and for each
  /// request that restores subscriptions. Range 50 ms..1 h.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  /// From a loss, or from an attempt that failed, to the next attempt; for ever. Range 50 ms..1 h.
  std::chrono::milliseconds reconnect_delay = std::chrono::seconds(1);
  /// Larger than reconnect_delay: each attempt that fails doubles the delay, up to this. Range
  /// 0..1 h.
  std::chrono::milliseconds reconnect_delay_max = std::chrono::milliseconds(0);
  /// Each delay is longer by a random part of itself, up to so much; so a thousand clients do not
  /// come back in the same moment. Range 0..100.
  uint32_t jitter_percent = 0;
  /// Subscribed to on every connect, beside what the program subscribed to.
  std::vector<std::string> subscriptions = {};
  /// On every connect, before on_connect(true), subscribe to what the program had subscribed to. What
  /// the server refuses as unknown (status 3) is asked for again with every ping (D7).
  bool resubscribe = true;
  /// On every connect, after on_connect(true), GET each subscribed URL that does not end with '/', and
  /// hand its reply to on_message() (X2); unless a publish of that URL has come first.
  bool consistent = false;
  /// Open a UDP socket and announce it, as ConnectOptions::quick.
  bool quick = true;
  /// See Client::robot_ping_turbo(). 0 = off, or 25 ms..keepalive.
  std::chrono::milliseconds turbo = std::chrono::milliseconds(0);
  uint32_t turbo_count_max = 50;

  Status validate() const;
};

}  // namespace ringroad
