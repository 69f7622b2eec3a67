#include "bench/macro/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

namespace ringroad::bench {
namespace {

constexpr auto kStopPoll = std::chrono::milliseconds(2);

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Threads that have ended included.
Result<uint64_t> cpu_clock_ns(pid_t pid) {
  clockid_t clock = 0;
  timespec time = {};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return Status(StatusCode::gone, fmt::format("process {} has no clock: has it ended?", pid));
  }
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/// utime and stime are the 14th and 15th field; the 2nd is a name in parentheses.
void read_ticks(const std::string& stat, CpuTime& time) {
  const size_t close = stat.rfind(')');
  if (close == stat.npos) return;
  std::istringstream fields(stat.substr(close + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  fields >> time.user_ticks >> time.system_ticks;
}

Result<CpuTime> cpu_time_of(pid_t pid) {
  const Result<uint64_t> total = cpu_clock_ns(pid);
  if (!total.ok()) return total.status();
  CpuTime time;
  time.total_ns = *total;
  read_ticks(read_text(fmt::format("/proc/{}/stat", pid)), time);
  return time;
}

[[noreturn]] void become(const std::vector<std::string>& argv, int core, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
  dup2(output, STDOUT_FILENO);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const std::vector<std::string>& argv, int core) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_status("pipe2");
  const Tcp child_end(ends[1]);
  Tcp our_end(ends[0]);
  const pid_t pid = fork();
  if (pid < 0) return errno_status("fork");
  if (pid == 0) become(argv, core, ends[1]);
  return ServerProcess(pid, std::move(our_end));
}

ServerProcess::~ServerProcess() {
  stop();
}

Result<std::string> ServerProcess::first_line() {
  std::string line;
  const auto limit = std::chrono::milliseconds(kSetupTime).count();
  while (true) {
    pollfd entry = {.fd = output_.fd(), .events = POLLIN, .revents = 0};
    const int ready = poll(&entry, 1, static_cast<int>(limit));
    if (ready < 0 && errno == EINTR) continue;
    if (ready != 1) {
      return Status(StatusCode::timed_out, "the server printed no first line");
    }
    char byte = 0;
    if (read(output_.fd(), &byte, 1) != 1) {
      return Status(StatusCode::gone, "the server ended without a first line");
    }
    if (byte == '\n') return line;
    line += byte;
  }
}

Result<CpuTime> ServerProcess::cpu_time() const {
  return cpu_time_of(pid_);
}

void ServerProcess::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + kSetupTime;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(pid_, SIGKILL);
    std::this_thread::sleep_for(kStopPoll);
  }
  pid_ = 0;
}

Result<CpuTime> own_cpu_time() {
  return cpu_time_of(getpid());
}

Result<uint64_t> machine_busy_ns() {
  std::ifstream file("/proc/stat");
  std::string name;
  uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  file >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  if (!file || name != "cpu") return Status(StatusCode::unsupported, "/proc/stat is not readable");
  const auto tick_ns = uint64_t{1'000'000'000} / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  return (user + nice + system + irq + softirq + steal) * tick_ns;
}

Status pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) return errno_status("sched_setaffinity");
  return {};
}

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

}  // namespace ringroad::bench
