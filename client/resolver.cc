#include "client/resolver.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/position_servers.h"
#include "client/server_url.h"
#include "engine/socket.h"
#include "proto/position.h"

namespace ringroad {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = proto::PositionAnswer::Kind;

constexpr int kTries = 2;
constexpr const char* kEnvironment = "VSOA_POS_SERVER";

/// What set_position_server() says, for the whole process.
class ChosenServer {
 public:
  void set(std::optional<engine::Address> server) {
    const std::lock_guard lock(mutex_);
    server_ = server;
  }
  std::optional<engine::Address> get() {
    const std::lock_guard lock(mutex_);
    return server_;
  }

 private:
  std::mutex mutex_;
  std::optional<engine::Address> server_;
};

ChosenServer& chosen_server() {
  static ChosenServer* const chosen =
      new ChosenServer();  // never destroyed: threads may ask at exit
  return *chosen;
}

/// One question to one position server, on a socket that hears nobody else.
class Question {
 public:
  Question(const engine::Address& server, std::string_view name, AddressFamily family)
      : server_(server),
        name_(proto::lower_case(name)),
        family_(family),
        text_(proto::position_query_text(name, family)) {}
  ~Question() {
    if (socket_ >= 0) ::close(socket_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  Result<ServerPosition> ask(std::chrono::milliseconds timeout) {
    socket_ = ::socket(server_.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return engine::system_status("socket", errno);
    if (::connect(socket_, server_.data(), server_.size()) != 0) return failure("connect");
    for (int i = 0; i < kTries; ++i) {
      if (::send(socket_, text_.data(), text_.size(), MSG_NOSIGNAL) < 0) return failure("send");
      const auto deadline = Clock::now() + timeout;
      while (wait_until(deadline)) {
        if (std::optional<Result<ServerPosition>> end = receive()) return std::move(*end);
      }
    }
    return Status(StatusCode::timed_out, "position server " + server_.to_string() +
                                             " did not answer " + std::to_string(kTries) +
                                             " queries within " + std::to_string(timeout.count()) +
                                             " ms each");
  }

 private:
  Status failure(const char* call) const {
    const Status status = engine::system_status(call, errno);
    return {status.code(), "position server " + server_.to_string() + ": " + status.message()};
  }

  /// False: nothing came in time.
  bool wait_until(Clock::time_point deadline) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) return false;
      pollfd readable = {.fd = socket_, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&readable, 1, static_cast<int>(left.count()));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  /// nullopt: it was not for this question.
  std::optional<Result<ServerPosition>> receive() {
    std::array<char, proto::kPositionTextBytesMax + 1> buffer;  // one more: too large is noticed
    const ssize_t bytes = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (bytes < 0) return failure("recv");
    const proto::PositionAnswer answer =
        proto::parse_position_answer({buffer.data(), static_cast<size_t>(bytes)});
    if (!answer.name.empty() && proto::lower_case(answer.name) != name_) return std::nullopt;
    if (answer.kind == Kind::malformed) {
      return Status(StatusCode::bad_response, "position server " + server_.to_string() +
                                                  " answered with something that is no position");
    }
    const bool fits = family_ == AddressFamily::any || answer.position.family() == family_;
    if (answer.kind == Kind::unknown || !fits) {
      return Status(StatusCode::not_found,
                    "position server " + server_.to_string() + " does not know \"" + name_ + "\"" +
                        (family_ == AddressFamily::any ? "" : " under this address family"));
    }
    return answer.position;
  }

  const engine::Address server_;
  const std::string name_;  // lower case
  const AddressFamily family_;
  const std::string text_;
  int socket_ = -1;
};

/// Those to ask, in order.
Result<std::vector<engine::Address>> servers_to_ask(const LookupOptions& options) {
  if (!options.server.empty()) {
    const auto server = client::parse_position_server(options.server);
    if (server) return std::vector{*server};
    return Status(StatusCode::invalid_argument,
                  "server is \"" + options.server + "\", must be ip or ip:port, as in 10.0.0.1:54");
  }
  if (const auto chosen = chosen_server().get()) return std::vector{*chosen};
  std::vector<engine::Address> servers;
  if (const char* list = std::getenv(kEnvironment)) servers = client::parse_position_list(list);
  for (const engine::Address& server : client::read_position_servers(options.servers_file)) {
    servers.push_back(server);
  }
  if (!servers.empty()) return servers;
  return Status(StatusCode::unreachable, std::string("no position server to ask: set ") +
                                             kEnvironment + "=ip:port, or write \"ip port\" into " +
                                             options.servers_file);
}

}  // namespace

Status LookupOptions::validate() const {
  if (timeout.count() >= 1 && timeout <= std::chrono::minutes(1)) return {};
  return {StatusCode::invalid_argument,
          "timeout is " + std::to_string(timeout.count()) + " ms, must be 1..60,000"};
}

Status set_position_server(std::string_view addr, int port) {
  if (port < 1 || port > 65'535) {
    return {StatusCode::invalid_argument, "port is " + std::to_string(port) + ", must be 1..65535"};
  }
  const auto server = client::position_server_at(addr, std::to_string(port));
  if (!server) {
    return {
        StatusCode::invalid_argument,
        "\"" + std::string(addr) + "\" is no IP address; expected one like 10.0.0.1 or fd00::1"};
  }
  chosen_server().set(server);
  return {};
}

void reset_position_server() {
  chosen_server().set(std::nullopt);
}

Result<ServerPosition> lookup(std::string_view name, AddressFamily family,
                              const LookupOptions& options) {
  if (Status status = options.validate(); !status.ok()) return status;
  if (Status status = proto::check_position_name(name); !status.ok()) return status;
  const Result<std::vector<engine::Address>> servers = servers_to_ask(options);
  if (!servers.ok()) return servers.status();
  Status last;
  for (const engine::Address& server : *servers) {
    Result<ServerPosition> position = Question(server, name, family).ask(options.timeout);
    if (position.ok()) return position;
    // One that does not know it says more than one that says nothing.
    const bool answered = position.status().code() == StatusCode::not_found;
    if (answered || last.code() != StatusCode::not_found) last = position.status();
  }
  return last;
}

namespace client {

Result<engine::Address> resolve(std::string_view name, AddressFamily family,
                                const LookupOptions& options) {
  const Result<ServerPosition> position = lookup(name, family, options);
  if (!position.ok()) return position.status();
  if (position->security.value_or(false)) {
    return Status(StatusCode::unsupported, "the server \"" + std::string(name) +
                                               "\" wants TLS, says its position server; TLS is "
                                               "not built yet");
  }
  return engine::Address::parse(position->address());
}

Result<std::string> resolve_url(std::string_view url, std::chrono::milliseconds timeout) {
  const std::optional<std::string_view> name = server_name_in(url);
  if (!name) return std::string(url);
  LookupOptions options;
  options.timeout = std::clamp(timeout / kTries, std::chrono::milliseconds(1), options.timeout);
  const Result<engine::Address> address = resolve(*name, AddressFamily::any, options);
  if (!address.ok()) return address.status();
  return "vsoa://" + address->to_string();
}

}  // namespace client
}  // namespace ringroad
