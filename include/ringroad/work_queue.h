// work_queue.h — jobs done one after the other by a thread of their own (V82 to V86).
// Shape:  a job is a function, and may have a key: two jobs with the same key are "the same job" for
//         add_if_not_queued(), remove() and is_queued(). Those look at jobs that wait, never at the
//         one that runs.
// Thread: any thread may call any method, jobs included. Jobs run on the queue's thread, which starts
//         with the first of them, strictly in the order in which they were added.
// Bound:  jobs_max jobs and call_bytes_max bytes of calls (Server::command) wait; what is more is
//         refused (`overloaded`) and counted.
// Fails:  values (Status). A job that throws is caught, counted and logged; the next one runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ringroad/status.h"

namespace ringroad {

class WorkQueueCore;  // service/work_queue_core.h

struct WorkQueueOptions {
  /// Most jobs that may wait. Range 1..16,777,216.
  size_t jobs_max = 65'536;
  /// Most bytes (URL, param, data) of calls that may wait. Range 524,288..1 TiB.
  size_t call_bytes_max = 67'108'864;
  /// What tools show as the thread's name, 15 bytes of it.
  std::string name = "rr-work";

  /// ok, or invalid_argument with the option, the value and the range.
  Status validate() const;
};

/// Totals since the queue was made, unless the text says "now". At any time
/// added == done + failed + removed + discarded + waiting_now + running_now.
struct WorkQueueStats {
  uint64_t added = 0;
  uint64_t done = 0;
  /// Threw.
  uint64_t failed = 0;
  uint64_t removed = 0;
  /// Waited when the queue was destroyed.
  uint64_t discarded = 0;
  /// Answered overloaded; not in `added`.
  uint64_t refused = 0;
  uint64_t waiting_now = 0;
  /// 0 or 1.
  uint64_t running_now = 0;
  /// Answers of calls (Server::command) that found their client's shard full, and were tried again.
  uint64_t replies_late = 0;
  /// Answers of calls that are lost, logged: no room in time. Their callers wait in vain.
  uint64_t replies_lost = 0;
};

class WorkQueue {
 public:
  using Job = std::function<void()>;

  explicit WorkQueue(WorkQueueOptions options = {});
  /// Waits for the job that runs and discards those that wait: counted, logged, and waiting calls
  /// are answered no_responding. drain() first if they must be done. In a job of this queue it does
  /// not wait; that job is the last.
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Puts a job at the end (V82). overloaded: a bound is reached. invalid_argument: empty, or
  /// an option is out of range. resource_exhausted: no thread.
  Status add(Job job);
  Status add(std::string_view key, Job job);
  /// False, and nothing is added, if a job with this key waits (V83). `key` must not be empty.
  Result<bool> add_if_not_queued(std::string_view key, Job job);
  /// Removes the first waiting job with this key. False if there is none (V84).
  bool remove(std::string_view key);
  /// A job with this key waits (V85).
  bool is_queued(std::string_view key) const;
  /// Waits until everything that was added before has run or was removed. invalid_argument in a job
  /// of this queue: it would wait for itself.
  Status drain();

  WorkQueueStats stats() const;

  const std::shared_ptr<WorkQueueCore>& core() const { return core_; }

 private:
  const std::shared_ptr<WorkQueueCore> core_;
};

}  // namespace ringroad
