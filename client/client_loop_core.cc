#include "client/client_loop_core.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace ringroad {
namespace {

// start() refuses what is out of range; until then there must be a thread to point at.
constexpr uint32_t kThreadsMax = 64;

}  // namespace

ClientLoopCore::ClientLoopCore(ClientLoopOptions options) : options_(options) {
  using Driver = client::LoopThread::Driver;
  const Driver driver = options.threads == 0 ? Driver::caller : Driver::own_thread;
  const uint32_t loops = std::clamp(options.threads, 1U, kThreadsMax);
  for (uint32_t i = 0; i < loops; ++i) {
    threads_.push_back(std::make_unique<client::LoopThread>(driver));
  }
}

ClientLoopCore::~ClientLoopCore() {
  stop();
}

Status ClientLoopCore::start() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::running) return {};
  if (state_ == State::stopped) {
    return {StatusCode::not_running, "the ClientLoop of this client has been destroyed"};
  }
  Status status = options_.validate();
  if (status.ok()) status = start_threads();
  if (status.ok()) state_ = State::running;
  return status;
}

// All or none: a thread that failed leaves nothing behind, those before it wait for the next try.
Status ClientLoopCore::start_threads() {
  for (const auto& thread : threads_) {
    Status status = thread->start();
    if (!status.ok()) return status;
  }
  return {};
}

void ClientLoopCore::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::stopped) return;
    state_ = State::stopped;
  }
  // Without the lock: a callback that calls start() meanwhile must get its answer.
  for (const auto& thread : threads_) thread->stop();
}

Status ClientLoopCore::run_for(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
  if (time.count() < 0 || time > kLongest) {
    return {StatusCode::invalid_argument,
            "run_for(): " + std::to_string(time.count()) + " ms, must be 0 to an hour"};
  }
  if (options_.threads != 0) {
    return {StatusCode::invalid_argument,
            "run_for() is for ClientLoopOptions::threads = 0: this loop has threads of its own"};
  }
  if (Status status = start(); !status.ok()) return status;
  return threads_.front()->run_for(time);
}

bool ClientLoopCore::running() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::running;
}

client::LoopThread& ClientLoopCore::next_thread() {
  return *threads_[next_.fetch_add(1, std::memory_order_relaxed) % threads_.size()];
}

bool ClientLoopCore::on_loop_thread() const {
  return std::any_of(threads_.begin(), threads_.end(),
                     [](const auto& thread) { return thread->is_current(); });
}

}  // namespace ringroad
