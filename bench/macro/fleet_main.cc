// fleet_main.cc — `fleet_bench`: many topics beside one topic, and UDP, over the product's own client.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/load/fanout_load.h"
#include "bench/macro/bench_command.h"
#include "bench/macro/report.h"
#include "bench/macro/rounds.h"
#include "bench/macro/usage.h"

namespace ringroad::bench {
namespace {

constexpr auto kFinishTime = std::chrono::seconds(10);

struct FleetRun {
  CommonOptions base;
  size_t vehicles = 10'000;
  size_t publishers = 100;
  size_t dashboards = 1'000;
  size_t per_dashboard = 100;
  size_t payload_bytes = 128;
};

struct FleetRound {
  Shares shares;
  uint64_t deliveries = 0;
  base::Histogram latency;
  base::Histogram lateness;
  FanoutOutcome outcome;

  double server_ns() const {
    return deliveries == 0 ? 0.0 : shares.server_ns / static_cast<double>(deliveries);
  }
  double micros(double percent) const {
    return static_cast<double>(latency.percentile(percent)) / 1e3;
  }
};

/// Every vehicle publishes once a second on a URL of its own; dashboards see a region each.
FanoutPlan many_topics(const FleetRun& run) {
  FanoutPlan plan;
  for (size_t i = 0; i < run.vehicles; ++i) {
    plan.topics.push_back(fmt::format("/fleet/{}/{}/pos", i / run.per_dashboard, i));
    plan.subscribers.push_back({plan.topics.back(), i, 1});
  }
  const size_t regions = run.vehicles / run.per_dashboard;
  for (size_t i = 0; i < run.dashboards; ++i) {
    const size_t region = i % regions;
    plan.subscribers.push_back(
        {fmt::format("/fleet/{}/", region), region * run.per_dashboard, run.per_dashboard});
  }
  plan.publishers = run.publishers;
  plan.per_second = static_cast<double>(run.vehicles);
  return plan;
}

/// As many subscribers and as many deliveries per second as many_topics(), of one topic.
FanoutPlan one_topic(const FleetRun& run) {
  FanoutPlan plan;
  plan.topics = {"/fleet/7/pos"};
  plan.subscribers.assign(run.vehicles + run.dashboards, {plan.topics[0], 0, 1});
  plan.publishers = 1;
  const size_t deliveries = run.vehicles + run.dashboards * run.per_dashboard;
  plan.per_second = static_cast<double>(deliveries) / static_cast<double>(plan.subscribers.size());
  return plan;
}

/// The dashboards alone, one topic, UDP, at the rate that each of them sees in many_topics().
FanoutPlan quick(const FleetRun& run) {
  FanoutPlan plan;
  plan.topics = {"/fleet/7/pos"};
  plan.subscribers.assign(run.dashboards, {plan.topics[0], 0, 1});
  plan.publishers = 1;
  plan.per_second = static_cast<double>(run.per_dashboard);
  plan.channel = Channel::quick;
  return plan;
}

Result<FanoutPlan> plan_of(std::string_view shape, const FleetRun& run) {
  if (shape == "many") return many_topics(run);
  if (shape == "one") return one_topic(run);
  if (shape == "quick") return quick(run);
  return Status(StatusCode::invalid_argument,
                fmt::format("--shapes: '{}' is none of many, one, quick", shape));
}

Result<FleetRound> measure(std::string_view shape, const FleetRun& run) {
  Result<FanoutPlan> plan = plan_of(shape, run);
  if (!plan.ok()) return plan.status();
  const Result<RunningServer> server = start_announcing(
      {run.base.programs.ringroad, "serve", "--listen", "127.0.0.1:0", "--shards", "1"},
      run.base.server_core);
  if (!server.ok()) return server.status();
  plan->server = fmt::format("vsoa://127.0.0.1:{}", server->port);
  plan->payload_bytes = run.payload_bytes;
  FanoutLoad load(std::move(*plan));
  if (Status status = load.connect([](size_t, size_t) {}); !status.ok()) return status;
  load.run_until(FanoutLoad::Clock::now() + run.base.warm_up);
  load.start_measuring();
  const uint64_t received = load.received();
  const Result<Usage> from = Usage::take(server->process);
  if (!from.ok()) return from.status();
  load.run_until(FanoutLoad::Clock::now() + run.base.measured);
  const Result<Usage> to = Usage::take(server->process);
  if (!to.ok()) return to.status();
  FleetRound round{Shares::between(*from, *to), load.received() - received, {}, {}, {}};
  round.outcome = load.finish(kFinishTime);
  round.latency = load.latency();
  round.lateness = load.self().lateness();
  return round;
}

/// The median over the rounds.
template <typename Figure>
double median_of(const Row<FleetRound>& row, Figure figure) {
  std::vector<double> values;
  for (const FleetRound& round : row.rounds) values.push_back(figure(round));
  return median(std::move(values));
}

FanoutOutcome outcome_of(const Row<FleetRound>& row) {
  FanoutOutcome all;
  for (const FleetRound& round : row.rounds) {
    all.published += round.outcome.published;
    all.refused += round.outcome.refused;
    all.strays += round.outcome.strays;
    all.completeness += round.outcome.completeness;
  }
  return all;
}

std::string table(const FleetRun& run, const std::vector<Row<FleetRound>>& rows) {
  std::string text = fmt::format(
      "{} vehicles, {} publishers, {} dashboards of {} vehicles each, payload {} B\n\n"
      "| shape | deliveries/s | server ns per delivery | of one | server busy | load busy | p50, "
      "us | "
      "p99, us | other load, cores | lost, doubled, out of order |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n",
      run.vehicles, run.publishers, run.dashboards, run.per_dashboard, run.payload_bytes);
  const auto ns = [](const FleetRound& round) { return round.server_ns(); };
  double one = 0;
  for (const Row<FleetRound>& row : rows) {
    if (row.contender.name == "one") one = median_of(row, ns);
  }
  for (const Row<FleetRound>& row : rows) {
    const Completeness all = outcome_of(row).completeness;
    text += fmt::format(
        "| {} | {:.0f} | {:.0f} | {} | {:.0f} % | {:.0f} % | {:.0f} | {:.0f} | {:.2f} | {}, {}, {} "
        "|\n",
        row.contender.name,
        median_of(row,
                  [](const FleetRound& round) {
                    return static_cast<double>(round.deliveries) / round.shares.seconds;
                  }),
        median_of(row, ns), one > 0 ? fmt::format("{:.2f}", median_of(row, ns) / one) : "-",
        100 * median_of(row, [](const FleetRound& round) { return round.shares.server_busy; }),
        100 * median_of(row, [](const FleetRound& round) { return round.shares.load_busy; }),
        median_of(row, [](const FleetRound& round) { return round.micros(50); }),
        median_of(row, [](const FleetRound& round) { return round.micros(99); }),
        median_of(row, [](const FleetRound& round) { return round.shares.other_busy; }), all.lost,
        all.duplicates, all.reordered);
  }
  return text + disturbance_note(rows);
}

std::string json(const FleetRun& run, const std::vector<Row<FleetRound>>& rows) {
  nlohmann::json shapes = nlohmann::json::array();
  for (const Row<FleetRound>& row : rows) {
    nlohmann::json rounds = nlohmann::json::array();
    for (const FleetRound& round : row.rounds) {
      const Completeness& all = round.outcome.completeness;
      rounds.push_back({{"seconds", round.shares.seconds},
                        {"deliveries", round.deliveries},
                        {"server_ns_per_delivery", round.server_ns()},
                        {"server_busy", round.shares.server_busy},
                        {"load_busy", round.shares.load_busy},
                        {"other_busy", round.shares.other_busy},
                        {"p50_us", round.micros(50)},
                        {"p99_us", round.micros(99)},
                        {"published", round.outcome.published},
                        {"refused", round.outcome.refused},
                        {"strays", round.outcome.strays},
                        {"lost", all.lost},
                        {"duplicates", all.duplicates},
                        {"reordered", all.reordered}});
    }
    shapes.push_back({{"name", row.contender.name},
                      {"repeated_other_busy", row.repeated},
                      {"disturbed", disturbed_rounds(row)},
                      {"rounds", std::move(rounds)}});
  }
  const nlohmann::json document = {{"scenario", "fleet"},
                                   {"other_busy_max", kOtherBusyMax},
                                   {"command", run.base.command},
                                   {"machine", machine_json()},
                                   {"vehicles", run.vehicles},
                                   {"publishers", run.publishers},
                                   {"dashboards", run.dashboards},
                                   {"per_dashboard", run.per_dashboard},
                                   {"payload_bytes", run.payload_bytes},
                                   {"shapes", std::move(shapes)}};
  return document.dump(2) + "\n";
}

/// TCP loses nothing; UDP may, and the table says how much.
bool is_whole(const std::vector<Row<FleetRound>>& rows) {
  bool whole = true;
  for (const Row<FleetRound>& row : rows) {
    const FanoutOutcome all = outcome_of(row);
    whole &= all.strays == 0 && all.refused == 0 && all.completeness.duplicates == 0;
    const Completeness& each = all.completeness;
    // Datagrams may be lost, but most must have come.
    whole &= row.contender.name == "quick" ? each.received > each.lost : each.perfect();
  }
  return whole;
}

Status check(const FleetRun& run) {
  if (run.vehicles % run.per_dashboard == 0 && run.vehicles >= run.per_dashboard) return {};
  return Status(StatusCode::invalid_argument,
                fmt::format("--vehicles {}: must be a multiple of --per-dashboard {}", run.vehicles,
                            run.per_dashboard));
}

int run_bench(FleetRun& run, size_t rounds, const std::string& json_path) {
  std::vector<Row<FleetRound>> rows;
  for (const std::string& shape : run.base.contenders) rows.push_back({{.name = shape}, {}});
  Status status = check(run);
  const size_t connections = run.vehicles + run.publishers + 2 * run.dashboards;
  if (status.ok()) status = prepare(run.base, connections);
  if (status.ok()) {
    status = run_alternating(
        rounds, rows, [&](const Contender& shape) { return measure(shape.name, run); },
        [&](size_t round, const Contender& shape, const FleetRound& result) {
          fmt::print(stderr, "round {} of {}  {:<6} {:>8.0f} ns per delivery  p99 {:>7.0f} us\n",
                     round, rounds, shape.name, result.server_ns(), result.micros(99));
        });
  }
  if (status.ok() && !json_path.empty()) status = write_text(json_path, json(run, rows));
  if (!status.ok()) return report_failure("fleet_bench", status);
  fmt::print("{}", table(run, rows));
  return is_whole(rows) ? 0 : 1;
}

constexpr const char* kAbout =
    R"(What many topics cost beside the same deliveries of one topic, at a fixed rate, and UDP.
`ringroad serve` runs on the first core, publishers and subscribers on the last.)";

constexpr const char* kFooter =
    R"(many   every vehicle publishes once a second; one subscriber per vehicle, and dashboards
one    as many subscribers and deliveries per second, of one topic
quick  the dashboards alone, one topic, UDP
Exit codes: 0 measured, 1 something went wrong or messages were lost, 2 usage, 77 not on this
machine.

Example: a small fleet
  fleet_bench --vehicles 1000 --publishers 10 --dashboards 100 --shapes many,one --rounds 3)";

void add_options(CLI::App& app, FleetRun& run) {
  app.get_option("--contenders")->group("");  // shapes are the contenders here
  app.add_option("--shapes", run.base.contenders, "many, one, quick; comma-separated")
      ->delimiter(',')
      ->default_str("many,one");
  app.add_option("--vehicles", run.vehicles, "Topics, each published once a second")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--publishers", run.publishers, "Connections that publish them")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--dashboards", run.dashboards, "Subscribers of a prefix")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--per-dashboard", run.per_dashboard, "Vehicles below such a prefix")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--payload", run.payload_bytes, "Bytes of payload, 24 or more")
      ->capture_default_str()
      ->check(CLI::Range(24, 60'000));
}

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  using namespace ringroad::bench;
  CLI::App app(kAbout, "fleet_bench");
  FleetRun options;
  options.base = default_options(argc, argv);
  options.base.contenders = {"many", "one"};
  options.base.warm_up = std::chrono::milliseconds(1000);
  options.base.seconds = 3;
  size_t rounds = 7;
  std::string json_path;
  add_common_options(app, options.base, rounds, json_path);
  add_options(app, options);
  app.footer(kFooter);
  CLI11_PARSE(app, argc, argv);
  return run_bench(options, rounds, json_path);
}
