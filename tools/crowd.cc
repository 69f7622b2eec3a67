#include "tools/crowd.h"

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <utility>

namespace ringroad::tools {
namespace {

constexpr size_t kOutstandingMax = 256;

/// Shared with the callbacks: some may come after Ctrl-C has ended the wait.
class Progress {
 public:
  explicit Progress(WaitPoint& wait_point) : wait_point_(wait_point) {}

  void end(const Status& status) {
    {
      const std::lock_guard lock(mutex_);
      ++ended_;
      if (!status.ok() && failure_.ok()) failure_ = status;
    }
    wait_point_.notify();
  }

  size_t ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  Status failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  WaitPoint& wait_point_;
  mutable std::mutex mutex_;
  size_t ended_ = 0;
  Status failure_;
};

}  // namespace

Status for_each_in_crowd(size_t count, const StartOne& start, WaitPoint& wait_point) {
  const auto progress = std::make_shared<Progress>(wait_point);
  size_t started = 0;
  while (progress->ended() < count && progress->failure().ok()) {
    while (started < count && started - progress->ended() < kOutstandingMax) {
      const Status status =
          start(started, [progress](const Status& ended) { progress->end(ended); });
      if (!status.ok()) return status;
      ++started;
    }
    if (progress->ended() == count) break;
    if (wait_point.wait() == Wake::interrupted) {
      return Status(StatusCode::cancelled, "interrupted");
    }
  }
  return progress->failure();
}

}  // namespace ringroad::tools
