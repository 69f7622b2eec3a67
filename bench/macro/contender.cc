#include "bench/macro/contender.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <thread>

namespace ringroad::bench {
namespace {

constexpr auto kConnectPoll = std::chrono::milliseconds(5);
constexpr double kChurnPerSecond = 1000;

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
Result<uint16_t> announced_port(const std::string& line, const std::string& host) {
  const size_t found = line.find(host + ":");
  uint16_t port = 0;
  if (found != line.npos) {
    const char* begin = line.data() + found + host.size() + 1;
    std::from_chars(begin, line.data() + line.size(), port);
  }
  if (port != 0) return port;
  return Status(StatusCode::bad_response, fmt::format("no port in its first line: {}", line));
}

/// For servers that cannot say when they are ready.
Result<RunningServer> start_polled(const std::vector<std::string>& argv, uint16_t port, int core) {
  Result<ServerProcess> process = ServerProcess::start(argv, core);
  if (!process.ok()) return process.status();
  const auto deadline = std::chrono::steady_clock::now() + kSetupTime;
  while (true) {
    const Result<Tcp> socket = connect_to(port);
    if (socket.ok()) return RunningServer{std::move(*process), port};
    if (std::chrono::steady_clock::now() > deadline) return socket.status();
    std::this_thread::sleep_for(kConnectPoll);
  }
}

/// A server program of Debian: PATH of somebody who is not root may lack sbin.
std::string installed(const std::string& name) {
  const std::string path =
      first_line_of(fmt::format("PATH=\"$PATH:/usr/sbin\" command -v {}", name));
  return path.empty() ? name : path;
}

std::string quoted(const std::string& word) {
  return fmt::format("'{}'", word);
}

enum class Takes { part, part_if_asked };

struct Known {
  std::string name;
  Protocol protocol = Protocol::raw;
  Drive drive = Drive::window;
  std::vector<std::string> command;
  std::string version_command;  // empty: always there
  std::string cure;
  std::string host = kLoopback;
  Takes takes = Takes::part;
  double churn_per_second = 0;
};

Known ringroad(const std::string& name, const std::vector<std::string>& arguments,
               const Programs& programs) {
  std::vector<std::string> command;
  if (!programs.namespace_name.empty()) command = {"ip", "netns", "exec", programs.namespace_name};
  command.insert(command.end(),
                 {programs.ringroad, "serve", "--listen", programs.host + ":0", "--shards", "1"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return {name,
          Protocol::vsoa,
          Drive::window,
          std::move(command),
          quoted(programs.ringroad) + " --version",
          "build it, or name it: --ringroad FILE",
          programs.host,
          arguments.empty() ? Takes::part : Takes::part_if_asked};
}

Known ringroad_churn(const Programs& programs) {
  Known known = ringroad("ringroad-churn", {}, programs);
  known.takes = Takes::part_if_asked;
  known.churn_per_second = kChurnPerSecond;
  return known;
}

Known yardstick(const std::string& name, Drive drive, const Programs& programs) {
  return {name, Protocol::raw, drive, {programs.yardstick, name, std::string(kFrameWord)}, "", ""};
}

std::vector<Known> known_servers(const Programs& programs) {
  const std::string port(kPortWord);
  const std::string node_server = programs.folder + "/vsoa_node_server.js";
  const std::string nats = installed("nats-server");
  const std::string mosquitto = installed("mosquitto");
  return {
      ringroad("ringroad", {}, programs),
      ringroad("ringroad-copy", {"--zero-copy", "off"}, programs),
      ringroad("ringroad-lend", {"--zero-copy", "forced"}, programs),
      ringroad_churn(programs),
      {"redis",
       Protocol::resp,
       Drive::window,
       {"redis-server", programs.folder + "/redis.conf", "--port", port},
       "redis-server --version",
       "apt-get install redis-server"},
      {"nats",
       Protocol::nats,
       Drive::window,
       {nats, "--config", programs.folder + "/nats.conf", "--addr", "127.0.0.1", "--port", port},
       quoted(nats) + " --version",
       "apt-get install nats-server"},
      {"mosquitto",
       Protocol::mqtt,
       Drive::window,
       {mosquitto, "-c", programs.folder + "/mosquitto.conf", "-p", port},
       quoted(mosquitto) + " -h",
       "apt-get install mosquitto"},
      {"zmq",
       Protocol::zmtp,
       Drive::window,
       {programs.zmq_forwarder},
       quoted(programs.zmq_forwarder) + " --version",
       "apt-get install libzmq3-dev, and build again"},
      {"vsoa-node",
       Protocol::vsoa,
       Drive::window,
       {"node", node_server},
       "node " + quoted(node_server) + " --version",
       "apt-get install nodejs npm; cd tests/interop && npm ci"},
  };
}

std::vector<Known> known_contenders(const Programs& programs) {
  std::vector<Known> all = {yardstick("limit-k1", Drive::flood, programs),
                            yardstick("relay-limit", Drive::window, programs),
                            yardstick("relay-k1", Drive::window, programs)};
  for (Known& server : known_servers(programs)) all.push_back(std::move(server));
  return all;
}

std::vector<std::string> names_of(const std::vector<Known>& contenders) {
  std::vector<std::string> names;
  for (const Known& one : contenders) {
    if (one.takes == Takes::part) names.push_back(one.name);
  }
  return names;
}

Result<Contender> probe(Known known) {
  std::string version = "yardstick";
  if (!known.version_command.empty()) version = first_line_of(known.version_command);
  if (version.empty()) {
    return Status(StatusCode::unsupported,
                  fmt::format("{} is not there: {}", known.name, known.cure));
  }
  Contender contender = {.name = std::move(known.name),
                         .protocol = known.protocol,
                         .drive = known.drive,
                         .program = known.command.front(),
                         .version = std::move(version),
                         .command = std::move(known.command),
                         .host = std::move(known.host),
                         .churn_per_second = known.churn_per_second};
  return contender;
}

}  // namespace

Result<RunningServer> start_announcing(const std::vector<std::string>& argv, int core,
                                       const std::string& host) {
  Result<ServerProcess> process = ServerProcess::start(argv, core);
  if (!process.ok()) return process.status();
  const Result<std::string> line = process->first_line();
  if (!line.ok()) return line.status();
  const Result<uint16_t> port = announced_port(*line, host);
  if (!port.ok()) return port.status();
  return RunningServer{std::move(*process), *port};
}

Programs built_programs() {
  return {.ringroad = RINGROAD_PROGRAM,
          .yardstick = RINGROAD_YARDSTICK,
          .zmq_forwarder = RINGROAD_ZMQ_FORWARDER,
          .folder = RINGROAD_BENCH_FOLDER};
}

const std::vector<std::string>& contender_names() {
  static const std::vector<std::string> names = names_of(known_contenders({}));
  return names;
}

Result<Contender> find_contender(std::string_view name, const Programs& programs) {
  if (name == "echo") return probe(yardstick("echo", Drive::window, programs));  // of echo_bench
  for (Known& known : known_contenders(programs)) {
    if (known.name == name) return probe(std::move(known));
  }
  return Status(StatusCode::invalid_argument, fmt::format("--contenders: '{}' is none of {}", name,
                                                          fmt::join(contender_names(), ", ")));
}

Result<RunningServer> start_server(const Contender& contender, size_t frame_bytes, int core) {
  std::vector<std::string> argv = contender.command;
  std::replace(argv.begin(), argv.end(), std::string(kFrameWord), std::to_string(frame_bytes));
  const auto port_word = std::find(argv.begin(), argv.end(), kPortWord);
  if (port_word == argv.end()) return start_announcing(argv, core, contender.host);
  const Result<uint16_t> port = free_port();
  if (!port.ok()) return port.status();
  *port_word = std::to_string(*port);
  return start_polled(argv, *port, core);
}

}  // namespace ringroad::bench
