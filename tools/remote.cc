#include "tools/remote.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "tools/number_options.h"

namespace ringroad::tools {
namespace {

constexpr std::string_view kScheme = "vsoa://";

Status bad_target(std::string_view text, std::string_view cause) {
  return Status(StatusCode::invalid_argument,
                fmt::format("'{}': {}, as in vsoa://127.0.0.1:3005/fleet/7/pos", text, cause));
}

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::string bytes;
  if (file != nullptr) {
    char chunk[16'384];
    while (const size_t taken = std::fread(chunk, 1, sizeof chunk, file.get())) {
      bytes.append(chunk, taken);
    }
    if (std::ferror(file.get()) == 0) return bytes;
  }
  return Status(StatusCode::invalid_argument,
                fmt::format("--data: cannot read '{}': {}", path, std::strerror(errno)));
}

}  // namespace

std::chrono::milliseconds RemoteOptions::timeout() const {
  return std::chrono::milliseconds(static_cast<int64_t>(timeout_s * 1000.0));
}

void add_remote_options(CLI::App& app, RemoteOptions& options) {
  app.add_option("--password", options.password, "What the server asks for")->type_name("TEXT");
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

Result<Target> parse_target(std::string_view text) {
  if (!text.starts_with(kScheme)) return bad_target(text, "a server is vsoa://HOST:PORT");
  const size_t slash = text.find('/', kScheme.size());
  Target target{.server = std::string(text.substr(0, slash)),
                .url = slash == text.npos ? "" : std::string(text.substr(slash))};
  const size_t colon = target.server.rfind(':');
  if (colon < kScheme.size() || colon + 1 == target.server.size()) {
    return bad_target(text, "the port is missing");
  }
  return target;
}

Result<Target> parse_target_with_url(std::string_view text) {
  Result<Target> target = parse_target(text);
  if (target.ok() && target->url.empty()) return bad_target(text, "the URL is missing");
  return target;
}

Result<std::string> read_data(const ContentOptions& options) {
  if (options.data.starts_with('@')) return read_file(options.data.substr(1));
  return options.data;
}

Status connect(Client& client, const std::string& server, ConnectOptions options,
               WaitPoint& wait_point) {
  // Shared: after Ctrl-C the callback may still come, when this frame has gone.
  const auto answer = std::make_shared<Answer<Status>>(wait_point);
  const Status started = client.connect_async(
      server, std::move(options), [answer](const Status& status) { answer->set(status); });
  if (!started.ok()) return started;
  return answer->wait().value_or(interrupted_status());
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

}  // namespace ringroad::tools
