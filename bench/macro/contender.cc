#include "bench/macro/contender.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <thread>

namespace ringroad::bench {
namespace {

constexpr auto kConnectPoll = std::chrono::milliseconds(5);

/// The first line that a command prints; empty if it cannot be run.
std::string first_line_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen((command + " 2>/dev/null").c_str(), "r"), &pclose);
  char line[256] = "";
  if (pipe == nullptr || std::fgets(line, sizeof line, pipe.get()) == nullptr) return "";
  std::string text = line;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// "serving vsoa://127.0.0.1:41234 with …" -> 41234
Result<uint16_t> announced_port(const std::string& line) {
  const size_t host = line.find("127.0.0.1:");
  uint16_t port = 0;
  if (host != line.npos) {
    const char* begin = line.data() + host + std::string_view("127.0.0.1:").size();
    std::from_chars(begin, line.data() + line.size(), port);
  }
  if (port != 0) return port;
  return Status(StatusCode::bad_response, fmt::format("no port in its first line: {}", line));
}

Result<RunningServer> start_redis(const Programs& programs, int core) {
  const Result<uint16_t> port = free_port();
  if (!port.ok()) return port.status();
  Result<ServerProcess> process = ServerProcess::start(
      {"redis-server", programs.redis_conf, "--port", std::to_string(*port)}, core);
  if (!process.ok()) return process.status();
  const auto deadline = std::chrono::steady_clock::now() + kSetupTime;
  while (true) {
    const Result<Tcp> socket = connect_to(*port);
    if (socket.ok()) return RunningServer{std::move(*process), *port};
    if (std::chrono::steady_clock::now() > deadline) return socket.status();
    std::this_thread::sleep_for(kConnectPoll);
  }
}

Status missing(std::string_view name, std::string_view cure) {
  return Status(StatusCode::unsupported, fmt::format("{} is not there: {}", name, cure));
}

}  // namespace

Result<RunningServer> start_announcing(const std::vector<std::string>& argv, int core) {
  Result<ServerProcess> process = ServerProcess::start(argv, core);
  if (!process.ok()) return process.status();
  const Result<std::string> line = process->first_line();
  if (!line.ok()) return line.status();
  const Result<uint16_t> port = announced_port(*line);
  if (!port.ok()) return port.status();
  return RunningServer{std::move(*process), *port};
}

const std::vector<std::string>& contender_names() {
  static const std::vector<std::string> names = {"limit-k1", "relay-limit", "ringroad", "redis"};
  return names;
}

Result<Contender> find_contender(std::string_view name, const Programs& programs) {
  if (name == "limit-k1" || name == "relay-limit") {
    const Drive drive = name == "limit-k1" ? Drive::flood : Drive::window;
    return Contender{std::string(name), Protocol::raw, drive, programs.yardstick, "yardstick"};
  }
  if (name == "echo") {  // of echo_bench only
    return Contender{"echo", Protocol::raw, Drive::window, programs.yardstick, "yardstick"};
  }
  if (name == "ringroad") {
    const std::string version = first_line_of(fmt::format("'{}' --version", programs.ringroad));
    if (version.empty()) return missing(programs.ringroad, "build it, or name it: --ringroad FILE");
    return Contender{"ringroad", Protocol::vsoa, Drive::window, programs.ringroad, version};
  }
  if (name == "redis") {
    const std::string version = first_line_of("redis-server --version");
    if (version.empty()) return missing("redis-server", "apt-get install redis-server");
    return Contender{"redis", Protocol::resp, Drive::window, "redis-server", version};
  }
  return Status(StatusCode::invalid_argument, fmt::format("--contenders: '{}' is none of {}", name,
                                                          fmt::join(contender_names(), ", ")));
}

Result<RunningServer> start_server(const Contender& contender, const Programs& programs,
                                   size_t frame_bytes, int core) {
  switch (contender.protocol) {
    case Protocol::raw:
      return start_announcing({contender.program, contender.name, std::to_string(frame_bytes)},
                              core);
    case Protocol::vsoa:
      return start_announcing(
          {contender.program, "serve", "--listen", "127.0.0.1:0", "--shards", "1"}, core);
    case Protocol::resp:
      return start_redis(programs, core);
  }
  return Status(StatusCode::internal, "no such protocol");
}

}  // namespace ringroad::bench
