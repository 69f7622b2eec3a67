// waiter.h — one answer that another thread brings.
// Owner:  who waits, on its stack: set() is called exactly once, and wait() returns after it.
// Thread: set() any, wait() the owner's.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"

namespace ringroad::client {

template <typename T>
class Waiter {
 public:
  void set(T answer) {
    const std::lock_guard lock(mutex_);
    CHECK(!answer_.has_value());
    answer_.emplace(std::move(answer));
    ready_
        .notify_one();  // under the lock: the owner may destroy us as soon as it can see the answer
  }
  /// wait() would not wait.
  bool ready() {
    const std::lock_guard lock(mutex_);
    return answer_.has_value();
  }
  T wait() {
    std::unique_lock lock(mutex_);
    while (!answer_.has_value()) ready_.wait(lock);
    return std::move(*answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::optional<T> answer_;
};

}  // namespace ringroad::client
