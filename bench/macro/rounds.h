// rounds.h — everybody takes part in every round, and each round begins with another.
// Owner:  a bench's main.   Thread: one.
// Fails:  the first round that could not be measured ends all, with the contender's name.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <vector>

#include "bench/macro/contender.h"

namespace ringroad::bench {

/// What one contender did in all rounds.
template <typename Measured>
struct Row {
  Contender contender;
  std::vector<Measured> rounds;
};

/// `measure`: Contender -> Result<Measured>; `tell`: (round number, contender, Measured).
template <typename Measured, typename Measure, typename Tell>
Status run_alternating(size_t rounds, std::vector<Row<Measured>>& rows, Measure measure,
                       Tell tell) {
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t turn = 0; turn < rows.size(); ++turn) {
      Row<Measured>& row = rows[(round + turn) % rows.size()];
      Result<Measured> result = measure(row.contender);
      if (!result.ok()) {
        return Status(result.status().code(),
                      fmt::format("{}: {}", row.contender.name, result.status().message()));
      }
      tell(round + 1, row.contender, *result);
      row.rounds.push_back(std::move(*result));
    }
  }
  return {};
}

/// Other people's programs that are not installed are named on stderr and left out, as long as
/// somebody is left; our own must be there, and an unknown name is an error.
template <typename Measured>
Status find_rows(const std::vector<std::string>& names, const Programs& programs,
                 std::vector<Row<Measured>>& rows) {
  Status none(StatusCode::invalid_argument, "--contenders: nobody to measure");
  for (const std::string& name : names) {
    Result<Contender> contender = find_contender(name, programs);
    if (contender.ok()) {
      rows.push_back({std::move(*contender), {}});
    } else if (contender.status().code() == StatusCode::unsupported && name != "ringroad") {
      fmt::print(stderr, "SKIP {}: {}\n", name, contender.status().message());
    } else {
      return contender.status();
    }
  }
  return rows.empty() ? none : Status();
}

}  // namespace ringroad::bench
