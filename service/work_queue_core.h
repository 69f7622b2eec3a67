// work_queue_core.h — what is behind a ringroad::WorkQueue: the waiting jobs and the worker.
// Owner:  WorkQueue, its worker while it runs, and the commands that are served by it.
// Thread: any.
// Life:   open -> stopped, for good. The worker starts with the first job.
// Bound:  options.jobs_max, options.call_bytes_max; over them add() refuses, counted.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "ringroad/status.h"
#include "ringroad/work_queue.h"
#include "service/late_replies.h"

namespace ringroad {

class WorkQueueCore : public std::enable_shared_from_this<WorkQueueCore> {
 public:
  struct Job {
    std::string key = {};  // empty: none
    WorkQueue::Job function = {};
    size_t bytes = 0;     // what it holds of a peer
    uint64_t number = 0;  // filled in by add(): 1, 2, 3, …
  };
  /// Whether another one with this key may wait.
  enum class Twins : uint8_t { allowed, refused };

  explicit WorkQueueCore(WorkQueueOptions options) : options_(std::move(options)) {}

  /// True: added. False: a twin waits.
  Result<bool> add(Job job, Twins twins);
  bool remove(std::string_view key);
  bool is_queued(std::string_view key) const;
  Status drain();
  void stop();
  WorkQueueStats stats() const;
  /// For the answers of calls.
  const std::shared_ptr<service::LateReplies>& replies() const { return replies_; }

 private:
  using Lock = std::unique_lock<std::mutex>;

  Status admit(const Job& job);
  Status start_worker();
  void run();
  void run_one(Lock& lock);
  bool settled(uint64_t number) const;
  void count_key(const std::string& key);
  void uncount_key(const std::string& key);
  bool on_worker() const { return id_ == std::this_thread::get_id(); }

  const WorkQueueOptions options_;
  const std::shared_ptr<service::LateReplies> replies_ =
      std::make_shared<service::LateReplies>("work_queue");

  mutable std::mutex mutex_;
  // Under the mutex.
  std::condition_variable added_;  // or stopped_
  std::condition_variable settled_;
  std::deque<Job> waiting_;
  std::unordered_map<std::string, size_t> waiting_keys_;  // how many of each wait, none is 0
  size_t waiting_bytes_ = 0;
  WorkQueueStats stats_;  // without the two "now"
  uint64_t running_ = 0;  // its number, 0: none
  bool stopped_ = false;
  std::thread worker_;
  std::thread::id id_;  // of worker_, also when it is detached
};

}  // namespace ringroad
