// main.cc — `fanout_bench`: fan-out of several servers and of the kernel's limits, side by side.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/macro/report.h"

namespace ringroad::bench {
namespace {

constexpr size_t kWindowBytes = size_t{128} << 20;
constexpr size_t kWindowMax = 256;
constexpr size_t kOverheadBytes = 64;
constexpr size_t kFilesBesides = 64;

struct Options {
  RoundOptions round;
  size_t rounds = 7;
  double seconds = 2.0;
  std::vector<std::string> contenders = contender_names();
  std::string json;
};

Status raise_file_limit(size_t subscribers) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (subscribers + kFilesBesides <= limit.rlim_cur) return {};
  return Status(StatusCode::resource_exhausted,
                fmt::format("--subscribers {}: this process may have {} open files (ulimit -Hn)",
                            subscribers, limit.rlim_cur));
}

size_t default_window(const RoundOptions& options) {
  const size_t in_flight = options.load.subscribers * (options.payload_bytes + kOverheadBytes);
  return std::clamp<size_t>(kWindowBytes / in_flight, 1, kWindowMax);
}

Status prepare(Options& options) {
  if (Status status = check_payload(options.round.payload_bytes); !status.ok()) return status;
  if (options.round.load.window == 0) options.round.load.window = default_window(options.round);
  options.round.measured = std::chrono::milliseconds(static_cast<int64_t>(options.seconds * 1000));
  const std::vector<int> cores = allowed_cores();
  if (cores.size() < 2) {
    return Status(
        StatusCode::unsupported,
        "two cores are needed, one for the server and one for the load (taskset, cpuset)");
  }
  options.round.server_core = cores.front();
  if (Status status = pin_to(cores.back()); !status.ok()) return status;
  return raise_file_limit(options.round.load.subscribers);
}

/// Contenders that are not installed are named and left out; a name nobody knows is an error.
Status find_rows(const Options& options, Report& report) {
  for (const std::string& name : options.contenders) {
    Result<Contender> contender = find_contender(name, options.round.programs);
    if (contender.ok()) {
      report.rows.push_back({std::move(*contender), {}});
    } else if (contender.status().code() == StatusCode::unsupported) {
      fmt::print(stderr, "SKIP {}: {}\n", name, contender.status().message());
    } else {
      return contender.status();
    }
  }
  return {};
}

/// Everybody takes part in every round, each round begins with another.
Status run_rounds(const Options& options, Report& report) {
  for (size_t round = 0; round < options.rounds; ++round) {
    for (size_t turn = 0; turn < report.rows.size(); ++turn) {
      ContenderRounds& row = report.rows[(round + turn) % report.rows.size()];
      const Result<Round> result = run_round(row.contender, options.round);
      if (!result.ok()) {
        return Status(result.status().code(),
                      fmt::format("{}: {}", row.contender.name, result.status().message()));
      }
      row.rounds.push_back(*result);
      fmt::print(stderr, "round {} of {}  {:<12} {:>10.0f} k deliveries/s {:>7.0f} ns\n", round + 1,
                 options.rounds, row.contender.name, result->deliveries_per_s / 1e3,
                 result->server_ns_per_delivery);
    }
  }
  return {};
}

bool is_whole(const Report& report) {
  return std::all_of(report.rows.begin(), report.rows.end(), [](const ContenderRounds& row) {
    return std::all_of(row.rounds.begin(), row.rounds.end(),
                       [](const Round& round) { return round.missing == 0; });
  });
}

int run(Options options, std::string command) {
  Report report = {.options = {}, .command = std::move(command), .rows = {}};
  Status status = prepare(options);
  report.options = options.round;
  if (status.ok()) status = find_rows(options, report);
  if (status.ok()) status = run_rounds(options, report);
  if (status.ok() && !options.json.empty()) status = write_json(report, options.json);
  if (!status.ok()) {
    fmt::print(stderr, "fanout_bench: {}\n", status.message());
    return status.code() == StatusCode::invalid_argument ? 2 : 1;
  }
  fmt::print("{}", table(report));
  return is_whole(report) ? 0 : 1;
}

void add_options(CLI::App& app, Options& options) {
  RoundOptions& round = options.round;
  round.load.window = 0;
  round.programs = {.ringroad = RINGROAD_PROGRAM,
                    .yardstick = RINGROAD_YARDSTICK,
                    .redis_conf = RINGROAD_REDIS_CONF};
  app.add_option("--subscribers", round.load.subscribers, "Connections that receive everything")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--payload", round.payload_bytes, "Bytes of payload")->capture_default_str();
  app.add_option("--window", round.load.window,
                 "Publishes in flight (0: 256, or what 128 MiB allow)")
      ->capture_default_str()
      ->check(CLI::Range(0, 65'536));
  app.add_option("--rounds", options.rounds, "Times that each server is measured")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "Measured time of a round, after 0.3 s of warm-up")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 600.0));
  app.add_option("--contenders", options.contenders, "Comma-separated")
      ->delimiter(',')
      ->default_str(fmt::format("{}", fmt::join(contender_names(), ",")));
  app.add_option("--ringroad", round.programs.ringroad, "The program to measure")
      ->capture_default_str();
  app.add_option("--json", options.json, "Also write all rounds to this file");
}

constexpr const char* kAbout =
    R"(Fan-out: one publisher, N subscribers of one topic, frames of equal length on the wire.
The server runs on the first core, publisher and subscribers on the last.)";

constexpr const char* kFooter =
    R"(limit-k1     one send per subscriber and message, nothing else: the limit without coalescing
relay-limit  raw frames, everything since the cursor in one send: the limit with coalescing
Exit codes: 0 measured, 1 something went wrong or messages were lost, 2 usage.

Example: without any coalescing
  fanout_bench --subscribers 1000 --window 1 --rounds 7 --json window1.json)";

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  CLI::App app(ringroad::bench::kAbout, "fanout_bench");
  ringroad::bench::Options options;
  ringroad::bench::add_options(app, options);
  app.footer(ringroad::bench::kFooter);
  CLI11_PARSE(app, argc, argv);
  std::string command = "fanout_bench";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  return ringroad::bench::run(std::move(options), std::move(command));
}
