// lookup.cc — `ringroad lookup`: asks position servers where a server is.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "ringroad/position.h"
#include "tools/commands.h"
#include "tools/number_options.h"

namespace ringroad::tools {
namespace {

struct LookupArguments {
  std::string name;
  std::string domain = "any";
  double timeout_s = 2.0;
  LookupOptions options = {};
};

ExitCode run_lookup(LookupArguments arguments) {
  const std::map<std::string, AddressFamily> families = {
      {"any", AddressFamily::any}, {"4", AddressFamily::ipv4}, {"6", AddressFamily::ipv6}};
  arguments.options.timeout =
      std::chrono::milliseconds(static_cast<int64_t>(arguments.timeout_s * 1'000.0));
  const Result<ServerPosition> position =
      lookup(arguments.name, families.at(arguments.domain), arguments.options);
  if (!position.ok()) {
    const bool unknown = position.status().code() == StatusCode::not_found;
    return fail(position.status(), unknown ? Stage::work : Stage::connect);
  }
  fmt::print("vsoa://{}{}\n", position->address(),
             position->security.value_or(false) ? " with TLS" : "");
  return ExitCode::ok;
}

constexpr const char* kFooter =
    R"(Without --server those in the environment variable VSOA_POS_SERVER are asked (ip[:port], with commas
between), then those in /etc/vsoa.pos (a line each: ip port). A missing port is 54. Each is asked twice.

Example: where is the lamp, and is it there?
  ringroad lookup lamp --server 127.0.0.1:5400
  ringroad ping $(ringroad lookup lamp --server 127.0.0.1:5400))";

}  // namespace

Command add_lookup(CLI::App& root) {
  CLI::App* app = root.add_subcommand("lookup", "Ask a position server where a server is");
  const auto arguments = std::make_shared<LookupArguments>();
  app->add_option("name", arguments->name, "The server's name")->required();
  app->add_option("--server", arguments->options.server, "The position server to ask")
      ->type_name("HOST[:PORT]");
  app->add_option("--domain", arguments->domain, "IPv4 or IPv6 only")
      ->capture_default_str()
      ->check(CLI::IsMember({"4", "6", "any"}))
      ->type_name("4|6|any");
  app->add_option("--timeout", arguments->timeout_s, "Seconds to wait for each answer")
      ->capture_default_str()
      ->check(decimal(0.001, 60.0))
      ->type_name("SECONDS");
  app->footer(kFooter);
  return {app, [arguments] { return run_lookup(*arguments); }};
}

}  // namespace ringroad::tools
