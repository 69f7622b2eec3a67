// sub.cc — `ringroad sub`: prints what a server publishes, one line per message.
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
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

constexpr const char* kExample = "vsoa://127.0.0.1:3005 /fleet/";

struct SubOptions {
  RemoteOptions remote;
  bool has_time_limit = false;  // --timeout was given: it also limits the listening
  bool robot = false;
  bool consistent = false;
};

/// Prints on the client's thread; the main thread only waits for the end.
class Printer {
 public:
  enum class Loss : uint8_t { ends, passes };  // passes: a robot connects again

  Printer(WaitPoint& wait_point, uint64_t count, Loss loss)
      : wait_point_(wait_point), count_(count), loss_(loss) {}

  void print(std::string_view url, const PayloadView& payload, Channel channel) {
    if (done()) return;
    std::string line = printable(url);
    if (!payload.param.empty()) line += " " + printable(payload.param);
    if (!payload.data.empty()) line += " " + hex_text(payload.data);
    if (channel == Channel::quick) line += " (quick)";
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
    printed_.fetch_add(1, std::memory_order_release);  // pairs with done() on the main thread
    if (done()) wait_point_.notify();
  }

  void on_connect(bool connected) {
    if (loss_ == Loss::passes) {
      fmt::print(stderr, "{}\n", connected ? "connected" : "not connected; the robot tries again");
      return;
    }
    if (connected) return;
    lost_.store(true, std::memory_order_release);  // pairs with lost()
    wait_point_.notify();
  }

  bool done() const { return count_ != 0 && printed() >= count_; }
  uint64_t printed() const { return printed_.load(std::memory_order_acquire); }
  bool lost() const { return lost_.load(std::memory_order_acquire); }

 private:
  WaitPoint& wait_point_;
  const uint64_t count_;  // 0 = without end
  const Loss loss_;
  std::atomic<uint64_t> printed_{0};
  std::atomic<bool> lost_{false};
};

Status subscribe(Client& client, const std::vector<std::string>& urls, WaitPoint& wait_point) {
  for (const std::string& url : urls) {
    const auto answer = std::make_shared<Answer<Status>>(wait_point);
    const Status started =
        client.subscribe_async(url, [answer](const Status& status) { answer->set(status); });
    if (!started.ok()) return started;
    const Status status = answer->wait().value_or(interrupted_status());
    if (!status.ok()) return {status.code(), fmt::format("{}: {}", url, status.message())};
  }
  return {};
}

bool has_wildcard(const std::string& url) {
  return url.find_first_of("+*#>") != url.npos;
}

/// Other systems have patterns; here these are letters like any other.
void warn_of_wildcards(const std::vector<std::string>& urls) {
  for (const std::string& url : urls) {
    if (!has_wildcard(url)) continue;
    fmt::print(stderr,
               "ringroad: note: VSOA has no wildcards: {} is that one URL; one that ends with '/' "
               "takes all below it\n",
               printable(url));
  }
}

/// Who hears nothing may have meant all below.
std::string silence_cure(const std::vector<std::string>& urls) {
  for (const std::string& url : urls) {
    if (url.ends_with('/') || has_wildcard(url)) continue;
    return fmt::format("; {0} takes only that URL, {0}/ all below", printable(url));
  }
  return "";
}

ExitCode verdict(const Printer& printer, const SubOptions& options,
                 const std::vector<std::string>& urls, Wake wake) {
  const uint64_t count = options.remote.count;
  if (count != 0 && printer.done()) return ExitCode::ok;
  if (printer.lost()) {
    return fail(ExitCode::answer_is_no, "the server closed the connection; is it still running?");
  }
  const bool silent = printer.printed() == 0 && wake == Wake::timed_out;
  const std::string cure = silent ? silence_cure(urls) : "";
  if (count == 0) {
    if (silent) fmt::print(stderr, "ringroad: note: nothing came{}\n", cure);
    return ExitCode::ok;
  }
  return fail(
      ExitCode::answer_is_no,
      fmt::format("{} of {} when {}{}", grouped(printer.printed()), plural(count, "message"),
                  wake == Wake::interrupted ? "interrupted" : "the time was over", cure));
}

