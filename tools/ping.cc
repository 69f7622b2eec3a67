// ping.cc — `ringroad ping`: round trip times to a server.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ringroad/client.h"
#include "tools/commands.h"
#include "tools/number_options.h"
#include "tools/remote.h"
#include "tools/text.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

struct PingOptions {
  RemoteOptions remote;
  double interval_s = 1.0;
};

void print_summary(std::vector<uint64_t> trips) {
  if (trips.size() < 2) return;
  std::sort(trips.begin(), trips.end());
  fmt::print("{} pings: min {}, median {}, max {}\n", trips.size(), duration_text(trips.front()),
             duration_text(trips[trips.size() / 2]), duration_text(trips.back()));
}

ExitCode ping_all(Client& client, const PingOptions& options, WaitPoint& wait_point) {
  const std::chrono::nanoseconds interval(static_cast<int64_t>(options.interval_s * 1e9));
  std::vector<uint64_t> trips;
  ExitCode code = ExitCode::ok;
  for (uint64_t i = 0; i < options.remote.count && !wait_point.interrupted(); ++i) {
    const auto next = WaitPoint::Clock::now() + interval;
    const auto trip = ping(client, options.remote.timeout(), wait_point);
    if (!trip.ok() && wait_point.interrupted()) break;
    if (!trip.ok()) {
      code = fail(trip.status(), Stage::work);
      break;
    }
    trips.push_back(static_cast<uint64_t>(trip->count()));
    fmt::print("{}  {}\n", options.remote.target, duration_text(trips.back()));
    std::fflush(stdout);
    while (i + 1 < options.remote.count && wait_point.wait_until(next) == Wake::notified) continue;
  }
  const size_t answered = trips.size();
  print_summary(std::move(trips));
  if (code != ExitCode::ok || answered == options.remote.count) return code;
  return fail(ExitCode::answer_is_no, fmt::format("{} of {} when interrupted", grouped(answered),
                                                  plural(options.remote.count, "ping")));
}

ExitCode run_ping(const PingOptions& options) {
  const Result<std::string> server = parse_server(options.remote.target);
  if (!server.ok()) return fail(server.status(), Stage::connect);
  WaitPoint wait_point;
  Client client;
  const Status connected = connect(
      client, *server,
      {.password = options.remote.password, .timeout = options.remote.timeout(), .quick = false},
      wait_point);
  if (!connected.ok()) return fail(connected, Stage::connect);
  return ping_all(client, options, wait_point);
}

constexpr const char* kFooter = R"(Example: ten round trips, five per second
  ringroad ping vsoa://127.0.0.1:3005 --count 10 --interval 0.2)";

}  // namespace

Command add_ping(CLI::App& root) {
  CLI::App* app = root.add_subcommand("ping", "Measure the round trip to a server");
  const auto options = std::make_shared<PingOptions>();
  app->add_option("server", options->remote.target, "vsoa://HOST:PORT")->required();
  add_remote_options(*app, options->remote);
  app->add_option("--count", options->remote.count, "How many")
      ->capture_default_str()
      ->check(whole(1))
      ->type_name("N");
  app->add_option("--interval", options->interval_s, "Seconds from one to the next")
      ->capture_default_str()
      ->check(decimal(0.0, 3600.0))
      ->type_name("SECONDS");
  app->footer(kFooter);
  return {app, [options] { return run_ping(*options); }};
}

}  // namespace ringroad::tools
