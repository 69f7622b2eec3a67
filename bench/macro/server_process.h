// server_process.h — a contender as a child process on a core of its own.
// Owner:  a round; the child ends with it.   Thread: one.
// Bound:  waiting for its first line, and for its end: kSetupTime; then SIGKILL.
// Fails:  values; a child that ends by itself shows as a lost connection.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/macro/tcp.h"
#include "ringroad/status.h"

namespace ringroad::bench {

/// CPU time of a process since its start, all threads.
struct CpuTime {
  uint64_t total_ns = 0;  // from the process clock
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
};

class ServerProcess {
 public:
  ServerProcess() = default;
  ~ServerProcess();
  ServerProcess(ServerProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), output_(std::move(other.output_)) {}
  ServerProcess& operator=(ServerProcess&&) = delete;

  /// Runs argv[0] (found in PATH) on this core. Its stdout is read here.
  static Result<ServerProcess> start(const std::vector<std::string>& argv, int core);

  pid_t pid() const { return pid_; }
  /// The first line of its output.
  Result<std::string> first_line();
  Result<CpuTime> cpu_time() const;
  /// SIGTERM, and waits.
  void stop();

 private:
  ServerProcess(pid_t pid, Tcp output) : pid_(pid), output_(std::move(output)) {}

  pid_t pid_ = 0;
  Tcp output_;  // the reading end of a pipe: the same owner of a descriptor
};

/// CPU time of this process, all threads.
Result<CpuTime> own_cpu_time();
/// CPU time that all cores were busy, or that the machine below had taken away (steal).
Result<uint64_t> machine_busy_ns();

/// Keeps this process on one core.
Status pin_to(int core);
/// The cores this process may use, ascending.
std::vector<int> allowed_cores();

}  // namespace ringroad::bench
