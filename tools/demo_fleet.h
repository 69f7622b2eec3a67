// demo_fleet.h — the senders of the demo: at most 200 connections that share the vehicles.
// Owner: the demo.   Thread: main thread.
// Bound:  a connection that has 256 KiB waiting takes no more; try_send() says so.
// Fails:  connect() and try_send(); `overloaded` means try again later, nothing was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ringroad/client.h"
#include "ringroad/client_loop.h"
#include "tools/demo_message.h"
#include "tools/fleet.h"
#include "tools/wait_point.h"

namespace ringroad::tools {

class DemoFleet {
 public:
  enum class Connections { shared, one_per_vehicle };

  DemoFleet(ClientLoop& loop, const std::vector<std::string>& vehicles, Connections connections);

  Status connect(const std::string& server, WaitPoint& wait_point);
  /// Sends the row as the next message of its vehicle.
  Status try_send(const FleetRow& row);

  size_t connections() const { return clients_.size(); }
  std::span<const uint64_t> sent() const { return sent_; }  // per vehicle
  uint64_t sent_total() const { return sent_total_; }

 private:
  const std::vector<std::string>& vehicles_;
  std::vector<std::string> urls_;  // per vehicle
  std::vector<uint64_t> sent_;
  uint64_t sent_total_ = 0;
  PositionText text_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace ringroad::tools
