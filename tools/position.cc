// position.cc — `ringroad position`: a position server with a table, so that clients find servers by
// name.
#include "ringroad/position.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/commands.h"
#include "tools/file_bytes.h"
#include "tools/listening.h"
#include "tools/text.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

struct PositionOptions {
  std::string listen = "0.0.0.0:54";
  std::string table;
};

std::string summary_of(const PositionStats& stats) {
  std::string text = fmt::format(
      "stopped after {}\n"
      "  found       {}\n"
      "  unknown     {}\n",
      stats.queries == 1 ? "1 query" : grouped(stats.queries) + " queries", grouped(stats.found),
      grouped(stats.not_found));
  const std::pair<uint64_t, const char*> kTroubles[] = {
      {stats.malformed, "datagrams that are no query"},
      {stats.answers_dropped, "answers dropped, UDP socket full"},
      {stats.overrun, "datagrams lost on their way in, UDP socket full"},
  };
  for (const auto& [count, name] : kTroubles) {
    if (count > 0) text += fmt::format("  note        {} {}\n", grouped(count), name);
  }
  return text;
}

ExitCode run_position(const PositionOptions& options) {
  const Result<std::string> text = read_file(options.table);
  if (!text.ok()) return fail(text.status(), Stage::listen);
  Result<std::vector<PositionEntry>> table = parse_position_table(*text);
  if (!table.ok()) {
    return fail(ExitCode::usage, options.table + ": " + table.status().message());
  }
  WaitPoint wait_point;
  PositionServer server;
  if (const Status set = server.set_table(*table); !set.ok()) return fail(set, Stage::listen);
  if (const Status listening = server.listen(options.listen); !listening.ok()) {
    return fail_to_listen(listening);
  }
  fmt::print("answering position queries on {}, {} (Ctrl-C stops)\n", server.address(),
             plural(table->size(), "server"));
  for (const PositionEntry& entry : *table) {
    fmt::print("  {} is vsoa://{}{}\n", printable(entry.name), entry.position.address(),
               entry.position.security.value_or(false) ? " with TLS" : "");
  }
  std::fflush(stdout);
  while (wait_point.wait() != Wake::interrupted) continue;
  server.stop();
  fmt::print("{}", summary_of(server.stats()));
  return ExitCode::ok;
}

constexpr const char* kFooter =
    R"(The table is a JSON array; domain (2 IPv4, 10 IPv6) and security may be left out:
  [{"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2,"security":false}]
Names are compared without case. What is not in the table is answered {}.

Example: where the servers of a vehicle are
  ringroad position --listen 0.0.0.0:5400 --table servers.json
  VSOA_POS_SERVER=127.0.0.1:5400 ringroad lookup lamp)";

}  // namespace

Command add_position(CLI::App& root) {
  CLI::App* app = root.add_subcommand("position", "Run a position server: names to addresses");
  const auto options = std::make_shared<PositionOptions>();
  add_listen_option(*app, options->listen);
  app->add_option("--table", options->table, "Which server is where")
      ->required()
      ->type_name("FILE.json");
  app->footer(kFooter);
  return {app, [options] { return run_position(*options); }};
}

}  // namespace ringroad::tools
