#include "client/loop_thread.h"

#include <pthread.h>

#include <csignal>
#include <memory>
#include <string>
#include <system_error>

#include "base/check.h"
#include "client/session_loop.h"
#include "engine/uring_io.h"

namespace ringroad::client {
namespace {

/// The program's signal handlers run on the program's threads: ours inherits a full mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_ = {};
};

}  // namespace

LoopThread::~LoopThread() {
  CHECK(!thread_.joinable());
}

Status LoopThread::start() {
  if (thread_.joinable()) return {};
  Waiter<Status> started;
  try {
    const SignalsBlocked blocked;
    thread_ = std::thread(&LoopThread::run, this, std::ref(started));
  } catch (const std::system_error& error) {
    return {StatusCode::resource_exhausted,
            std::string("no thread for the client loop: ") + error.what() + " (see ulimit -u)"};
  }
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
  (void)pthread_setname_np(pthread_self(), "rr-client");
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