ExitCode listen_on(Client& client, const Printer& printer, const SubOptions& options,
                   const std::vector<std::string>& urls, WaitPoint& wait_point) {
  const auto deadline = WaitPoint::Clock::now() + options.remote.timeout();
  Wake wake = Wake::notified;
  while (wake == Wake::notified && !printer.done() && !printer.lost()) {
    wake = options.has_time_limit ? wait_point.wait_until(deadline) : wait_point.wait();
  }
  if (const Status robot = client.robot_status(); !robot.ok()) {
    fmt::print(stderr, "ringroad: note: not connected at the end: {}\n", robot.message());
  }
  const ExitCode code = verdict(printer, options, urls, wake);
  client.disconnect();
  return code;
}

/// connected and subscribed; with a robot: on the way to it, for ever.
ExitCode begin(Client& client, const std::string& server, const SubOptions& options,
               const std::vector<std::string>& urls, WaitPoint& wait_point) {
  const RemoteOptions& remote = options.remote;
  if (options.robot) {
    return fail(client.robot(server, {.password = remote.password,
                                      .connect_timeout = remote.timeout(),
                                      .subscriptions = urls,
                                      .consistent = options.consistent}),
                Stage::connect);
  }
  const Status connected = connect(
      client, server, {.password = remote.password, .timeout = remote.timeout()}, wait_point);
  if (!connected.ok()) return fail(connected, Stage::connect);
  return fail(subscribe(client, urls, wait_point), Stage::work);
}

ExitCode run_sub(const SubOptions& options) {
  const Result<Target> target = parse_target(options.remote.target, kExample);
  if (!target.ok()) return fail(target.status(), Stage::connect);
  const Result<std::vector<std::string>> urls = urls_of(*target, options.remote, kExample);
  if (!urls.ok()) return fail(urls.status(), Stage::connect);
  warn_of_wildcards(*urls);
  WaitPoint wait_point;
  Printer printer(wait_point, options.remote.count,
                  options.robot ? Printer::Loss::passes : Printer::Loss::ends);
  Client client;
  client.on_message([&printer](std::string_view url, const PayloadView& payload, Channel channel) {
    printer.print(url, payload, channel);
  });
  client.on_connect(
      [&printer](bool connected, std::string_view) { printer.on_connect(connected); });
  const ExitCode begun = begin(client, target->server, options, *urls, wait_point);
  if (begun != ExitCode::ok) return begun;
  fmt::print(stderr, "{} {} at {} (Ctrl-C ends)\n",
             options.robot ? "a robot subscribes to" : "subscribed to", fmt::join(*urls, " "),
             target->server);
  return listen_on(client, printer, options, *urls, wait_point);
}

constexpr const char* kFooter =
    R"(A URL that ends with '/' takes everything below it; '/' takes everything. There are no
other wildcards.

Example: the next five positions of the whole fleet, or exit 1 after 2.5 seconds
  ringroad sub vsoa://127.0.0.1:3005 /fleet/ --count 5 --timeout 2.5
Output: URL PARAM [DATA], for example
  /fleet/7/pos {"vehicle":7,"kmh":42} [8 bytes: 0011223344556677])";

}  // namespace

Command add_sub(CLI::App& root) {
  CLI::App* app = root.add_subcommand("sub", "Subscribe and print messages, one per line");
  const auto options = std::make_shared<SubOptions>();
  options->remote.count = 0;
  app->add_option("server", options->remote.target, "vsoa://HOST:PORT, with a URL or before them")
      ->required();
  app->add_option("url", options->remote.urls, "What to subscribe to")->type_name("/URL");
  add_remote_options(*app, options->remote);
  app->get_option("--timeout")
      ->description("Seconds to connect; if given, also how long to listen");
  app->add_option("--count", options->remote.count, "End after so many messages (0 = never)")
      ->capture_default_str()
      ->check(whole(0))
      ->type_name("N");
  app->add_flag("--robot", options->robot,
                "Keep the connection: ping, connect again for ever, subscribe again");
  app->add_flag(
         "--consistent", options->consistent,
         "With --robot: after each connect ask for the value of each URL without '/' at its end")
      ->needs("--robot");
  app->footer(kFooter);
  return {app, [app, options] {
            options->has_time_limit = app->count("--timeout") > 0;
            return run_sub(*options);
          }};
}

}  // namespace ringroad::tools
