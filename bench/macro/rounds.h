// rounds.h — everybody takes part in every round, and each round begins with another.
// Owner:  a bench's main.   Thread: one.
// Bound:  a round that something else disturbed is measured again, per contender at most as often as
//         there are rounds; after that it counts, and the report says so.
// Fails:  the first round that could not be measured ends all, with the contender's name.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "bench/macro/contender.h"

namespace ringroad::bench {

/// Cores that something else may use while a round is measured.
inline constexpr double kOtherBusyMax = 0.15;

/// What one contender did in all rounds.
template <typename Measured>
struct Row {
  Contender contender;
  std::vector<Measured> rounds;
  std::vector<double> repeated;  // cores that something else used, of rounds that do not count
};

template <typename Measured>
double other_busy(const Measured& round) {
  if constexpr (requires { round.shares; }) {
    return round.shares.other_busy;
  } else {
    return round.other_busy;
  }
}

/// Rounds that count although something else disturbed them.
template <typename Measured>
size_t disturbed_rounds(const Row<Measured>& row) {
  return static_cast<size_t>(
      std::count_if(row.rounds.begin(), row.rounds.end(),
                    [](const Measured& round) { return other_busy(round) > kOtherBusyMax; }));
}

/// What belongs below a table; empty if nothing was disturbed.
template <typename Measured>
std::string disturbance_note(const std::vector<Row<Measured>>& rows) {
  std::vector<std::string> repeated, kept;
  for (const Row<Measured>& row : rows) {
    const std::string& name = row.contender.name;
    const size_t disturbed = disturbed_rounds(row);
    if (!row.repeated.empty()) repeated.push_back(fmt::format("{} {}", name, row.repeated.size()));
    if (disturbed > 0) kept.push_back(fmt::format("{} {}", name, disturbed));
  }
  if (repeated.empty() && kept.empty()) return "";
  const auto list = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "));
  };
  return fmt::format(
      "\nRounds in which something else used more than {} cores, measured again: {}. Disturbed and "
      "counted all the same: {}.\n",
      kOtherBusyMax, list(repeated), list(kept));
}

/// Once, and again while something else disturbs it and there are repeats left.
template <typename Measured, typename Measure>
Result<Measured> measure_undisturbed(size_t repeats_max, Row<Measured>& row, Measure measure) {
  while (true) {
    Result<Measured> result = measure(row.contender);
    if (!result.ok()) {
      return Status(result.status().code(),
                    fmt::format("{}: {}", row.contender.name, result.status().message()));
    }
    const double busy = other_busy(*result);
    if (busy <= kOtherBusyMax || row.repeated.size() >= repeats_max) return result;
    fmt::print(stderr, "{}: again, something else used {:.2f} cores\n", row.contender.name, busy);
    row.repeated.push_back(busy);
  }
}

/// `measure`: Contender -> Result<Measured>; `tell`: (round number, contender, Measured).
template <typename Measured, typename Measure, typename Tell>
Status run_alternating(size_t rounds, std::vector<Row<Measured>>& rows, Measure measure,
                       Tell tell) {
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t turn = 0; turn < rows.size(); ++turn) {
      Row<Measured>& row = rows[(round + turn) % rows.size()];
      Result<Measured> result = measure_undisturbed(rounds, row, measure);
      if (!result.ok()) return result.status();
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
