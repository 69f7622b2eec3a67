#include "client/resolver.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/lookup.h"
#include "client/position_servers.h"
#include "engine/socket.h"
#include "proto/position.h"

namespace ringroad {
namespace {

using Clock = std::chrono::steady_clock;
using client::Lookup;

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

/// A socket that hears one position server and nobody else.
class QuestionSocket {
 public:
  QuestionSocket() = default;
  ~QuestionSocket() { close(); }
  QuestionSocket(const QuestionSocket&) = delete;
  QuestionSocket& operator=(const QuestionSocket&) = delete;

  Status open(const engine::Address& server) {
    close();
    socket_ = ::socket(server.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return engine::system_status("socket", errno);
    if (::connect(socket_, server.data(), server.size()) == 0) return {};
    return engine::system_status("connect", errno);
  }
  Status send(std::string_view text) const {
    if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0) return {};
    return engine::system_status("send", errno);
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
  /// What has come, told to `lookup`.
  Lookup::Step receive(Lookup& lookup) const {
    std::array<char, proto::kPositionTextBytesMax + 1> buffer;  // one more: too large is noticed
    const ssize_t bytes = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes >= 0) return lookup.on_datagram({buffer.data(), static_cast<size_t>(bytes)});
    if (errno == EAGAIN || errno == EINTR) return Lookup::Step::wait;
    return lookup.on_failure(engine::system_status("recv", errno));
  }

 private:
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  int socket_ = -1;
};

/// Waits until it has ended.
void run(Lookup& lookup) {
  using Step = Lookup::Step;
  QuestionSocket socket;
  Clock::time_point deadline;
  for (Step step = lookup.begin(); step != Step::end;) {
    Status status;
    if (step == Step::open) status = socket.open(lookup.server());
    if (status.ok() && step != Step::wait) {
      status = socket.send(lookup.query());
      deadline = Clock::now() + lookup.try_time();
    }
    if (!status.ok()) {
      step = lookup.on_failure(status);
    } else {
      step = socket.wait_until(deadline) ? socket.receive(lookup) : lookup.on_silence();
    }
  }
}

}  // namespace

namespace client {

Result<std::vector<engine::Address>> servers_to_ask(const LookupOptions& options) {
  if (!options.server.empty()) {
    const auto server = parse_position_server(options.server);
    if (server) return std::vector{*server};
    return Status(StatusCode::invalid_argument,
                  "server is \"" + options.server + "\", must be ip or ip:port, as in 10.0.0.1:54");
  }
  if (const auto chosen = chosen_server().get()) return std::vector{*chosen};
  std::vector<engine::Address> servers;
  if (const char* list = std::getenv(kEnvironment)) servers = parse_position_list(list);
  for (const engine::Address& server : read_position_servers(options.servers_file)) {
    servers.push_back(server);
  }
  if (!servers.empty()) return servers;
  return Status(StatusCode::unreachable, std::string("no position server to ask: set ") +
                                             kEnvironment + "=ip:port, or write \"ip port\" into " +
                                             options.servers_file);
}

}  // namespace client

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
  Result<std::vector<engine::Address>> servers = client::servers_to_ask(options);
  if (!servers.ok()) return servers.status();
  Lookup lookup(std::move(*servers), {std::string(name), family, options.timeout});
  run(lookup);
  return lookup.result();
}

}  // namespace ringroad
