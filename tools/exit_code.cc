#include "tools/exit_code.h"

#include <fmt/format.h>

#include <cstdio>

namespace ringroad::tools {

ExitCode exit_code_of(const Status& status, Stage stage) {
  switch (status.code()) {
    case StatusCode::ok:
      return ExitCode::ok;
    case StatusCode::invalid_argument:
      return ExitCode::usage;
    case StatusCode::unsupported:
    case StatusCode::no_permission:
    case StatusCode::resource_exhausted:
      return stage == Stage::work ? ExitCode::answer_is_no : ExitCode::kernel_or_limits;
    default:
      return stage == Stage::work ? ExitCode::answer_is_no : ExitCode::cannot_connect;
  }
}

ExitCode fail(const Status& status, Stage stage) {
  const ExitCode code = exit_code_of(status, stage);
  if (status.ok()) return code;
  return fail(code, status.message().empty() ? to_string(status.code()) : status.message());
}

ExitCode fail(ExitCode code, std::string_view text) {
  std::fflush(stdout);
  fmt::print(stderr, "ringroad: {}\n", text);
  return code;
}

}  // namespace ringroad::tools
