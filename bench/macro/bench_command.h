// bench_command.h — what the benches that run whole servers have in common on the command line.
// Owner:  values.   Thread: one.
// Fails:  prepare(): a Status that names the option, the limit and its value.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bench/macro/contender.h"

namespace CLI {
class App;
}

namespace ringroad::bench {

struct CommonOptions {
  std::string command;  // as it was typed
  std::vector<std::string> contenders;
  Programs programs;
  int server_core = 0;
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds measured{2000};
  double seconds = 2.0;
};

CommonOptions default_options(int argc, char** argv);
void add_common_options(CLI::App& app, CommonOptions& options, size_t& rounds, std::string& json);
/// Chooses cores, pins this process, and makes sure that it may open so many connections.
Status prepare(CommonOptions& options, size_t connections);

Status write_text(const std::string& path, const std::string& text);
/// Says it on stderr; the exit code.
int report_failure(const char* program, const Status& status);
/// Kernel, architecture, processor, cores.
nlohmann::json machine_json();

}  // namespace ringroad::bench
