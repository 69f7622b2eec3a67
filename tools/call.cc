// call.cc — `ringroad call`: asks a server and prints the answer.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "ringroad/client.h"
#include "tools/commands.h"
#include "tools/number_options.h"
#include "tools/remote.h"
#include "tools/text.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

constexpr const char* kExample = "vsoa://127.0.0.1:3005/lamp/kitchen";

struct CallOptions {
  RemoteOptions remote;
  ContentOptions content;
  bool set = false;
};

ExitCode print_reply(const Reply& reply, std::string_view url) {
  if (!reply.payload.param.empty()) fmt::print("{}\n", reply.payload.param);
  if (!reply.payload.data.empty()) fmt::print("{}\n", hex_text(reply.payload.data));
  std::fflush(stdout);
  if (reply.status == ReplyStatus::success) return ExitCode::ok;
  return fail(ExitCode::answer_is_no,
              fmt::format("{} answered {}", url, status_text(reply.status)));
}

ExitCode run_call(const CallOptions& options) {
  const Result<Target> target = target_with_url(options.remote, kExample);
  if (!target.ok()) return fail(target.status(), Stage::connect);
  const Result<std::string> data = read_data(options.content);
  if (!data.ok()) return fail(data.status(), Stage::connect);
  warn_of_param(options.content);
  WaitPoint wait_point;
  Client client;
  const Status connected = connect(
      client, target->server,
      {.password = options.remote.password, .timeout = options.remote.timeout(), .quick = false},
      wait_point);
  if (!connected.ok()) return fail(connected, Stage::connect);
  const CallRequest request = {.method = options.set ? Method::set : Method::get,
                               .param = options.content.param,
                               .data = *data,
                               .timeout = options.remote.timeout()};
  ExitCode code = ExitCode::ok;
  for (uint64_t i = 0; i < options.remote.count && code == ExitCode::ok; ++i) {
    const Result<Reply> reply = fetch(client, target->url, request, wait_point);
    code = reply.ok() ? print_reply(*reply, target->url) : fail(reply.status(), Stage::work);
  }
  return code;
}

constexpr const char* kFooter =
    R"(Prints the param of the answer. Any status but success is exit 1, with its name on stderr.

Example: switch a lamp on, then ask a running `ringroad serve` for its counters
  ringroad call vsoa://127.0.0.1:3005/lamp/kitchen --set --param '{"on":true}'
  ringroad call vsoa://127.0.0.1:3005/ringroad/stats)";

}  // namespace

Command add_call(CLI::App& root) {
  CLI::App* app = root.add_subcommand("call", "Call a command and print its answer");
  const auto options = std::make_shared<CallOptions>();
  app->add_option("target", options->remote.target, "vsoa://HOST:PORT, with the URL or before it")
      ->required();
  app->add_option("url", options->remote.urls, "What to call")->expected(0, 1)->type_name("/URL");
  app->add_flag("--set", options->set, "Method SET (default: GET)");
  add_content_options(*app, options->content);
  add_remote_options(*app, options->remote);
  app->add_option("--count", options->remote.count, "Call so many times, one after the other")
      ->capture_default_str()
      ->check(whole(1))
      ->type_name("N");
  app->footer(kFooter);
  return {app, [options] { return run_call(*options); }};
}

}  // namespace ringroad::tools
