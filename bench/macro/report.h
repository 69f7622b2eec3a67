// report.h — all rounds of a run: medians, ratios, a table for people and JSON for programs.
// Owner:  values.   Thread: one.
// Fails:  write_json(): a Status that names the file.
#pragma once

#include <string>
#include <vector>

#include "bench/macro/round.h"

namespace ringroad::bench {

struct ContenderRounds {
  Contender contender;
  std::vector<Round> rounds;
};

struct Report {
  RoundOptions options;
  std::string command;
  std::vector<ContenderRounds> rows;
};

double median(std::vector<double> values);
/// Markdown; ratios are to the row named relay-limit where there is one.
std::string table(const Report& report);
std::string json(const Report& report);
Status write_json(const Report& report, const std::string& path);

}  // namespace ringroad::bench
