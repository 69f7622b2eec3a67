// serve.cc — `ringroad serve`: a standing gateway that relays datagrams to the subscribers of their
// URL.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ringroad/server.h"
#include "tools/commands.h"
#include "tools/json_value.h"
#include "tools/limits.h"
#include "tools/listening.h"
#include "tools/number_options.h"
#include "tools/password_option.h"
#include "tools/server_report.h"
#include "tools/text.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

struct ServeOptions {
  std::string listen = "0.0.0.0:3005";
  ServerOptions server = {.info = R"({"name":"ringroad"})", .relay_prefix = "/"};
  std::string slow_clients = "close";
  bool no_relay = false;
  bool direct_descriptors = false;
  double send_timeout_s = 5.0;
  int keepalive_s = 60;
  double stats_s = 0.0;  // 0 = quiet, unless stderr is a terminal
};

void print_start_line(const Server& server, const ServeOptions& options, const Limit& files) {
  const std::string relay =
      options.server.relay_prefix.empty()
          ? "no relay"
          : fmt::format("relaying datagrams under {}", options.server.relay_prefix);
  const size_t shards = server.shard_stats().size();
  fmt::print("serving vsoa://{} with {} on io_uring, {}, {} (Ctrl-C stops)\n{}", server.address(),
             plural(shards, "shard"), password_note(options.server.password), relay,
             room_line(files, shards, options.server.descriptors));
  std::fflush(stdout);
}

/// One line per interval: in place on a terminal, else one below the other.
void report_until_interrupted(const Server& server, double interval_s, WaitPoint& wait_point) {
  const bool in_place = isatty(STDERR_FILENO) == 1;
  const std::chrono::nanoseconds interval(static_cast<int64_t>(interval_s * 1e9));
  ServerStats before = server.stats();
  auto next = WaitPoint::Clock::now() + interval;
  while (true) {
    const Wake wake = wait_point.wait_until(next);
    if (wake == Wake::interrupted) break;
    if (wake == Wake::notified) continue;
    const ServerStats now = server.stats();
    const std::string line = rate_line(before, now, interval_s);
    fmt::print(stderr, "{}{}{}", in_place ? "\r" : "", line, in_place ? "\033[K" : "\n");
    before = now;
    next += interval;
  }
  if (in_place) fmt::print(stderr, "\r\033[K");
}

/// The library names its options; whoever typed them knows flags.
Status in_flags(const Status& status) {
  constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
      {"queue_bytes_max", "--queue-bytes"},
      {"relay_prefix", "--relay"},
      {"shards", "--shards"},
      {"send_timeout", "--send-timeout"},
      {"keepalive", "--keepalive"},
      {"interface", "--interface"},
  };
  for (const auto& [option, flag] : kFlags) {
    if (!status.message().starts_with(option)) continue;
    return {status.code(), std::string(flag) + status.message().substr(option.size())};
  }
  return status;
}

/// Rounded up, so that nothing but 0 is "never".
std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(std::ceil(seconds * 1e3)));
}

ExitCode run_serve(ServeOptions options) {
  if (options.no_relay) options.server.relay_prefix.clear();
  if (options.slow_clients == "conflate") options.server.backlog = Backlog::conflate;
  options.server.send_timeout = milliseconds_of(options.send_timeout_s);
  options.server.keepalive = std::chrono::seconds(options.keepalive_s);
  if (options.direct_descriptors) options.server.descriptors = ServerOptions::Descriptors::direct;
  WaitPoint wait_point;
  const Limit files = raise_file_limit();
  const Status valid = options.server.validate();
  if (!valid.ok()) return fail(in_flags(valid), Stage::listen);
  if (!options.server.info.empty() && !is_json(options.server.info)) {
    return fail(ExitCode::usage,
                "--info is not JSON text; a plain string needs quotes: '\"name\"'");
  }
  Server server(options.server);
  const Status registered = server.command("/ringroad/stats", [&server](Call& call) {
    const Status replied = call.reply({.param = stats_json(server.stats())});
    if (!replied.ok()) return;  // the caller has gone
  });
  if (!registered.ok()) return fail(registered, Stage::listen);
  const Status listening = server.listen(options.listen);
  if (!listening.ok()) return fail_to_listen(listening);
  print_start_line(server, options, files);
  const bool live = isatty(STDERR_FILENO) == 1;
  if (options.stats_s > 0.0 || live) {
    report_until_interrupted(server, options.stats_s > 0.0 ? options.stats_s : 1.0, wait_point);
  } else {
    while (wait_point.wait() != Wake::interrupted) continue;
  }
  const ServerStats last = server.stats();
  server.stop();
  fmt::print("{}",
             summary_text(last, options.server.relay_prefix.empty() ? Relay::off : Relay::on));
  return ExitCode::ok;
}

