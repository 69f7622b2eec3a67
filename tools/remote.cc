#include "tools/remote.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <thread>

#include "ringroad/connect_code.h"
#include "tools/file_bytes.h"
#include "tools/json_value.h"
#include "tools/number_options.h"
#include "tools/password_option.h"

namespace ringroad::tools {
namespace {

constexpr std::string_view kScheme = "vsoa://";
constexpr std::string_view kServerExample = "vsoa://127.0.0.1:3005";

Status bad_target(std::string_view text, std::string_view cause, std::string_view example) {
  return Status(StatusCode::invalid_argument,
                fmt::format("'{}': {}, as in {}", text, cause, example));
}

/// Of a server that is to be found, so not 0.
bool is_port(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stopped == end && port != 0;
}

/// Who failed, and what may help, beside the cause.
Status explained(const Status& status, const std::string& server, std::string_view password) {
  if (status.code() == StatusCode::wrong_password) {
    return {status.code(), status.message() + std::string(password_cure(password))};
  }
  if (status.code() != StatusCode::bad_response) return status;
  return {status.code(), fmt::format("{}: {}", server, status.message())};
}

/// With the number and the name that VSOA's own documents have for it (V61).
Status numbered(const Status& status) {
  const ConnectCode code = connect_code(status);
  if (code == ConnectCode::ok || code == ConnectCode::error) return status;
  return {status.code(), fmt::format("{} [VSOA: {}, {}]", status.message(), static_cast<int>(code),
                                     to_string(code))};
}

}  // namespace

std::chrono::milliseconds RemoteOptions::timeout() const {
  return std::chrono::milliseconds(static_cast<int64_t>(timeout_s * 1000.0));
}

void add_remote_options(CLI::App& app, RemoteOptions& options) {
  add_password_options(app, options.password, "What the server asks for");
  app.add_option("--timeout", options.timeout_s,
                 "Seconds to connect, and to wait for each answer (2.5 is fine)")
      ->capture_default_str()
      ->check(decimal(0.001, 3600.0))
      ->type_name("SECONDS");
}

void add_content_options(CLI::App& app, ContentOptions& options) {
  app.add_option("--param", options.param, "JSON text")->type_name("JSON");
  app.add_option("--data", options.data, "Bytes: as they stand here, or @FILE")
      ->type_name("TEXT|@FILE");
}

Result<Target> parse_target(std::string_view text, std::string_view example) {
  if (!text.starts_with(kScheme)) return bad_target(text, "a server is vsoa://HOST:PORT", example);
  const size_t slash = text.find('/', kScheme.size());
  Target target{.server = std::string(text.substr(0, slash)),
                .url = slash == text.npos ? "" : std::string(text.substr(slash))};
  const size_t bracket = target.server.rfind(']');
  const size_t colon = target.server.rfind(':');
  const bool in_brackets = bracket != target.server.npos && colon < bracket;
  if (colon < kScheme.size() || colon + 1 == target.server.size() || in_brackets) {
    return bad_target(text, "the port is missing", example);
  }
  if (!is_port(std::string_view(target.server).substr(colon + 1))) {
    return bad_target(text, "the port must be 1 to 65535", example);
  }
  return target;
}

Result<std::string> parse_server(std::string_view text) {
  const Result<Target> target = parse_target(text, kServerExample);
  if (!target.ok()) return target.status();
  if (target->url.empty() || target->url == "/") return target->server;
  return bad_target(text, fmt::format("'{}' is not used here: the server alone", target->url),
                    kServerExample);
}

Result<std::vector<std::string>> urls_of(const Target& target, const RemoteOptions& options,
                                         std::string_view example) {
  const bool in_target = !target.url.empty();
  if (!in_target && options.urls.empty()) {
    return bad_target(options.target, "the URL is missing", example);
  }
  if (options.urls.empty()) return std::vector<std::string>{target.url};
  if (!in_target || target.url == "/") return options.urls;
  return bad_target(options.target + " " + options.urls.front(),
                    "a URL stands in the server and another behind it", example);
}

Result<Target> target_with_url(const RemoteOptions& options, std::string_view example) {
  Result<Target> target = parse_target(options.target, example);
  if (!target.ok()) return target;
  const Result<std::vector<std::string>> urls = urls_of(*target, options, example);
  if (!urls.ok()) return urls.status();
  target->url = urls->front();
  return target;
}

void warn_of_param(const ContentOptions& options) {
  if (options.param.empty() || is_json(options.param)) return;
  fmt::print(stderr,
             "ringroad: note: --param is not JSON; it is sent as it is, but the official Node "
             "implementation closes the connection on it (docs/WIRE.md, A13)\n");
}

Result<std::string> read_data(const ContentOptions& options) {
  if (!options.data.starts_with('@')) return options.data;
  Result<std::string> bytes = read_file(options.data.substr(1));
  if (bytes.ok()) return bytes;
  return Status(bytes.status().code(), "--data: " + bytes.status().message());
}

Status connect(Client& client, const std::string& server, ConnectOptions options,
               WaitPoint& wait_point) {
  const std::string password = options.password;
  // Shared: after Ctrl-C the callback may still come, when this frame has gone.
  const auto answer = std::make_shared<Answer<Status>>(wait_point);
  const Status started = client.connect_async(
      server, std::move(options), [answer](const Status& status) { answer->set(status); });
  if (!started.ok()) return started;
  return numbered(explained(answer->wait().value_or(interrupted_status()), server, password));
}

Result<std::chrono::nanoseconds> ping(Client& client, std::chrono::milliseconds timeout,
                                      WaitPoint& wait_point) {
  using Trip = Result<std::chrono::nanoseconds>;
  Answer<Trip> answer(wait_point);
  std::thread waiter([&client, &answer, timeout] { answer.set(client.ping(timeout)); });
  std::optional<Trip> trip = answer.wait();
  if (!trip) client.disconnect();  // ends the ping
  waiter.join();
  return trip ? std::move(*trip) : Trip(interrupted_status());
}

Result<Reply> fetch(Client& client, std::string_view url, const CallRequest& request,
                    WaitPoint& wait_point) {
  const auto answer = std::make_shared<Answer<Result<Reply>>>(wait_point);
  const Status started =
      client.call(url, request, [answer](const Result<Reply>& reply) { answer->set(reply); });
  if (!started.ok()) return started;
  return answer->wait().value_or(Result<Reply>(interrupted_status()));
}

}  // namespace ringroad::tools
