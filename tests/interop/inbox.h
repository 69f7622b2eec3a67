// inbox.h — a queue that the loop's thread fills and the main thread waits at.
// Owner: a check; outlives the Client that fills it.   Thread: any.
// Bound:  a wait ends after 10 s.
// Fails:  next() answers nothing when nothing came.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace ringroad::interop {

inline constexpr std::chrono::seconds kWait(10);

template <typename T>
class Inbox {
 public:
  void push(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_all();
  }

  std::optional<T> next(std::chrono::milliseconds limit = kWait) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return !items_.empty(); })) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;
};

}  // namespace ringroad::interop
