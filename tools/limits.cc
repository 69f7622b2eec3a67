#include "tools/limits.h"

#include <sched.h>
#include <sys/resource.h>

#include <fstream>
#include <string_view>

namespace ringroad::tools {
namespace {

uint64_t plain(rlim_t value) {
  return value == RLIM_INFINITY ? UINT64_MAX : static_cast<uint64_t>(value);
}

}  // namespace

uint64_t client_room(uint64_t files, size_t shards) {
  const uint64_t apart = 16 + 4 * uint64_t{shards};
  return files > apart ? files - apart : 0;
}

uint64_t direct_client_room(uint64_t files, size_t shards) {
  constexpr uint64_t kSpare = 64;
  return files > kSpare ? (files - kSpare) * shards : 0;
}

Limit file_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {plain(limit.rlim_cur), plain(limit.rlim_max)};
}

Limit locked_memory_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return {plain(limit.rlim_cur), plain(limit.rlim_max)};
}

Limit raise_file_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return file_limit();
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string process_status(const char* name) {
  std::ifstream file("/proc/self/status");
  const std::string start = std::string(name) + ":\t";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return "";
}

std::vector<unsigned> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<unsigned> cores;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

}  // namespace ringroad::tools
