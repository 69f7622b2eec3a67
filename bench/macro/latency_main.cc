// latency_main.cc — `latency_bench`: when messages arrive, at a rate that everybody can keep.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/macro/bench_command.h"
#include "bench/macro/latency_load.h"
#include "bench/macro/latency_report.h"
#include "bench/macro/rounds.h"
#include "bench/macro/usage.h"

namespace ringroad::bench {
namespace {

Result<LatencyRound> measure(const Contender& contender, const LatencyRun& run) {
  const Dialect dialect = make_dialect(contender.protocol, run.payload_bytes);
  const Result<RunningServer> server =
      start_server(contender, dialect.frame_bytes, run.base.server_core);
  if (!server.ok()) return server.status();
  LatencyLoad load(dialect, run.load);
  if (Status status = load.connect(server->port); !status.ok()) return status;
  Status status = load.run_until(LatencyLoad::Clock::now() + run.base.warm_up);
  if (!status.ok()) return status;
  load.start_measuring();
  const Result<Usage> from = Usage::take(server->process);
  if (!from.ok()) return from.status();
  status = load.run_until(LatencyLoad::Clock::now() + run.base.measured);
  if (!status.ok()) return status;
  const Result<Usage> to = Usage::take(server->process);
  if (!to.ok()) return to.status();
  const Result<Completeness> outcome = load.finish();
  if (!outcome.ok()) return outcome.status();
  return LatencyRound{Shares::between(*from, *to), load.latency(), load.self().lateness(),
                      load.deliveries(), *outcome};
}

int run(LatencyRun& run, size_t rounds, const std::string& json_path) {
  std::vector<Row<LatencyRound>> rows;
  Status status = prepare(run.base, run.load.subscribers);
  if (status.ok()) status = check_payload(run.payload_bytes);
  if (status.ok()) status = find_rows(run.base.contenders, run.base.programs, rows);
  if (status.ok()) {
    status = run_alternating(
        rounds, rows, [&](const Contender& contender) { return measure(contender, run); },
        [&](size_t round, const Contender& contender, const LatencyRound& result) {
          fmt::print(stderr, "round {} of {}  {:<12} p50 {:>7.0f} us  p99 {:>7.0f} us\n", round,
                     rounds, contender.name, microseconds(result.latency, 50),
                     microseconds(result.latency, 99));
        });
  }
  if (status.ok() && !json_path.empty()) status = write_text(json_path, json(run, rows));
  if (!status.ok()) return report_failure("latency_bench", status);
  fmt::print("{}", table(run, rows));
  return is_whole(rows) ? 0 : 1;
}

constexpr const char* kAbout =
    R"(Latency of fan-out: one publisher at a fixed rate, N subscribers of one topic.
Each delivery counts from the time its message should have been sent. The server runs on the first
core, publisher and subscribers on the last.)";

constexpr const char* kFooter =
    R"(Exit codes: 0 measured, 1 something went wrong or messages were lost, 2 usage, 77 not on this
machine.

Example:
  latency_bench --subscribers 1000 --rate 50 --contenders relay-k1,ringroad --rounds 7)";

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  using namespace ringroad::bench;
  CLI::App app(kAbout, "latency_bench");
  LatencyRun options;
  options.base = default_options(argc, argv);
  options.base.contenders = {"relay-limit", "ringroad", "redis"};
  options.base.warm_up = std::chrono::milliseconds(500);
  size_t rounds = 7;
  std::string json_path;
  add_common_options(app, options.base, rounds, json_path);
  app.add_option("--subscribers", options.load.subscribers, "Connections that receive everything")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--rate", options.load.per_second, "Messages per second")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  app.add_option("--payload", options.payload_bytes, "Bytes of payload, 24 or more")
      ->capture_default_str()
      ->check(CLI::Range(24, 65'536));
  app.footer(kFooter);
  CLI11_PARSE(app, argc, argv);
  return run(options, rounds, json_path);
}
