#include "client/loop_thread.h"

#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "client/session_loop.h"
#include "engine/uring_io.h"

namespace ringroad::client {

LoopThread::LoopThread(Driver driver) : kind_(driver) {
}

LoopThread::~LoopThread() {
  CHECK(!thread_.joinable());
  CHECK(loop_ == nullptr);
}

Status LoopThread::start() {
  if (kind_ == Driver::caller) {
    Status status = loop_ == nullptr ? open() : Status();
    if (status.ok()) driver_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    return status;
  }
  if (thread_.joinable()) return {};
  Waiter<Status> started;
  Result<std::thread> thread = base::start_thread("rr-client", [this, &started] { run(started); });
  if (!thread.ok()) return thread.status();
  thread_ = std::move(*thread);
  Status status = started.wait();
  if (!status.ok()) thread_.join();
  return status;
}

void LoopThread::stop() {
  CHECK(!is_current());
  queue_.close();
  if (thread_.joinable()) thread_.join();
  if (loop_ == nullptr) return;
  const bool loop_without_threads_ends_in_the_thread_that_started_it = is_driver();
  CHECK(loop_without_threads_ends_in_the_thread_that_started_it);
  drive({}, [this] { return loop_->finished(); });
  close();
}

Status LoopThread::run_for(std::chrono::milliseconds time) {
  if (is_current()) {
    return {StatusCode::invalid_argument, "run_for() waits, which a callback must not"};
  }
  if (!is_driver()) {
    return {StatusCode::invalid_argument,
            kind_ == Driver::caller
                ? "run_for(): another thread has started this loop, and drives it"
                : "run_for() is for ClientLoopOptions::threads = 0: this loop has "
                  "threads of its own"};
  }
  drive(time, [this] { return !alarm_.started(); });
  return {};
}

/// An exception out of a callback would leave the loop in the middle of a turn.
void LoopThread::drive(std::chrono::milliseconds time, const std::function<bool()>& done) noexcept {
  running_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  loop_->loop().catch_up();
  if (time.count() > 0) loop_->loop().start_timer(alarm_, time);
  loop_->loop().run_until(done);
  running_.store(std::thread::id(), std::memory_order_relaxed);
}

Status LoopThread::open() {
  Result<std::unique_ptr<engine::UringIo>> io = engine::UringIo::create({});
  if (!io.ok()) return io.status();
  io_ = std::move(*io);
  loop_ = std::make_unique<SessionLoop>(*io_, queue_);
  queue_.set_io(io_.get());
  return {};
}

void LoopThread::close() {
  queue_.set_io(nullptr);
  loop_.reset();
  io_.reset();
}

void LoopThread::run(Waiter<Status>& started) {
  const Status status = open();
  if (!status.ok()) return started.set(status);
  running_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  started.set(status);
  while (!loop_->finished()) loop_->turn();
  running_.store(std::thread::id(), std::memory_order_relaxed);  // the number may be used again
  close();
}

}  // namespace ringroad::client
