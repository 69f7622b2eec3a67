#include "bench/macro/latency_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/macro/report.h"

namespace ringroad::bench {
namespace {

constexpr std::string_view kYardstick = "relay-k1";

/// The median over the rounds.
template <typename Figure>
double median_of(const Row<LatencyRound>& row, Figure figure) {
  std::vector<double> values;
  for (const LatencyRound& round : row.rounds) values.push_back(figure(round));
  return median(std::move(values));
}

double percentile_of(const Row<LatencyRound>& row, double percent) {
  return median_of(
      row, [percent](const LatencyRound& round) { return microseconds(round.latency, percent); });
}

double ns_per_delivery(const LatencyRound& round) {
  return round.deliveries == 0 ? 0.0
                               : round.shares.server_ns / static_cast<double>(round.deliveries);
}

Completeness completeness_of(const Row<LatencyRound>& row) {
  Completeness all;
  for (const LatencyRound& round : row.rounds) all += round.completeness;
  return all;
}

std::string ratio_text(double value, double yardstick) {
  return yardstick > 0 ? fmt::format("{:.2f}", value / yardstick) : "-";
}

nlohmann::json latency_json(const base::Histogram& histogram) {
  nlohmann::json buckets = nlohmann::json::array();
  histogram.for_each_bucket([&](uint64_t largest, uint64_t count) {
    buckets.push_back({static_cast<double>(largest) / 1e3, count});
  });
  return {{"p50", microseconds(histogram, 50)},  {"p90", microseconds(histogram, 90)},
          {"p99", microseconds(histogram, 99)},  {"p999", microseconds(histogram, 99.9)},
          {"max", microseconds(histogram, 100)}, {"histogram", std::move(buckets)}};
}

nlohmann::json round_json(const LatencyRound& round) {
  return {{"seconds", round.shares.seconds},
          {"deliveries", round.deliveries},
          {"server_ns_per_delivery", ns_per_delivery(round)},
          {"server_busy", round.shares.server_busy},
          {"load_busy", round.shares.load_busy},
          {"other_busy", round.shares.other_busy},
          {"load_late_p99_us", microseconds(round.lateness, 99)},
          {"lost", round.completeness.lost},
          {"duplicates", round.completeness.duplicates},
          {"reordered", round.completeness.reordered},
          {"p50_us", microseconds(round.latency, 50)},
          {"p99_us", microseconds(round.latency, 99)}};
}

}  // namespace

double microseconds(const base::Histogram& histogram, double percent) {
  return static_cast<double>(histogram.percentile(percent)) / 1e3;
}

bool is_whole(const std::vector<Row<LatencyRound>>& rows) {
  return std::all_of(rows.begin(), rows.end(),
                     [](const Row<LatencyRound>& row) { return completeness_of(row).perfect(); });
}

std::string table(const LatencyRun& run, const std::vector<Row<LatencyRound>>& rows) {
  std::string text = fmt::format(
      "{} messages per second to {} subscribers, payload {} B = {} B on the wire\n\n"
      "| server | p50, us | of relay-k1 | p90 | p99 | of relay-k1 | p99.9 | server ns per delivery "
      "| "
      "server busy | load late p99, us | other load, cores | lost, doubled, out of order |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n",
      run.load.per_second, run.load.subscribers, run.payload_bytes, frame_bytes(run.payload_bytes));
  const auto yardstick = std::find_if(rows.begin(), rows.end(), [](const Row<LatencyRound>& row) {
    return row.contender.name == kYardstick;
  });
  const double p50 = yardstick == rows.end() ? 0 : percentile_of(*yardstick, 50);
  const double p99 = yardstick == rows.end() ? 0 : percentile_of(*yardstick, 99);
  for (const Row<LatencyRound>& row : rows) {
    const Completeness all = completeness_of(row);
    text += fmt::format(
        "| {} | {:.0f} | {} | {:.0f} | {:.0f} | {} | {:.0f} | {:.0f} | {:.0f} % | {:.0f} | {:.2f} "
        "| "
        "{}, {}, {} |\n",
        row.contender.name, percentile_of(row, 50), ratio_text(percentile_of(row, 50), p50),
        percentile_of(row, 90), percentile_of(row, 99), ratio_text(percentile_of(row, 99), p99),
        percentile_of(row, 99.9), median_of(row, ns_per_delivery),
        100 * median_of(row, [](const LatencyRound& round) { return round.shares.server_busy; }),
        median_of(row, [](const LatencyRound& round) { return microseconds(round.lateness, 99); }),
        median_of(row, [](const LatencyRound& round) { return round.shares.other_busy; }), all.lost,
        all.duplicates, all.reordered);
  }
  return text + disturbance_note(rows);
}

std::string json(const LatencyRun& run, const std::vector<Row<LatencyRound>>& rows) {
  nlohmann::json contenders = nlohmann::json::array();
  for (const Row<LatencyRound>& row : rows) {
    nlohmann::json rounds = nlohmann::json::array();
    base::Histogram all;
    for (const LatencyRound& round : row.rounds) {
      rounds.push_back(round_json(round));
      all.merge(round.latency);
    }
    contenders.push_back({{"name", row.contender.name},
                          {"version", row.contender.version},
                          {"repeated_other_busy", row.repeated},
                          {"disturbed", disturbed_rounds(row)},
                          {"rounds", std::move(rounds)},
                          {"latency_us", latency_json(all)}});
  }
  const nlohmann::json document = {{"scenario", "latency"},
                                   {"other_busy_max", kOtherBusyMax},
                                   {"command", run.base.command},
                                   {"machine", machine_json()},
                                   {"subscribers", run.load.subscribers},
                                   {"per_second", run.load.per_second},
                                   {"payload_bytes", run.payload_bytes},
                                   {"frame_bytes", frame_bytes(run.payload_bytes)},
                                   {"contenders", std::move(contenders)}};
  return document.dump(2) + "\n";
}

}  // namespace ringroad::bench
