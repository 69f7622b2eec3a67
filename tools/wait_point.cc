#include "tools/wait_point.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "tools/exit_code.h"

namespace ringroad::tools {
namespace {

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

timespec to_timespec(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

}  // namespace

WaitPoint::WaitPoint() {
  const sigset_t set = end_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  notices_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signals_ >= 0 && notices_ >= 0) return;
  const char* text = "no file descriptor left to start with: raise the limit (ulimit -n 4096)";
  std::_Exit(static_cast<int>(fail(ExitCode::kernel_or_limits, text)));
}

WaitPoint::~WaitPoint() {
  close(signals_);
  close(notices_);
}

void WaitPoint::notify() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(notices_, &one, sizeof one);  // full = notified
}

Wake WaitPoint::wait_until(Clock::time_point deadline) {
  const auto left = deadline - Clock::now();
  const timespec timeout = to_timespec(left > left.zero() ? left : left.zero());
  return poll_for(&timeout);
}

Wake WaitPoint::wait() {
  return poll_for(nullptr);
}

Wake WaitPoint::poll_for(const timespec* timeout) {
  std::array<pollfd, 2> fds = {pollfd{.fd = interrupted_ ? -1 : signals_, .events = POLLIN},
                               pollfd{.fd = notices_, .events = POLLIN}};
  if (ppoll(fds.data(), fds.size(), timeout, nullptr) <= 0) return Wake::timed_out;
  if ((fds[0].revents & POLLIN) != 0) {
    take_signal();
    return Wake::interrupted;
  }
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(notices_, &count, sizeof count);
  return Wake::notified;
}

void WaitPoint::take_signal() {
  signalfd_siginfo ignored;
  [[maybe_unused]] const ssize_t taken = read(signals_, &ignored, sizeof ignored);
  interrupted_ = true;
  const sigset_t set = end_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // whoever presses Ctrl-C again means it
}

}  // namespace ringroad::tools
