// commands.h — the subcommands of the program: each adds itself to the command line.
// Owner: main.cc.   Thread: main thread.
// Why here: one declaration per subcommand; each lives in the .cc file of its name.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "tools/exit_code.h"

namespace ringroad::tools {

struct Command {
  CLI::App* app = nullptr;        // owned by the root App
  std::function<ExitCode()> run;  // after a successful parse
};

Command add_serve(CLI::App& root);
Command add_sub(CLI::App& root);
Command add_call(CLI::App& root);
Command add_send(CLI::App& root);
Command add_stream(CLI::App& root);
Command add_ping(CLI::App& root);
Command add_playground(CLI::App& root);
Command add_conform(CLI::App& root);
Command add_position(CLI::App& root);
Command add_lookup(CLI::App& root);
Command add_doctor(CLI::App& root);
Command add_demo(CLI::App& root);

}  // namespace ringroad::tools
