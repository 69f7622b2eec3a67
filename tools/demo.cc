// demo.cc — `ringroad demo`: a gateway, a fleet and its audience in one process, every message
// checked.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "tools/commands.h"
#include "tools/demo_run.h"
#include "tools/fleet_grid.h"
#include "tools/fleet_trace.h"
#include "tools/limits.h"
#include "tools/number_options.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace ringroad::tools {
namespace {

struct DemoOptions {
  std::string program = "ringroad";  // as it was called
  std::string trace;                 // empty: the grid
  std::string save;
  std::optional<double> from_s;
  uint32_t vehicles = 200;
  uint64_t seed = 1;
  DemoPlan plan;
};

Result<std::unique_ptr<FleetSource>> open_source(const DemoOptions& options) {
  const DemoPlan& plan = options.plan;
  if (options.trace.empty()) {
    return std::unique_ptr<FleetSource>(
        std::make_unique<GridFleet>(GridOptions{.vehicles = options.vehicles,
                                                .duration_s = plan.duration_s * plan.speed,
                                                .seed = options.seed}));
  }
  Result<TraceFleet> trace = TraceFleet::load(
      options.trace, {.from_s = options.from_s, .seconds = plan.duration_s * plan.speed});
  if (!trace.ok()) return trace.status();
  return std::unique_ptr<FleetSource>(std::make_unique<TraceFleet>(std::move(*trace)));
}

/// Both ends of every connection are in this process.
Status check_file_limit(const DemoPlan& plan, size_t vehicles) {
  const uint64_t wanted = 2 * (plan.subscribers + vehicles) + 128;
  const uint64_t allowed = raise_file_limit().soft;
  if (wanted <= allowed) return {};
  return Status(
      StatusCode::resource_exhausted,
      fmt::format("{} and {} need {} open files, and {} are allowed: ulimit -n {}, or fewer "
                  "--subscribers",
                  plural(plan.subscribers, "subscriber"), plural(vehicles, "vehicle"),
                  grouped(wanted), grouped(allowed), wanted));
}

void print_title(const DemoRun& run, const DemoOptions& options, size_t vehicles,
                 const Palette& palette) {
  const std::string origin = options.trace.empty()
                                 ? "driving a made-up town"
                                 : fmt::format("replayed from {}", printable(options.trace));
  fmt::print("{}\n{}\n\n",
             palette.strong(fmt::format(
                 "Ringroad demo: {} send positions through one gateway to {}",
                 plural(vehicles, "vehicle"), plural(options.plan.subscribers, "subscriber"))),
             palette.faint(fmt::format(
                 "{} at speed x{:g}; {} on {} by io_uring; every delivery is checked", origin,
                 options.plan.speed, plural(run.shards(), "shard"), run.address())));
  std::fflush(stdout);
}

void print_summary(const DemoResult& result, const DemoRun& run, const DemoOptions& options,
                   const Palette& palette) {
  const DeliveryVerdict& verdict = result.verdict;
  const size_t wide = run.audience().wide_count();
  fmt::print("\n  sent        {} in {:.1f} s over {}\n", plural(result.sent, "position"),
             result.seconds, plural(run.fleet().connections(), "connection"));
  fmt::print("  delivered   {} of {} expected, to {} of the whole fleet and {} of one vehicle\n",
             grouped(verdict.received), grouped(verdict.expected), plural(wide, "subscriber"),
             grouped(options.plan.subscribers - wide));
  fmt::print("  latency     p50 {}   p99 {}   p99.9 {}   max {}   (send call to callback)\n",
             duration_text(result.latency.percentile(0.5)),
             duration_text(result.latency.percentile(0.99)),
             duration_text(result.latency.percentile(0.999)),
             duration_text(result.latency.percentile(1.0)));
  fmt::print("  faults      {} missing, {} doubled, {} out of order, {} stray\n",
             grouped(verdict.missing), grouped(verdict.doubled), grouped(verdict.out_of_order),
             grouped(verdict.stray));
  if (result.held_back > 0) {
    fmt::print("  note        the fleet was faster than the gateway: {} had to wait\n",
               plural(result.held_back, "send"));
  }
  if (result.lost > 0) {
    fmt::print("  note        {} lost ({} as slow clients)\n",
               plural(result.lost, "subscriber connection"),
               grouped(result.server.closed_slow_client));
  }
  const std::string text =
      verdict.perfect()
          ? palette.good("PASS") +
                "  every subscriber got every message it should have, once and in order"
          : palette.bad("FAIL") +
                "  not every subscriber got every message it should have, once and in order";
  fmt::print("\n{}\n", text);
}

/// Something larger each time; in the end, the gateway on its own.
std::string hint(const DemoOptions& options) {
  constexpr double kFast = 100.0;
  if (options.trace.empty() && options.vehicles < 1'000) {
    return options.program +
           " demo --vehicles 1000 --subscribers 4000, or your own drives: --trace FILE.csv.gz";
  }
  if (!options.trace.empty() && options.plan.speed < kFast) {
    return fmt::format("{} demo --trace {} --speed {:g}", options.program, printable(options.trace),
                       options.plan.speed * 10);
  }
  return fmt::format("{0} serve, and in another terminal: {0} sub vsoa://127.0.0.1:3005 /",
                     options.program);
}

ExitCode drive_and_judge(DemoRun& run, const DemoOptions& options, FleetRecorder& recorder,
                         const Palette& palette) {
  DemoView view(stdout_output());
  const Status driven = run.drive(view);
  run.drain(view);
  const DemoResult result = run.finish();
  print_summary(result, run, options, palette);
  const Status saved = recorder.close();
  if (!driven.ok()) return fail(driven, Stage::work);
  if (!saved.ok()) return fail(saved, Stage::work);
  if (!result.verdict.perfect()) return ExitCode::answer_is_no;
  fmt::print("{}\n", palette.faint("Next: " + hint(options)));
  return ExitCode::ok;
}

ExitCode run_demo(DemoOptions options) {
  WaitPoint wait_point;
  const Result<std::unique_ptr<FleetSource>> source = open_source(options);
  if (!source.ok()) return fail(source.status(), Stage::listen);
  const size_t vehicles = (*source)->names().size();
  if (!options.trace.empty()) options.plan.connections = DemoFleet::Connections::one_per_vehicle;
  const Status enough = check_file_limit(options.plan, vehicles);
  if (!enough.ok()) return fail(enough, Stage::listen);
  FleetRecorder recorder;
  const Status opened = options.save.empty() ? Status() : recorder.open(options.save);
  if (!opened.ok()) return fail(opened, Stage::listen);

  DemoRun run(options.plan, **source, recorder, wait_point);
  const Status listening = run.listen();
  if (!listening.ok()) return fail(listening, Stage::listen);
  const Palette palette(stdout_output());
  print_title(run, options, vehicles, palette);
  const Status connected = run.connect();
  if (!connected.ok()) return fail(connected, Stage::connect);
  return drive_and_judge(run, options, recorder, palette);
}

constexpr const char* kFooter =
    R"(Every vehicle numbers its positions. Every subscriber checks that it got each number of the
vehicles it listens to, once and in order. Exit 0: all did. Exit 1: something was missing, doubled
or out of order. If the fleet is faster than the gateway, it waits; nothing is dropped.

A trace is CSV, plain or gzip, sorted by time, with the header
  time_s,vehicle,lat,lon,speed_kmh

Examples: a larger fleet for a minute; keep what it did; replay it three times as fast
  ringroad demo --vehicles 1000 --subscribers 4000 --duration 60 --save drive.csv.gz
  ringroad demo --trace drive.csv.gz --speed 3 --duration 20)";

