// doctor_findings.h — what kernel and limits allow, in words.
// Thread: any; pure: values in, sentences out.
// Why here: the judgements can be tested without the machine that they are about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringroad/status.h"
#include "tools/limits.h"

namespace ringroad::tools {

enum class Grade { good, note, bad };  // bad: no server runs here

struct Finding {
  Grade grade = Grade::good;
  std::string name;
  std::string text;
};

/// What the trial server said, beside the facts: io_uring_disabled and the seccomp mode, as text.
Finding judge_engine(const Status& trial, std::string_view sysctl, std::string_view seccomp);
Finding judge_files(const Limit& limit, size_t shards);
Finding judge_locked_memory(const Limit& limit);
Finding judge_backlog(std::string_view somaxconn);
Finding judge_ports(std::string_view range);
Finding judge_send_memory(std::string_view tcp_wmem);
Finding judge_cores(const std::vector<unsigned>& allowed, unsigned online);

}  // namespace ringroad::tools
