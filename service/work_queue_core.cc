#include "service/work_queue_core.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/thread.h"

namespace ringroad {

Result<bool> WorkQueueCore::add(Job job, Twins twins) {
  const Lock lock(mutex_);
  if (Status status = options_.validate(); !status.ok()) return status;
  if (stopped_) return Status(StatusCode::not_running, "the work queue is gone");
  if (twins == Twins::refused && waiting_keys_.contains(job.key)) return false;
  if (Status status = admit(job); !status.ok()) {
    ++stats_.refused;
    return status;
  }
  if (Status status = start_worker(); !status.ok()) return status;
  count_key(job.key);
  waiting_bytes_ += job.bytes;
  job.number = ++stats_.added;
  waiting_.push_back(std::move(job));
  added_.notify_one();
  return true;
}

Status WorkQueueCore::admit(const Job& job) {
  if (waiting_.size() >= options_.jobs_max) {
    return {StatusCode::overloaded, std::to_string(waiting_.size()) +
                                        " jobs wait in the work queue, its jobs_max; add fewer, or "
                                        "use several queues"};
  }
  if (job.bytes > options_.call_bytes_max - waiting_bytes_) {
    return {StatusCode::overloaded,
            std::to_string(waiting_bytes_) +
                " bytes of calls wait in the work queue; call_bytes_max is " +
                std::to_string(options_.call_bytes_max)};
  }
  return {};
}

Status WorkQueueCore::start_worker() {
  if (worker_.joinable()) return {};
  Result<std::thread> thread =
      base::start_thread(options_.name, [self = shared_from_this()] { self->run(); });
  if (!thread.ok()) return thread.status();
  worker_ = std::move(*thread);
  id_ = worker_.get_id();
  return {};
}

bool WorkQueueCore::remove(std::string_view key) {
  Job removed;  // dies after the lock: it is the program's code
  const Lock lock(mutex_);
  if (key.empty()) return false;
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [key](const Job& job) { return job.key == key; });
  if (found == waiting_.end()) return false;
  removed = std::move(*found);
  waiting_.erase(found);
  uncount_key(removed.key);
  waiting_bytes_ -= removed.bytes;
  ++stats_.removed;
  settled_.notify_all();
  return true;
}

bool WorkQueueCore::is_queued(std::string_view key) const {
  const Lock lock(mutex_);
  return waiting_keys_.contains(std::string(key));
}

Status WorkQueueCore::drain() {
  Lock lock(mutex_);
  if (on_worker()) {
    return {StatusCode::invalid_argument, "drain() in a job of the same queue never ends"};
  }
  const uint64_t last = stats_.added;
  while (!stopped_ && !settled(last)) settled_.wait(lock);
  return {};
}

/// That job and those before it have run or were removed.
bool WorkQueueCore::settled(uint64_t number) const {
  if (running_ != 0 && running_ <= number) return false;
  return waiting_.empty() || waiting_.front().number > number;
}

void WorkQueueCore::stop() {
  std::deque<Job> discarded;
  std::thread worker;
  {
    const Lock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    discarded.swap(waiting_);
    waiting_keys_.clear();
    waiting_bytes_ = 0;
    stats_.discarded += discarded.size();
    worker.swap(worker_);
    added_.notify_all();
    settled_.notify_all();
  }
  if (!discarded.empty()) {
    LOG(warn, "event=work_queue_discarded queue={} jobs={} cure=drain()", options_.name,
        discarded.size());
    discarded.clear();  // calls are answered now, not when the running job has ended
  }
  if (on_worker()) {
    worker.detach();
  } else if (worker.joinable()) {
    worker.join();
  }
}

WorkQueueStats WorkQueueCore::stats() const {
  const service::LateReplies::Stats replies = replies_->stats();
  const Lock lock(mutex_);
  WorkQueueStats stats = stats_;
  stats.waiting_now = waiting_.size();
  stats.running_now = running_ == 0 ? 0 : 1;
  stats.replies_late = replies.late;
  stats.replies_lost = replies.lost;
  return stats;
}

void WorkQueueCore::run() {
  Lock lock(mutex_);
  while (!stopped_) {
    if (waiting_.empty()) {
      added_.wait(lock);
    } else {
      run_one(lock);
    }
  }
}

void WorkQueueCore::run_one(Lock& lock) {
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  uncount_key(job.key);
  waiting_bytes_ -= job.bytes;
  running_ = job.number;
  lock.unlock();
  bool failed = false;
  try {
    job.function();
  } catch (...) {
    failed = true;
    LOG(error, "event=job_failed queue={} key={} what={}", options_.name, job.key,
        base::words_of_failure());
  }
  job.function = nullptr;
  lock.lock();
  running_ = 0;
  ++(failed ? stats_.failed : stats_.done);
  settled_.notify_all();
}

void WorkQueueCore::count_key(const std::string& key) {
  if (!key.empty()) ++waiting_keys_[key];
}

void WorkQueueCore::uncount_key(const std::string& key) {
  if (key.empty()) return;
  const auto found = waiting_keys_.find(key);
  CHECK(found != waiting_keys_.end());
  if (--found->second == 0) waiting_keys_.erase(found);
}

}  // namespace ringroad