void add_fleet_options(CLI::App& app, DemoOptions& options) {
  CLI::Option* trace = app.add_option("--trace", options.trace, "Replay these positions")
                           ->check(CLI::Validator(CLI::ExistingFile).description(""))
                           ->type_name("FILE.csv[.gz]");
  app.add_option("--from", options.from_s, "Where in the trace to start (default: its first row)")
      ->needs(trace)
      ->type_name("SECONDS");
  app.add_option("--speed", options.plan.speed, "How much faster than it happened")
      ->capture_default_str()
      ->check(decimal(0.001, 1e6))
      ->type_name("X");
  app.add_option("--vehicles", options.vehicles, "How many drive, ten positions per second each")
      ->capture_default_str()
      ->check(whole(1, 100'000))
      ->excludes(trace)
      ->type_name("N");
  app.add_option("--seed", options.seed, "Another drive")
      ->capture_default_str()
      ->check(whole(0))
      ->excludes(trace)
      ->type_name("N");
  app.add_option("--save", options.save, "Record what the fleet sent, as a trace")
      ->type_name("FILE.csv[.gz]");
}

}  // namespace

Command add_demo(CLI::App& root) {
  CLI::App* app = root.add_subcommand("demo", "See it work: a fleet, a gateway, an audience");
  const auto options = std::make_shared<DemoOptions>();
  add_fleet_options(*app, *options);
  app->add_option("--duration", options->plan.duration_s, "How long the fleet drives")
      ->capture_default_str()
      ->check(decimal(0.1, 86'400.0))
      ->type_name("SECONDS");
  app->add_option("--subscribers", options->plan.subscribers, "How many listen")
      ->capture_default_str()
      ->check(whole(1, 1'000'000))
      ->type_name("N");
  app->add_option("--shards", options->plan.shards, "Threads of the gateway (0 = one per core)")
      ->capture_default_str()
      ->check(whole(0, 64))
      ->type_name("N");
  app->footer(kFooter);
  options->program = root.get_name();
  return {app, [options] { return run_demo(*options); }};
}

}  // namespace ringroad::tools
