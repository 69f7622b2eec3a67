#include "tools/conform_report.h"

#include <fmt/format.h>

#include "tools/text.h"

namespace ringroad::tools {

std::string ConformReport::add(std::string_view check, const Judgement& judgement) {
  std::string_view word;
  switch (judgement.verdict) {
    case Verdict::pass:
      ++passed_, word = "PASS";
      break;
    case Verdict::fail:
      ++failed_, word = "FAIL";
      break;
    case Verdict::skip:
      ++skipped_, word = "SKIP";
      break;
    case Verdict::not_applicable:
      ++not_applicable_, word = "N/A";
      break;
  }
  return fmt::format("{} {}{}{}", word, check, judgement.detail.empty() ? "" : " ",
                     printable(judgement.detail));
}

std::string ConformReport::result_line() const {
  return fmt::format("RESULT pass={} fail={} skip={} na={}", passed_, failed_, skipped_,
                     not_applicable_);
}

ExitCode ConformReport::exit_code() const {
  return failed_ == 0 ? ExitCode::ok : ExitCode::answer_is_no;
}

}  // namespace ringroad::tools
