// exit_code.h — how the program ends: five numbers, the same for every subcommand.
// Thread: any.
// Fails:  nothing; fail() prints the cause and the cure on stderr, prefixed "ringroad: ".
// Why here: scripts rely on the numbers, so one function decides them.
#pragma once

#include <string_view>

#include "ringroad/status.h"

namespace ringroad::tools {

enum class ExitCode : int {
  ok = 0,
  answer_is_no = 1,      // it ran, and the answer is no
  usage = 2,             // arguments or input files
  cannot_connect = 3,    // cannot listen or connect
  kernel_or_limits = 4,  // this kernel or these limits do not allow it
};

/// What was being done when the status came back: getting there, or working.
enum class Stage { listen, connect, work };

ExitCode exit_code_of(const Status& status, Stage stage);

/// Prints the status (nothing if ok) and maps it.
ExitCode fail(const Status& status, Stage stage);
ExitCode fail(ExitCode code, std::string_view text);

}  // namespace ringroad::tools
