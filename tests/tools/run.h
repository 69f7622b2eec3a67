// run.h — one run of the built `ringroad`, and a gateway to run it against.
// Owner: a test.   Thread: one.
// Bound: that of Program.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/tools/program.h"

namespace ringroad::tools {

struct Outcome {
  int exit_code = -1;
  std::string text;

  bool says(const std::string& part) const { return text.find(part) != text.npos; }
};

inline Outcome run(std::vector<std::string> arguments) {
  Program program(std::move(arguments));
  const int exit_code = program.exit_code();
  return {exit_code, program.text()};
}

inline std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + " ";
  return text;
}

/// `ringroad serve` or `ringroad playground` on a free port.
class Gateway {
 public:
  explicit Gateway(std::vector<std::string> more = {},
                   std::vector<std::string> command = {"serve", "--shards", "2"},
                   const std::string& host = "127.0.0.1")
      : program_([&] {
          command.insert(command.end(), {"--listen", host + ":0"});
          command.insert(command.end(), more.begin(), more.end());
          return command;
        }()) {
    line_ = program_.line_with("serving vsoa://");
    const size_t at = line_.find("vsoa://");
    if (at != line_.npos) server_ = line_.substr(at, line_.find(' ', at) - at);
  }

  const std::string& server() const { return server_; }
  const std::string& start_line() const { return line_; }
  std::string address() const { return server_.substr(std::string("vsoa://").size()); }
  Program& program() { return program_; }

 private:
  Program program_;
  std::string line_;
  std::string server_ = "vsoa://127.0.0.1:1";
};

}  // namespace ringroad::tools
