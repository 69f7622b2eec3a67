// program.h — runs the built `ringroad`, or another program, in a test and reads what it says.
// Owner: a test.   Thread: one.
// Bound:  every wait ends after 60 s; a program still running at the end is killed.
// Fails:  a missing line is an empty text; a program that does not end is exit code -1.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace ringroad::tools {

class Program {
 public:
  explicit Program(std::vector<std::string> arguments, const char* path = RINGROAD_PROGRAM) {
    arguments.insert(arguments.begin(), path);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }

  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal(int number) const {
    if (pid_ > 0) kill(pid_, number);
  }

  /// Reads until a line contains `part`; that line, or empty if the output ended without it.
  std::string line_with(const std::string& part) {
    while (true) {
      const size_t end = text_.find('\n', taken_);
      if (end == text_.npos) {
        if (!read_more()) return "";
        continue;
      }
      const std::string line = text_.substr(taken_, end - taken_);
      taken_ = end + 1;
      if (line.find(part) != line.npos) return line;
    }
  }

  /// Reads the rest and waits for the end.
  int exit_code() {
    while (read_more()) continue;
    if (timed_out_ || pid_ <= 0) return -1;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  /// Everything it has said so far, stdout and stderr as they came.
  const std::string& text() const { return text_; }

 private:
  bool read_more() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    pollfd readable = {.fd = output_, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
      timed_out_ = true;
      return false;
    }
    char chunk[4096];
    const ssize_t bytes = read(output_, chunk, sizeof chunk);
    if (bytes > 0) text_.append(chunk, static_cast<size_t>(bytes));
    return bytes > 0;
  }

  using Clock = std::chrono::steady_clock;

  const Clock::time_point deadline_ = Clock::now() + std::chrono::seconds(60);
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
  size_t taken_ = 0;
  bool timed_out_ = false;
};

}  // namespace ringroad::tools
