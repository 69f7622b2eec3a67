// conform_report.h — what the checks of `ringroad conform` came to: lines, counts, exit code.
// Owner:  the command.   Thread: main thread.
// Fails:  nothing.
// Why here: the lines are read by scripts: one place writes them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tools/exit_code.h"

namespace ringroad::tools {

enum class Verdict { pass, fail, skip, not_applicable };

/// How one check ended, and what a person should know about it.
struct Judgement {
  Verdict verdict = Verdict::pass;
  std::string detail = {};

  bool passed() const { return verdict == Verdict::pass; }
};

inline Judgement pass(std::string detail = "") {
  return {Verdict::pass, std::move(detail)};
}
inline Judgement failure(std::string detail) {
  return {Verdict::fail, std::move(detail)};
}
inline Judgement skip(std::string detail) {
  return {Verdict::skip, std::move(detail)};
}
inline Judgement not_applicable(std::string detail) {
  return {Verdict::not_applicable, std::move(detail)};
}

class ConformReport {
 public:
  /// Counts it and answers its line: "PASS name detail", safe for a terminal.
  std::string add(std::string_view check, const Judgement& judgement);
  /// "RESULT pass=… fail=… skip=… na=…"
  std::string result_line() const;
  /// ok, or answer_is_no with any FAIL.
  ExitCode exit_code() const;

 private:
  size_t passed_ = 0;
  size_t failed_ = 0;
  size_t skipped_ = 0;
  size_t not_applicable_ = 0;
};

}  // namespace ringroad::tools
