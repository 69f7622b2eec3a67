// report.h — all rounds of a run: medians, ratios, a table for people and JSON for programs.
// Owner:  values.   Thread: one.
// Fails:  nothing.
#pragma once

#include <string>
#include <vector>

#include "bench/macro/round.h"
#include "bench/macro/rounds.h"

namespace ringroad::bench {

struct Report {
  RoundOptions options;
  std::string command;
  std::vector<Row<Round>> rows;
};

double median(std::vector<double> values);
/// Markdown; ratios are to the row named relay-limit where there is one.
std::string table(const Report& report);
std::string json(const Report& report);

}  // namespace ringroad::bench
