#include "bench/macro/bench_command.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

namespace ringroad::bench {
namespace {

constexpr size_t kFilesBesides = 64;
constexpr int kCannotRun = 77;  // what test drivers take for a skip

Status raise_file_limit(size_t connections) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (connections + kFilesBesides <= limit.rlim_cur) return {};
  return Status(StatusCode::resource_exhausted,
                fmt::format("{} connections: this process may have {} open files (ulimit -Hn)",
                            connections, limit.rlim_cur));
}

/// As Linux calls it; not every architecture has a name.
std::string processor_name() {
  constexpr std::string_view kKey = "model name\t: ";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kKey)) return line.substr(kKey.size());
  }
  return "";
}

}  // namespace

CommonOptions default_options(int argc, char** argv) {
  CommonOptions options;
  options.command = argv[0];
  options.command.erase(0, options.command.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) options.command += std::string(" ") + argv[i];
  options.programs = built_programs();
  return options;
}

void add_common_options(CLI::App& app, CommonOptions& options, size_t& rounds, std::string& json) {
  app.add_option("--contenders", options.contenders, "Comma-separated")
      ->delimiter(',')
      ->default_str(fmt::format("{}", fmt::join(options.contenders, ",")));
  app.add_option("--rounds", rounds, "Times that each server is measured")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "Measured time of a round, after a warm-up")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 600.0));
  app.add_option("--ringroad", options.programs.ringroad, "The program to measure")
      ->capture_default_str();
  app.add_option("--json", json, "Also write all rounds to this file");
}

Status prepare(CommonOptions& options, size_t connections) {
  options.measured = std::chrono::milliseconds(static_cast<int64_t>(options.seconds * 1000));
  const std::vector<int> cores = allowed_cores();
  if (cores.size() < 2) {
    return Status(
        StatusCode::unsupported,
        "two cores are needed, one for the server and one for the load (taskset, cpuset)");
  }
  options.server_core = cores.front();
  if (Status status = pin_to(cores.back()); !status.ok()) return status;
  return raise_file_limit(connections);
}

Status write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (file) return {};
  return Status(StatusCode::invalid_argument, fmt::format("--json: cannot write '{}'", path));
}

int report_failure(const char* program, const Status& status) {
  fmt::print(stderr, "{}: {}\n", program, status.message());
  if (status.code() == StatusCode::unsupported) return kCannotRun;
  return status.code() == StatusCode::invalid_argument ? 2 : 1;
}

nlohmann::json machine_json() {
  utsname names = {};
  uname(&names);
  return {{"kernel", names.release},
          {"architecture", names.machine},
          {"processor", processor_name()},
          {"cores", std::thread::hardware_concurrency()}};
}

}  // namespace ringroad::bench
