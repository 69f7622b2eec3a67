// echo_main.cc — `echo_bench`: requests and answers, beside a server that only echoes bytes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/macro/bench_command.h"
#include "bench/macro/echo_load.h"
#include "bench/macro/report.h"
#include "bench/macro/rounds.h"
#include "bench/macro/usage.h"

namespace ringroad::bench {
namespace {

constexpr std::string_view kYardstick = "echo";

struct EchoRun {
  CommonOptions base;
  EchoOptions load;
  size_t payload_bytes = 64;
};

struct EchoRound {
  Shares shares;
  uint64_t answers = 0;
  base::Histogram round_trip;

  double rate() const { return static_cast<double>(answers) / shares.seconds; }
  double server_ns() const {
    return answers == 0 ? 0.0 : shares.server_ns / static_cast<double>(answers);
  }
  double micros(double percent) const {
    return static_cast<double>(round_trip.percentile(percent)) / 1e3;
  }
};

Result<RunningServer> start_echo(const Contender& contender, const EchoRun& run) {
  const int core = run.base.server_core;
  if (contender.name == kYardstick) {
    return start_announcing({run.base.programs.yardstick, "echo", "1"}, core);
  }
  if (contender.protocol == Protocol::vsoa) {
    return start_announcing({contender.program, "playground", "--listen", "127.0.0.1:0"}, core);
  }
  return start_server(contender, 1, core);
}

Result<EchoRound> measure(const Contender& contender, const EchoRun& run) {
  const Result<RunningServer> server = start_echo(contender, run);
  if (!server.ok()) return server.status();
  EchoLoad load(make_echo_dialect(contender.protocol, run.payload_bytes), run.load);
  if (Status status = load.connect(server->port); !status.ok()) return status;
  Status status = load.run_until(EchoLoad::Clock::now() + run.base.warm_up);
  if (!status.ok()) return status;
  const Result<Usage> from = Usage::take(server->process);
  if (!from.ok()) return from.status();
  load.start_measuring();
  status = load.run_until(EchoLoad::Clock::now() + run.base.measured);
  if (!status.ok()) return status;
  const Result<Usage> to = Usage::take(server->process);
  if (!to.ok()) return to.status();
  return EchoRound{Shares::between(*from, *to), load.answers(), load.round_trip()};
}

/// The median over the rounds.
template <typename Figure>
double median_of(const Row<EchoRound>& row, Figure figure) {
  std::vector<double> values;
  for (const EchoRound& round : row.rounds) values.push_back(figure(round));
  return median(std::move(values));
}

std::string ratio_text(double value, double yardstick) {
  return yardstick > 0 ? fmt::format("{:.2f}", value / yardstick) : "-";
}

std::string table(const EchoRun& run, const std::vector<Row<EchoRound>>& rows) {
  std::string text = fmt::format(
      "{} connections, {} requests outstanding on each, payload {} B\n\n"
      "| server | bytes of a request, its answer | requests/s | of echo | p50, us | of echo | p99, "
      "us | server ns per request | "
      "server busy | load busy | other load, cores "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|\n",
      run.load.connections, run.load.depth, run.payload_bytes);
  const auto rate = [](const EchoRound& round) { return round.rate(); };
  const auto p50 = [](const EchoRound& round) { return round.micros(50); };
  double rate_of_echo = 0, p50_of_echo = 0;
  for (const Row<EchoRound>& row : rows) {
    if (row.contender.name != kYardstick) continue;
    rate_of_echo = median_of(row, rate);
    p50_of_echo = median_of(row, p50);
  }
  for (const Row<EchoRound>& row : rows) {
    const EchoDialect dialect = make_echo_dialect(row.contender.protocol, run.payload_bytes);
    text += fmt::format(
        "| {} | {}, {} | {:.0f} k | {} | {:.1f} | {} | {:.1f} | {:.0f} | {:.0f} % | {:.0f} % | "
        "{:.2f} |\n",
        row.contender.name, dialect.request.size(), dialect.answer_bytes,
        median_of(row, rate) / 1e3, ratio_text(median_of(row, rate), rate_of_echo),
        median_of(row, p50), ratio_text(median_of(row, p50), p50_of_echo),
        median_of(row, [](const EchoRound& round) { return round.micros(99); }),
        median_of(row, [](const EchoRound& round) { return round.server_ns(); }),
        100 * median_of(row, [](const EchoRound& round) { return round.shares.server_busy; }),
        100 * median_of(row, [](const EchoRound& round) { return round.shares.load_busy; }),
        median_of(row, [](const EchoRound& round) { return round.shares.other_busy; }));
  }
  return text + disturbance_note(rows);
}

std::string json(const EchoRun& run, const std::vector<Row<EchoRound>>& rows) {
  nlohmann::json contenders = nlohmann::json::array();
  for (const Row<EchoRound>& row : rows) {
    nlohmann::json rounds = nlohmann::json::array();
    for (const EchoRound& round : row.rounds) {
      rounds.push_back({{"seconds", round.shares.seconds},
                        {"requests_per_s", round.rate()},
                        {"p50_us", round.micros(50)},
                        {"p99_us", round.micros(99)},
                        {"server_ns_per_request", round.server_ns()},
                        {"server_busy", round.shares.server_busy},
                        {"load_busy", round.shares.load_busy},
                        {"other_busy", round.shares.other_busy}});
    }
    contenders.push_back({{"name", row.contender.name},
                          {"version", row.contender.version},
                          {"repeated_other_busy", row.repeated},
                          {"disturbed", disturbed_rounds(row)},
                          {"rounds", std::move(rounds)}});
  }
  const nlohmann::json document = {{"scenario", "echo"},
                                   {"other_busy_max", kOtherBusyMax},
                                   {"command", run.base.command},
                                   {"machine", machine_json()},
                                   {"connections", run.load.connections},
                                   {"depth", run.load.depth},
                                   {"payload_bytes", run.payload_bytes},
                                   {"contenders", std::move(contenders)}};
  return document.dump(2) + "\n";
}

int run_bench(EchoRun& run, size_t rounds, const std::string& json_path) {
  std::vector<Row<EchoRound>> rows;
  Status status = prepare(run.base, run.load.connections);
  if (status.ok()) status = find_rows(run.base.contenders, run.base.programs, rows);
  if (status.ok()) {
    status = run_alternating(
        rounds, rows, [&](const Contender& contender) { return measure(contender, run); },
        [&](size_t round, const Contender& contender, const EchoRound& result) {
          fmt::print(stderr, "round {} of {}  {:<12} {:>8.0f} k requests/s  p50 {:>7.1f} us\n",
                     round, rounds, contender.name, result.rate() / 1e3, result.micros(50));
        });
  }
  if (status.ok() && !json_path.empty()) status = write_text(json_path, json(run, rows));
  if (!status.ok()) return report_failure("echo_bench", status);
  fmt::print("{}", table(run, rows));
  return 0;
}

constexpr const char* kAbout =
    R"(Calls that are answered with what they carry: RPC /echo, beside a server that echoes raw bytes of
the request's length. A closed loop. The server runs on the first core, the load on the last.)";

constexpr const char* kFooter =
    R"(Exit codes: 0 measured, 1 something went wrong, 2 usage, 77 not on this
machine.

Example: the round trip of one call at a time
  echo_bench --connections 1 --depth 1)";

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  using namespace ringroad::bench;
  CLI::App app(kAbout, "echo_bench");
  EchoRun options;
  options.base = default_options(argc, argv);
  options.base.contenders = {"echo", "ringroad", "redis"};
  size_t rounds = 7;
  std::string json_path;
  add_common_options(app, options.base, rounds, json_path);
  app.add_option("--connections", options.load.connections, "Clients")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--depth", options.load.depth, "Requests that each keeps outstanding")
      ->capture_default_str()
      ->check(CLI::Range(1, 512));
  app.add_option("--payload", options.payload_bytes, "Bytes of payload")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app.footer(kFooter);
  CLI11_PARSE(app, argc, argv);
  return run_bench(options, rounds, json_path);
}
