// eventually.h — a bounded wait for what happens on other threads or in other processes.
// Thread: any.
// Bound:  kEventually; then the answer is false and the test says what did not happen.
// Why here: the only place in the tests that lets time pass: it ends as soon as the condition holds.
#pragma once

#include <chrono>
#include <thread>

namespace ringroad::support {

inline constexpr auto kEventually = std::chrono::seconds(30);

/// `predicate` held within `patience`. It is asked on the calling thread.
template <typename Predicate>
bool wait_until(Predicate predicate, std::chrono::milliseconds patience = kEventually) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= deadline) return predicate();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace ringroad::support
