// conform.cc — `ringroad conform`: judges any VSOA server that offers the playground's contract.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "tools/commands.h"
#include "tools/conform_checks.h"
#include "tools/password_option.h"
#include "tools/remote.h"

namespace ringroad::tools {
namespace {

// After so many checks in a row that could not even connect, the rest is not tried.
constexpr int kUnreachableMax = 2;

struct ConformOptions {
  std::string target;
  std::string password;
};

void print_line(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// The server is gone when a fresh client cannot get in.
bool can_connect(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  return guest.connect().ok();
}

/// What overflows a guest's box was never asked for.
Judgement run_check(const Check& check, Examination& examination) {
  const Judgement judgement = check.run(examination);
  if (!examination.exam.flooded->exchange(false)) return judgement;
  return failure(fmt::format("the server sent more than {} messages or {} MiB within this check",
                             MessageBox::kMessagesMax, MessageBox::kBytesMax >> 20));
}

void run_checks(Examination& examination, ConformReport& report) {
  int unreachable = 0;
  for (const Check& check : conform_checks()) {
    if (examination.exam.time_is_up() || unreachable >= kUnreachableMax) {
      const char* cause = unreachable >= kUnreachableMax
                              ? "not run: the server lets nobody in any more"
                              : "not run: the checks before it took all the time there is";
      print_line(report.add(check.name, failure(cause)));
      continue;
    }
    const Judgement judgement = run_check(check, examination);
    print_line(report.add(check.name, judgement));
    const bool reachable = judgement.verdict != Verdict::fail || can_connect(examination);
    unreachable = reachable ? 0 : unreachable + 1;
  }
}

/// The handshake failed on a connection that was made: that is an answer, the rest has none.
void report_no_handshake(const Status& status, ConformReport& report) {
  Judgement judgement = failure(why("handshake", status));
  for (const Check& check : conform_checks()) {
    print_line(report.add(check.name, judgement));
    judgement = skip("not run: no connection");
  }
}

/// Nobody there, or no right to judge: it could not run.
bool could_not_run(const Status& status) {
  return status.code() == StatusCode::unreachable || status.code() == StatusCode::not_found ||
         status.code() == StatusCode::invalid_argument ||
         status.code() == StatusCode::wrong_password ||
         status.code() == StatusCode::resource_exhausted ||
         status.code() == StatusCode::no_permission || status.code() == StatusCode::unsupported;
}

ExitCode refuse_to_run(const Status& status, const ConformOptions& options) {
  const bool refused = status.code() == StatusCode::wrong_password;
  const std::string_view cure = refused ? password_cure(options.password) : "";
  return fail(ExitCode::usage, fmt::format("nothing was checked: {}{}", status.message(), cure));
}

ExitCode run_conform(const ConformOptions& options) {
  const Result<std::string> server = parse_server(options.target);
  if (!server.ok()) return refuse_to_run(server.status(), options);
  const Exam exam = {.server = *server, .password = options.password};
  ClientLoop loop;
  Guest first(exam, loop);
  ConformReport report;
  const Status connected = first.connect();
  if (could_not_run(connected)) return refuse_to_run(connected, options);
  if (connected.ok()) {
    Examination examination = {exam, loop, first};
    run_checks(examination, report);
  } else {
    report_no_handshake(connected, report);
  }
  print_line(report.result_line());
  if (std::ferror(stdout) != 0) return fail(ExitCode::usage, "stdout cannot be written to");
  return report.exit_code();
}

constexpr const char* kFooter =
    R"(The server must offer the contract of `ringroad playground --help`, its publishes every 100 ms
included: `ringroad serve` does not. A line per check:
  PASS name    FAIL name cause    SKIP name: the server lacks that URL    N/A name cause
If nobody can shake hands, `connect` fails and the others are skipped.
and at the end RESULT pass=.. fail=.. skip=.. na=..; all within 40 seconds, whatever the server does.
Exit codes here: 0 nothing failed, 1 something failed, 2 it could not run: nobody there, or the
password is refused.

Example: in one terminal, then in another
  ringroad playground --listen 127.0.0.1:3005 --password 123456
  ringroad conform vsoa://127.0.0.1:3005 --password 123456)";

}  // namespace

const std::vector<Check>& conform_checks() {
  static const std::vector<Check> checks = {
      {"connect", check_connect},
      {"password-wrong", check_password_wrong},
      {"password-missing", check_password_missing},
      {"password-unneeded", check_password_unneeded},
      {"echo-get", check_echo_get},
      {"echo-set", check_echo_set},
      {"echo-json", check_echo_json},
      {"echo-60k", check_echo_60k},
      {"echo-largest", check_echo_largest},
      {"method", check_method},
      {"add", check_add},
      {"invalid-url", check_invalid_url},
      {"error-status", check_error_status},
      {"wildcard", check_wildcard},
      {"concurrent", check_concurrent},
      {"no-reply", check_no_reply},
      {"subscribe-exact", check_subscribe_exact},
      {"subscribe-prefix", check_subscribe_prefix},
      {"subscribe-not-children", check_subscribe_not_children},
      {"subscribe-all", check_subscribe_all},
      {"subscribe-list", check_subscribe_list},
      {"unsub-empty", check_unsub_empty},
      {"datagram", check_datagram},
      {"quick-datagram", check_quick_datagram},
      {"quick-publish", check_quick_publish},
      {"priority", check_priority},
      {"stream-get", check_stream_get},
      {"stream-put", check_stream_put},
      {"ping", check_ping},
      {"noop", check_noop},
      {"alive", check_alive},
      {"reconnect", check_reconnect},
  };
  return checks;
}

Command add_conform(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("conform", "Judge a VSOA server by the playground's contract");
  const auto options = std::make_shared<ConformOptions>();
  app->add_option("target", options->target, "vsoa://HOST:PORT")->required();
  add_password_options(*app, options->password, "What the server asks for");
  app->footer(kFooter);
  return {app, [options] { return run_conform(*options); }};
}

}  // namespace ringroad::tools
