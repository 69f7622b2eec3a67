// demo_view.h — what the demo shows: a table that is redrawn in place, or a line per second.
// Owner: the demo.   Thread: main thread.
// Bound:  16 rows of shards; the sum is always there.
// Fails:  nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ringroad/server.h"
#include "tools/latency_histogram.h"
#include "tools/terminal.h"

namespace ringroad::tools {

/// One moment of the run; the view shows the difference of two.
struct DemoMoment {
  double seconds = 0.0;      // since the fleet started
  double seconds_all = 0.0;  // how long it will drive
  uint64_t sent = 0;
  uint64_t expected = 0;  // deliveries owed for what was sent
  uint64_t received = 0;
  std::vector<ShardStats> shards = {};
  std::vector<LatencySnapshot> latencies = {};  // per shard
};

class DemoView {
 public:
  explicit DemoView(Output output);

  /// The moment that the fleet starts.
  void start(const DemoMoment& now);
  /// Shows what happened since the last moment.
  void show(const DemoMoment& now);
  /// Shows the run as a whole, for good.
  void finish(const DemoMoment& now);

 private:
  void draw(const DemoMoment& before, const DemoMoment& now);
  std::string table(const DemoMoment& before, const DemoMoment& now) const;
  std::string line(const DemoMoment& before, const DemoMoment& now) const;
  std::string progress(const DemoMoment& now) const;

  const Output output_;
  const Palette palette_;
  DemoMoment start_;
  DemoMoment before_;
  size_t lines_drawn_ = 0;
};

}  // namespace ringroad::tools
