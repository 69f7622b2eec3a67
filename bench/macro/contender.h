// contender.h — who takes part: how each server is started, spoken to and driven.
// Owner:  values.   Thread: one.
// Fails:  a program that is not there is `unsupported`, with the package that has it.
#pragma once

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
};

struct Programs {
  std::string ringroad;
  std::string yardstick;
  std::string redis_conf;
};

struct RunningServer {
  ServerProcess process;
  uint16_t port = 0;
};

/// All names that find_contender() knows, in the order of the table.
const std::vector<std::string>& contender_names();
Result<Contender> find_contender(std::string_view name, const Programs& programs);
/// Started and listening.
Result<RunningServer> start_server(const Contender& contender, const Programs& programs,
                                   size_t frame_bytes, int core);

/// A server that says where it listens in its first line.
Result<RunningServer> start_announcing(const std::vector<std::string>& argv, int core);

}  // namespace ringroad::bench
