// scripted_position_server.h — a position server that answers what the test writes.
// Owner:  the test.   Thread: its own, until destroyed; say() and queries() any.
// Why here: lookups, connects and robots meet the same answers of every implementation, and silence.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/scripted_peer.h"

namespace ringroad::client {

/// Answers every query with the same text; an empty one: not at all.
class ScriptedPositionServer {
 public:
  explicit ScriptedPositionServer(std::string answer)
      : answer_(std::move(answer)), thread_([this] { run(); }) {}
  ~ScriptedPositionServer() {
    over_ = true;
    support::UdpPeer().send_to(port(), "over");
    thread_.join();
  }
  ScriptedPositionServer(const ScriptedPositionServer&) = delete;
  ScriptedPositionServer& operator=(const ScriptedPositionServer&) = delete;

  /// From now on.
  void say(std::string answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  uint16_t port() const { return socket_.port(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  std::vector<std::string> queries() const {
    const std::lock_guard lock(mutex_);
    return queries_;
  }

 private:
  void run() {
    while (true) {
      const std::string query = socket_.receive();
      if (over_) return;
      if (query.empty()) continue;
      const std::lock_guard lock(mutex_);
      queries_.push_back(query);
      if (!answer_.empty()) socket_.send_to(socket_.sender_port(), answer_);
    }
  }

  support::UdpPeer socket_;
  std::atomic<bool> over_{false};
  mutable std::mutex mutex_;
  std::string answer_;
  std::vector<std::string> queries_;
  std::thread thread_;
};

}  // namespace ringroad::client
