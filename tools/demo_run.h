// demo_run.h — one run of the demo: connects, drives the fleet, waits for the last delivery.
// Owner: demo.cc.   Thread: main thread.
// Bound:  100,000 deliveries under way; then the fleet waits, and that is counted.
// Fails:  start() as the server or the clients say; drive() if a sender loses its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ringroad/client_loop.h"
#include "ringroad/server.h"
#include "tools/delivery_check.h"
#include "tools/demo_audience.h"
#include "tools/demo_fleet.h"
#include "tools/demo_view.h"
#include "tools/fleet.h"
#include "tools/fleet_recorder.h"
#include "tools/wait_point.h"

namespace ringroad::tools {

struct DemoPlan {
  size_t subscribers = 1'000;
  uint32_t shards = 0;
  double speed = 1.0;  // seconds of the source per second
  double duration_s = 10.0;
  DemoFleet::Connections connections = DemoFleet::Connections::shared;
};

/// What the summary says.
struct DemoResult {
  DeliveryVerdict verdict;
  LatencySnapshot latency;
  double seconds = 0.0;
  uint64_t sent = 0;
  uint64_t held_back = 0;  // sends that had to wait
  uint64_t lost = 0;       // connections of subscribers
  ServerStats server = {};
};

class DemoRun {
 public:
  DemoRun(const DemoPlan& plan, FleetSource& source, FleetRecorder& recorder,
          WaitPoint& wait_point);

  /// The gateway, then everybody's connection and subscription.
  Status listen();
  Status connect();
  /// Sends until the source ends, or Ctrl-C.
  Status drive(DemoView& view);
  /// Until everything has arrived, or 5 s pass without progress.
  void drain(DemoView& view);
  DemoResult finish();

  std::string address() const { return server_.address(); }
  size_t shards() const { return server_.shard_stats().size(); }
  const Audience& audience() const { return *audience_; }
  const DemoFleet& fleet() const { return *fleet_; }

 private:
  using Clock = WaitPoint::Clock;

  Status send(const FleetRow& row, DemoView& view);
  bool is_full() const;
  /// Waits, and keeps the view alive meanwhile. False after Ctrl-C.
  bool wait_until(Clock::time_point deadline, DemoView& view);
  void show_if_due(Clock::time_point now, DemoView& view);
  DemoMoment moment(Clock::time_point now) const;

  const DemoPlan plan_;
  FleetSource& source_;
  FleetRecorder& recorder_;
  WaitPoint& wait_point_;
  uint64_t expected_ = 0;
  uint64_t held_back_ = 0;
  double driven_s_ = 0.0;  // how long the fleet drove; known after drain()
  Clock::time_point started_;
  Clock::time_point next_show_;
  // In this order: clients end before their loop, and the loop before the server.
  Server server_;
  ClientLoop loop_;
  std::unique_ptr<Audience> audience_;
  std::unique_ptr<DemoFleet> fleet_;
};

}  // namespace ringroad::tools
