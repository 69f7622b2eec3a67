// latency_report.h — rounds of latency_bench: medians of percentiles, a table and JSON.
// Owner:  values.   Thread: one.
#pragma once

#include <string>
#include <vector>

#include "base/histogram.h"
#include "bench/load/ledger.h"
#include "bench/macro/bench_command.h"
#include "bench/macro/latency_load.h"
#include "bench/macro/rounds.h"
#include "bench/macro/usage.h"

namespace ringroad::bench {

struct LatencyRun {
  CommonOptions base;
  LatencyOptions load;
  size_t payload_bytes = 128;
};

struct LatencyRound {
  Shares shares;
  base::Histogram latency;   // nanoseconds
  base::Histogram lateness;  // of the load's own sends
  uint64_t deliveries = 0;
  Completeness completeness;
};

/// A percentile of nanoseconds, in microseconds.
double microseconds(const base::Histogram& histogram, double percent);
/// Markdown: medians over the rounds; ratios are to relay-k1 where there is one.
std::string table(const LatencyRun& run, const std::vector<Row<LatencyRound>>& rows);
std::string json(const LatencyRun& run, const std::vector<Row<LatencyRound>>& rows);
bool is_whole(const std::vector<Row<LatencyRound>>& rows);

}  // namespace ringroad::bench
