// check_report.h — one PASS or FAIL line on stdout for each check of the interop client.
// Owner: the client's main.   Thread: the main thread.
// Fails:  expect() notes the first thing that is wrong; the check goes on.
// Why here: tests/interop/run.sh counts lines, whatever language a check is written in.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include "ringroad/status.h"

namespace ringroad::interop {

class CheckReport {
 public:
  void add(const std::string& name, const std::string& cause) {
    if (cause.empty()) {
      std::printf("PASS interop_peer: %s\n", name.c_str());
    } else {
      std::printf("FAIL interop_peer: %s: %s\n", name.c_str(), cause.c_str());
      ++failed_;
    }
    std::fflush(stdout);
  }

  size_t failed() const { return failed_; }

 private:
  size_t failed_ = 0;
};

/// Reports itself at the end of its scope.
class Check {
 public:
  Check(CheckReport& report, std::string name) : report_(report), name_(std::move(name)) {}
  ~Check() { report_.add(name_, cause_); }
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;

  void expect(bool good, const std::string& cause) {
    if (!good && cause_.empty()) cause_ = cause;
  }
  void ok(const Status& status) {
    expect(status.ok(), std::string(to_string(status.code())) + ": " + status.message());
  }
  void code(const Status& status, StatusCode wanted) {
    expect(status.code() == wanted, "got " + std::string(to_string(status.code())) + ", not " +
                                        std::string(to_string(wanted)));
  }
  void equal(const std::string& got, const std::string& wanted) {
    expect(got == wanted, "got " + shown(got) + ", not " + shown(wanted));
  }

 private:
  static std::string shown(const std::string& text) {
    if (text.size() <= 200) return "'" + text + "'";
    return "'" + text.substr(0, 200) + "…' (" + std::to_string(text.size()) + " bytes)";
  }

  CheckReport& report_;
  const std::string name_;
  std::string cause_;
};

}  // namespace ringroad::interop
