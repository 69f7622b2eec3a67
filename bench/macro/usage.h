// usage.h — the processor time of a server, of the load and of everybody else between two moments.
// Owner:  values.   Thread: one.
// Fails:  a Status if the kernel does not tell.
#pragma once

#include <algorithm>
#include <chrono>

#include "bench/macro/server_process.h"

namespace ringroad::bench {

struct Usage {
  std::chrono::steady_clock::time_point when;
  CpuTime server;
  CpuTime load;
  uint64_t machine_ns = 0;

  static Result<Usage> take(const ServerProcess& server) {
    const Result<CpuTime> server_time = server.cpu_time();
    if (!server_time.ok()) return server_time.status();
    const Result<CpuTime> load_time = own_cpu_time();
    if (!load_time.ok()) return load_time.status();
    const Result<uint64_t> machine = machine_busy_ns();
    if (!machine.ok()) return machine.status();
    return Usage{std::chrono::steady_clock::now(), *server_time, *load_time, *machine};
  }
};

/// Shares of the time between two moments.
struct Shares {
  double seconds = 0;
  double server_ns = 0;
  double server_busy = 0;  // of its core
  double load_busy = 0;    // of its core
  double other_busy = 0;   // cores that something else used

  static Shares between(const Usage& from, const Usage& to) {
    const auto elapsed = static_cast<double>((to.when - from.when) / std::chrono::nanoseconds(1));
    Shares shares;
    shares.seconds = elapsed / 1e9;
    shares.server_ns = static_cast<double>(to.server.total_ns - from.server.total_ns);
    shares.server_busy = shares.server_ns / elapsed;
    shares.load_busy = static_cast<double>(to.load.total_ns - from.load.total_ns) / elapsed;
    const double machine = static_cast<double>(to.machine_ns - from.machine_ns) / elapsed;
    shares.other_busy = std::max(0.0, machine - shares.server_busy - shares.load_busy);
    return shares;
  }
};

}  // namespace ringroad::bench
