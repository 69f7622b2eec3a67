// contender.h — who takes part: how each server is started, spoken to and driven.
// Owner:  values.   Thread: one.
// Fails:  a program that is not there is `unsupported`, with the package that has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/macro/dialect.h"
#include "bench/macro/server_process.h"

namespace ringroad::bench {

/// Who makes the messages: a publisher that keeps a window of them in flight, or the server itself.
enum class Drive { window, flood };

struct Contender {
  std::string name;
  Protocol protocol = Protocol::raw;
  Drive drive = Drive::window;
  std::string program;
  std::string version;
  // The command line; kPortWord and kFrameWord stand for what is known only then. A server that is
  // not told its port says it in its first line.
  std::vector<std::string> command;
  std::string host = kLoopback;
  double churn_per_second = 0;  // changes of subscriptions while it is measured
};

inline constexpr std::string_view kPortWord = "{port}";
inline constexpr std::string_view kFrameWord = "{frame_bytes}";

/// What this build knows of. Other servers are looked for in PATH.
struct Programs {
  std::string ringroad;
  std::string yardstick;
  std::string zmq_forwarder;  // empty: not built, libzmq was not there
  std::string folder;         // configuration files and scripts of the contenders
  // `ringroad serve` listens there; not empty: inside this network namespace.
  std::string host = kLoopback;
  std::string namespace_name = {};
};

struct RunningServer {
  ServerProcess process;
  uint16_t port = 0;
};

Programs built_programs();
/// Who takes part unless somebody else is asked for, in the order of the table. find_contender()
/// knows besides: ringroad-copy and ringroad-lend, which never and always send by zero copy, and
/// ringroad-churn, whose subscriptions change 1,000 times a second.
const std::vector<std::string>& contender_names();
Result<Contender> find_contender(std::string_view name, const Programs& programs);
/// Started and listening.
Result<RunningServer> start_server(const Contender& contender, size_t frame_bytes, int core);

/// A server that says where it listens in its first line.
Result<RunningServer> start_announcing(const std::vector<std::string>& argv, int core,
                                       const std::string& host = kLoopback);

}  // namespace ringroad::bench
