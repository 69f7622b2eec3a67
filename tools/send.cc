// send.cc — `ringroad send`: sends datagrams; a gateway relays them to the subscribers of their
// URL.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "ringroad/client.h"
#include "tools/commands.h"
#include "tools/number_options.h"
#include "tools/remote.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds(1);
constexpr const char* kExample = "vsoa://127.0.0.1:3005/fleet/7/pos";

struct SendOptions {
  RemoteOptions remote;
  ContentOptions content;
  bool quick = false;
};

/// Queues one datagram; a full queue is waited for.
Status send_one(Client& client, std::string_view url, const PayloadView& payload, Channel channel,
                WaitPoint& wait_point, std::chrono::milliseconds timeout) {
  const auto deadline = WaitPoint::Clock::now() + timeout;
  Status status = client.datagram(url, payload, channel);
  while (status.code() == StatusCode::overloaded && WaitPoint::Clock::now() < deadline) {
    if (wait_point.wait_until(WaitPoint::Clock::now() + kRetryAfter) == Wake::interrupted) {
      return interrupted_status();
    }
    status = client.datagram(url, payload, channel);
  }
  return status;
}

/// What is too long for UDP may go by TCP.
Status with_cure(const Status& status, Channel channel) {
  const bool too_long = status.message().find("too long") != std::string::npos;
  if (channel != Channel::quick || !too_long) return status;
  return {status.code(), status.message() + ", or send without --quick"};
}

Status send_all(Client& client, const SendOptions& options, const Target& target,
                std::string_view data, WaitPoint& wait_point) {
  const PayloadView payload = {.param = options.content.param, .data = data};
  const Channel channel = options.quick ? Channel::quick : Channel::normal;
  for (uint64_t i = 0; i < options.remote.count; ++i) {
    const Status status =
        send_one(client, target.url, payload, channel, wait_point, options.remote.timeout());
    if (!status.ok()) return with_cure(status, channel);
  }
  // Packets of one connection are read in order: the echo says that ours were read before it.
  return ping(client, options.remote.timeout(), wait_point).status();
}

ExitCode run_send(const SendOptions& options) {
  const Result<Target> target = target_with_url(options.remote, kExample);
  if (!target.ok()) return fail(target.status(), Stage::connect);
  const Result<std::string> data = read_data(options.content);
  if (!data.ok()) return fail(data.status(), Stage::connect);
  warn_of_param(options.content);
  WaitPoint wait_point;
  Client client;
  const Status connected = connect(client, target->server,
                                   {.password = options.remote.password,
                                    .timeout = options.remote.timeout(),
                                    .quick = options.quick},
                                   wait_point);
  if (!connected.ok()) return fail(connected, Stage::connect);
  return fail(send_all(client, options, *target, *data, wait_point), Stage::work);
}

constexpr const char* kFooter =
    R"(Ends when the server has read everything (with --quick: when it has been sent; UDP may lose it).

Example: one position; everybody who subscribed to /fleet/ gets it
  ringroad send vsoa://127.0.0.1:3005/fleet/7/pos --param '{"vehicle":7,"kmh":42}')";

}  // namespace

Command add_send(CLI::App& root) {
  CLI::App* app = root.add_subcommand("send", "Send a datagram");
  const auto options = std::make_shared<SendOptions>();
  app->add_option("target", options->remote.target, "vsoa://HOST:PORT, with the URL or before it")
      ->required();
  app->add_option("url", options->remote.urls, "Whom it is for")->expected(0, 1)->type_name("/URL");
  app->add_flag("--quick", options->quick, "By UDP: may be lost or overtake others");
  add_content_options(*app, options->content);
  add_remote_options(*app, options->remote);
  app->add_option("--count", options->remote.count, "Send it so many times")
      ->capture_default_str()
      ->check(whole(1))
      ->type_name("N");
  app->footer(kFooter);
  return {app, [options] { return run_send(*options); }};
}

}  // namespace ringroad::tools
