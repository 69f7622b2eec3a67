// playground_command.cc — `ringroad playground`: the well-known server, until Ctrl-C.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "tools/commands.h"
#include "tools/limits.h"
#include "tools/listening.h"
#include "tools/password_option.h"
#include "tools/playground.h"
#include "tools/server_report.h"
#include "tools/text.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

struct PlaygroundCommandOptions {
  std::string listen = "0.0.0.0:3005";
  PlaygroundOptions playground;
};

void print_summary(const Playground& playground) {
  const PlaygroundCounts& counts = playground.counts();
  fmt::print("  published   {}, {} refused\n", plural(counts.rounds, "round"),
             plural(counts.publishes_refused, "message"));
  fmt::print("  sent back   {} of {}\n", grouped(counts.datagrams - counts.echoes_refused),
             plural(counts.datagrams, "datagram"));
}

ExitCode run_playground(const PlaygroundCommandOptions& options) {
  WaitPoint wait_point;
  const Limit files = raise_file_limit();
  Playground playground(options.playground);
  const Status listening = playground.listen(options.listen);
  if (!listening.ok()) return fail_to_listen(listening);
  fmt::print("serving vsoa://{} as a playground {} (Ctrl-C stops)\n{}", playground.address(),
             password_note(options.playground.password), room_line(files, 1));
  std::fflush(stdout);
  run_rounds(playground, wait_point);
  const ServerStats last = playground.stats();
  playground.stop();
  fmt::print("{}", summary_text(last, Relay::off));
  print_summary(playground);
  return ExitCode::ok;
}

constexpr const char* kFooter =
    R"(It answers calls:
  /echo         param and data, unchanged
  /add          {"a":19,"b":23} -> {"sum":42}; status 2 if that is not what it got
  /wild/...     {"url":"/wild/..."}, the URL that was called
  /method       {"method":0} for GET, {"method":1} for SET
  /fail         {"status":128} -> that status, with {"error":"asked"}
  /prio         SET {"prio":0..7} -> that priority for this client, and {"prio":..}; GET -> the
                present one; status 2 if that is no priority
  /dgram/last   {"n":count,"last":{"url":..,"quick":..,"param":..,"len":..}} of datagrams
  /get_data     {"size":1048576} and a stream of that many bytes: byte i is (i*7 + (i>>8)) & 0xff
  /put_data     a stream that takes what comes
  /put_result   {"size":n,"crc32":c} of the last put that has ended; {"size":-1} before
  all others    status 3; an answer that would not fit into a packet is status 6
publishes every 100 ms, n = 1, 2, 3, ...:
  /tick         {"n":n}
  /fleet/1/pos  {"id":1,"x":n,"y":-n} and two bytes: 1, n&255; the same for 2 and 3
  /qtick        {"n":n} and "Q", by UDP
and sends every datagram that has a URL back to where it came from, as far as the sender's queue
takes them.

Example: in one terminal, then in another
  ringroad playground --listen 127.0.0.1:3005
  ringroad sub vsoa://127.0.0.1:3005 /fleet/
  ringroad conform vsoa://127.0.0.1:3005)";

}  // namespace

Command add_playground(CLI::App& root) {
  CLI::App* app = root.add_subcommand("playground", "Run a well-known server to try clients on");
  const auto options = std::make_shared<PlaygroundCommandOptions>();
  add_listen_option(*app, options->listen);
  add_password_options(*app, options->playground.password, "What clients must present");
  app->footer(kFooter);
  return {app, [options] { return run_playground(*options); }};
}

}  // namespace ringroad::tools
