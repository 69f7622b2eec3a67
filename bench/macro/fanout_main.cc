// fanout_main.cc — `fanout_bench`: fan-out of several servers and of the kernel's limits, side by side.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/macro/bench_command.h"
#include "bench/macro/report.h"
#include "bench/macro/rounds.h"

namespace ringroad::bench {
namespace {

constexpr size_t kWindowBytes = size_t{128} << 20;
constexpr size_t kWindowMax = 256;
constexpr size_t kOverheadBytes = 64;

struct FanoutRun {
  CommonOptions base;
  RoundOptions round;
};

size_t default_window(const RoundOptions& options) {
  const size_t in_flight = options.load.subscribers * (options.payload_bytes + kOverheadBytes);
  return std::clamp<size_t>(kWindowBytes / in_flight, 1, kWindowMax);
}

Status prepare_round(FanoutRun& run) {
  if (Status status = check_payload(run.round.payload_bytes); !status.ok()) return status;
  if (run.round.load.window == 0) run.round.load.window = default_window(run.round);
  run.base.programs.host = run.round.load.host;
  const Status status = prepare(run.base, run.round.load.subscribers + Churn::kChurners);
  run.round.measured = run.base.measured;
  run.round.server_core = run.base.server_core;
  run.round.programs = run.base.programs;
  return status;
}

bool is_whole(const Report& report) {
  return std::all_of(report.rows.begin(), report.rows.end(), [](const Row<Round>& row) {
    return std::all_of(row.rounds.begin(), row.rounds.end(),
                       [](const Round& round) { return round.missing == 0; });
  });
}

int run_bench(FanoutRun& run, size_t rounds, const std::string& json_path) {
  Report report = {.options = {}, .command = run.base.command, .rows = {}};
  Status status = prepare_round(run);
  report.options = run.round;
  if (status.ok()) status = find_rows(run.base.contenders, run.base.programs, report.rows);
  if (status.ok()) {
    status = run_alternating(
        rounds, report.rows,
        [&](const Contender& contender) { return run_round(contender, run.round); },
        [&](size_t round, const Contender& contender, const Round& result) {
          fmt::print(stderr, "round {} of {}  {:<12} {:>10.0f} k deliveries/s {:>7.0f} ns\n", round,
                     rounds, contender.name, result.deliveries_per_s / 1e3,
                     result.server_ns_per_delivery);
        });
  }
  if (status.ok() && !json_path.empty()) status = write_text(json_path, json(report));
  if (!status.ok()) return report_failure("fanout_bench", status);
  fmt::print("{}", table(report));
  return is_whole(report) ? 0 : 1;
}

constexpr const char* kAbout =
    R"(Fan-out: one publisher, N subscribers of one topic, frames of equal length on the wire.
The server runs on the first core, publisher and subscribers on the last.)";

constexpr const char* kFooter =
    R"(limit-k1     one send per subscriber and message, nothing else: the limit without coalescing
relay-limit  raw frames, everything since the cursor in one send: the limit with coalescing
relay-k1     the same with one send per message, subscriber by subscriber
zmq, nats, mosquitto, redis, vsoa-node: who is not installed is skipped, and named
ringroad-copy, ringroad-lend  never, always zero-copy sends; only if asked for
ringroad-churn  1,000 subscriptions and unsubscriptions a second meanwhile; only if asked for
Exit codes: 0 measured, 1 something went wrong or messages were lost, 2 usage, 77 not on this
machine.

Example: without any coalescing
  fanout_bench --subscribers 1000 --window 1 --rounds 7 --json window1.json)";

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  using namespace ringroad::bench;
  CLI::App app(kAbout, "fanout_bench");
  FanoutRun run;
  run.base = default_options(argc, argv);
  run.base.contenders = contender_names();
  run.round.load.window = 0;
  size_t rounds = 7;
  std::string json_path;
  add_common_options(app, run.base, rounds, json_path);
  app.add_option("--subscribers", run.round.load.subscribers, "Connections that receive everything")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--payload", run.round.payload_bytes, "Bytes of payload")->capture_default_str();
  app.add_option("--window", run.round.load.window,
                 "Publishes in flight (0: 256, or what 128 MiB allow)")
      ->capture_default_str()
      ->check(CLI::Range(0, 65'536));
  app.add_option("--host", run.round.load.host, "Where ringroad listens (contenders ringroad*)")
      ->capture_default_str();
  app.add_option("--netns", run.base.programs.namespace_name,
                 "Network namespace that ringroad runs in (ip netns)");
  app.footer(kFooter);
  CLI11_PARSE(app, argc, argv);
  return run_bench(run, rounds, json_path);
}
