#include "client/loop_thread.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "client/session_loop.h"
#include "engine/uring_io.h"

namespace ringroad::client {
LoopThread::~LoopThread() {
  CHECK(!thread_.joinable());
}

Status LoopThread::start() {
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
}

void LoopThread::run(Waiter<Status>& started) {
  id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  Result<std::unique_ptr<engine::UringIo>> io = engine::UringIo::create({});
  if (!io.ok()) {
    id_.store(std::thread::id(), std::memory_order_relaxed);
    return started.set(io.status());
  }
  SessionLoop loop(**io, queue_);
  queue_.set_io(io->get());
  started.set(Status());
  while (!loop.finished()) loop.turn();
  queue_.set_io(nullptr);
  id_.store(std::thread::id(), std::memory_order_relaxed);  // the number may be used again
}

}  // namespace ringroad::client
