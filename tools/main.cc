// main.cc — the `ringroad` program: parses the command line and runs one subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tools/command_line.h"
#include "tools/commands.h"
#include "tools/exit_code.h"

namespace ringroad::tools {
namespace {

constexpr const char* kFooter = R"(See it:    ringroad demo
Serve:     ringroad serve --listen 0.0.0.0:3005
Listen:    ringroad sub vsoa://127.0.0.1:3005 /fleet/
Send:      ringroad send vsoa://127.0.0.1:3005/fleet/7/pos --param '{"kmh":42}'
Trouble:   ringroad doctor
Options:   ringroad help COMMAND

Exit codes: 0 ok, 1 it ran and the answer is no, 2 usage, 3 cannot listen or connect,
            4 the kernel or the limits do not allow it.)";

int run(int argc, char** argv) {
  // Hints that can be pasted begin with what was typed here.
  CLI::App root("Ringroad: a VSOA server engine for large fan-out, and the tools around it.",
                argc > 0 ? argv[0] : "ringroad");
  root.set_version_flag("--version", "ringroad " RINGROAD_VERSION);
  root.require_subcommand(1);
  root.footer(kFooter);
  const std::vector<Command> commands = {
      add_demo(root),    add_serve(root),    add_sub(root),    add_send(root),
      add_call(root),    add_stream(root),   add_ping(root),   add_playground(root),
      add_conform(root), add_position(root), add_lookup(root), add_doctor(root)};
  Words words = without_help_command(Words(argv + std::min(argc, 1), argv + argc));
  if (const std::optional<std::string> wrong = wrong_command(root, words)) {
    return static_cast<int>(fail(ExitCode::usage, *wrong));
  }
  std::reverse(words.begin(), words.end());  // the library takes them from the back
  try {
    root.parse(words);
  } catch (const CLI::ParseError& error) {
    // --help and --version arrive as "errors" with exit code 0.
    if (error.get_exit_code() == 0) return root.exit(error);
    return static_cast<int>(fail(ExitCode::usage, usage_text(root, error)));
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return static_cast<int>(command.run());
  }
  return static_cast<int>(ExitCode::usage);
}

}  // namespace
}  // namespace ringroad::tools

int main(int argc, char** argv) {
  return ringroad::tools::run(argc, argv);
}
