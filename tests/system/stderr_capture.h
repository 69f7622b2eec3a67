// stderr_capture.h — what this process writes to stderr meanwhile.
// Owner:  a test.   Thread: made, asked and destroyed by one; any may write.
// Fails:  text() is empty if there was no room for a temporary file.
// Why here: log lines are a promise to operators, and stderr is where they go.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace ringroad::testing {

class StderrCapture {
 public:
  StderrCapture() { ::dup2(file_, STDERR_FILENO); }
  ~StderrCapture() {
    ::dup2(before_, STDERR_FILENO);
    const std::string all = text();
    if (::write(before_, all.data(), all.size()) < 0) return;  // shown late, but shown
    ::close(before_);
    ::close(file_);
  }
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  std::string text() const {
    std::string text(65'536, '\0');
    const ssize_t bytes = ::pread(file_, text.data(), text.size(), 0);
    text.resize(bytes < 0 ? 0 : static_cast<size_t>(bytes));
    return text;
  }

 private:
  const int before_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  const int file_ = ::memfd_create("stderr", MFD_CLOEXEC);
};

}  // namespace ringroad::testing