std::map<std::string, ZeroCopy> zero_copy_names() {
  return {{"off", ZeroCopy::off}, {"automatic", ZeroCopy::automatic}, {"forced", ZeroCopy::forced}};
}

constexpr const char* kFooter =
    R"(Whoever sends a datagram to /fleet/7/pos reaches everybody who subscribed to it, to /fleet/ or to /.
The command /ringroad/stats answers with the counters.

Example: two shards, a password, datagrams of /fleet/ only
  ringroad serve --listen 0.0.0.0:3005 --shards 2 --password 123456 --relay /fleet/)";

}  // namespace

Command add_serve(CLI::App& root) {
  CLI::App* app = root.add_subcommand("serve", "Run a gateway until Ctrl-C");
  const auto options = std::make_shared<ServeOptions>();
  ServerOptions& server = options->server;
  add_listen_option(*app, options->listen);
  app->add_option("--shards", server.shards, "Threads (0 = one per core)")
      ->capture_default_str()
      ->check(whole(0, 64))
      ->type_name("N");
  add_password_options(*app, server.password, "What clients must present");
  app->add_option("--info", server.info, "What clients are told when they connect")
      ->capture_default_str()
      ->type_name("JSON");
  app->add_option("--queue-bytes", server.queue_bytes_max,
                  "Most bytes that may wait for one client; then it is closed")
      ->capture_default_str()
      ->check(whole(0))
      ->type_name("BYTES");
  app->add_option("--spin", server.spin_percent,
                  "Share of a core for looking on before sleeping (0 = sleep at once)")
      ->capture_default_str()
      ->check(CLI::Range(0, 100))
      ->type_name("PERCENT");
  app->add_option("--slow-clients", options->slow_clients,
                  "What slow ones get: all until they are closed, or the latest of each URL")
      ->capture_default_str()
      ->check(CLI::IsMember({"close", "conflate"}))
      ->type_name("close|conflate");
  app->add_option("--send-timeout", options->send_timeout_s,
                  "A client that takes nothing for so long is reset (0 = never)")
      ->capture_default_str()
      ->check(decimal(0.0, 3'600.0))
      ->type_name("SECONDS");
  app->add_option("--keepalive", options->keepalive_s,
                  "Probe clients that are silent for so long; three misses end them (0 = off)")
      ->capture_default_str()
      ->check(whole(0, 32'767))
      ->type_name("SECONDS");
  app->add_option("--interface", server.interface, "Serve this network interface only")
      ->type_name("NAME");
  app->add_flag("--direct-descriptors", options->direct_descriptors,
                "Connections take no descriptors: room for ulimit -n of them per shard");
  CLI::Option* relay =
      app->add_option("--relay", server.relay_prefix, "Publish datagrams under this URL prefix")
          ->capture_default_str()
          ->type_name("PREFIX");
  app->add_flag("--no-relay", options->no_relay, "Publish no datagrams")->excludes(relay);
  app->add_option("--zero-copy", server.zero_copy, "Send large pieces without a copy")
      ->transform(CLI::CheckedTransformer(zero_copy_names()))
      ->option_text("off|automatic|forced=automatic");
  app->add_option("--stats", options->stats_s, "A line on stderr every so often")
      ->check(decimal(0.1, 86'400.0))
      ->type_name("SECONDS");
  app->footer(kFooter);
  return {app, [options] { return run_serve(*options); }};
}

}  // namespace ringroad::tools
