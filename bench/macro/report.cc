#include "bench/macro/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/macro/bench_command.h"

namespace ringroad::bench {
namespace {

constexpr std::string_view kYardstick = "relay-limit";

using Figure = double Round::*;

std::vector<double> figures(const Row<Round>& row, Figure figure) {
  std::vector<double> values;
  for (const Round& round : row.rounds) values.push_back(round.*figure);
  return values;
}

double median_of(const Row<Round>& row, Figure figure) {
  return median(figures(row, figure));
}

uint64_t missing_of(const Row<Round>& row) {
  uint64_t missing = 0;
  for (const Round& round : row.rounds) missing += round.missing;
  return missing;
}

/// Deliveries per second of the yardstick; 0 if it did not run.
double yardstick_rate(const Report& report) {
  for (const Row<Round>& row : report.rows) {
    if (row.contender.name == kYardstick) return median_of(row, &Round::deliveries_per_s);
  }
  return 0.0;
}

std::string rate_text(double rate) {
  return rate >= 1e6 ? fmt::format("{:.2f} M", rate / 1e6) : fmt::format("{:.0f} k", rate / 1e3);
}

std::string range_text(const Row<Round>& row) {
  const std::vector<double> rates = figures(row, &Round::deliveries_per_s);
  return fmt::format("{} to {}", rate_text(*std::min_element(rates.begin(), rates.end())),
                     rate_text(*std::max_element(rates.begin(), rates.end())));
}

std::string table_row(const Row<Round>& row, double yardstick) {
  const double rate = median_of(row, &Round::deliveries_per_s);
  const std::string ratio = yardstick > 0 ? fmt::format("{:.3f}", rate / yardstick) : "-";
  return fmt::format(
      "| {} | {} | {} | {} | {:.0f} | {:.0f} % | {:.0f} % | {:.2f} | {} |\n", row.contender.name,
      rate_text(rate), range_text(row), ratio, median_of(row, &Round::server_ns_per_delivery),
      100 * median_of(row, &Round::server_busy), 100 * median_of(row, &Round::server_user),
      median_of(row, &Round::other_busy), missing_of(row));
}

/// For those whose subscriptions change meanwhile.
std::string churn_note(const Row<Round>& row) {
  if (row.rounds.empty() || row.contender.churn_per_second == 0) return "";
  return fmt::format("\n{}: {:.0f} changes of subscriptions per second, {:.0f} asked for.\n",
                     row.contender.name, median_of(row, &Round::changes_per_s),
                     row.contender.churn_per_second);
}

nlohmann::json round_json(const Round& round) {
  return {{"seconds", round.seconds},
          {"deliveries_per_s", round.deliveries_per_s},
          {"server_ns_per_delivery", round.server_ns_per_delivery},
          {"server_busy", round.server_busy},
          {"server_user", round.server_user},
          {"load_busy", round.load_busy},
          {"other_busy", round.other_busy},
          {"messages_per_receive", round.messages_per_receive},
          {"changes_per_s", round.changes_per_s},
          {"missing", round.missing}};
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string table(const Report& report) {
  const RoundOptions& options = report.options;
  std::string text = fmt::format(
      "{} subscribers, payload {} B = {} B on the wire, window {}\n\n"
      "| server | deliveries/s | lowest to highest | of relay-limit | server ns per delivery | "
      "server busy | in user space | other load, cores | missing |\n"
      "|---|---|---|---|---|---|---|---|---|\n",
      options.load.subscribers, options.payload_bytes, frame_bytes(options.payload_bytes),
      options.load.window);
  const double yardstick = yardstick_rate(report);
  for (const Row<Round>& row : report.rows) {
    if (!row.rounds.empty()) text += table_row(row, yardstick);
  }
  for (const Row<Round>& row : report.rows) text += churn_note(row);
  return text + disturbance_note(report.rows);
}

std::string json(const Report& report) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Row<Round>& row : report.rows) {
    nlohmann::json rounds = nlohmann::json::array();
    for (const Round& round : row.rounds) rounds.push_back(round_json(round));
    rows.push_back({{"name", row.contender.name},
                    {"version", row.contender.version},
                    {"repeated_other_busy", row.repeated},
                    {"disturbed", disturbed_rounds(row)},
                    {"rounds", std::move(rounds)}});
  }
  const RoundOptions& options = report.options;
  const nlohmann::json document = {{"scenario", "fanout"},
                                   {"command", report.command},
                                   {"other_busy_max", kOtherBusyMax},
                                   {"machine", machine_json()},
                                   {"subscribers", options.load.subscribers},
                                   {"window", options.load.window},
                                   {"payload_bytes", options.payload_bytes},
                                   {"frame_bytes", frame_bytes(options.payload_bytes)},
                                   {"contenders", std::move(rows)}};
  return document.dump(2) + "\n";
}

}  // namespace ringroad::bench
