#include "ringroad/work_queue.h"

#include <string>
#include <utility>

#include "service/work_queue_core.h"

namespace ringroad {
namespace {

using Twins = WorkQueueCore::Twins;

constexpr size_t kJobsMax = 16'777'216;
constexpr size_t kCallBytesMin = 524'288;  // two calls of the largest size
constexpr size_t kCallBytesMax = 1'099'511'627'776;

Status in_range(std::string_view option, size_t value, size_t least, size_t most) {
  if (value >= least && value <= most) return {};
  return {StatusCode::invalid_argument, std::string(option) + " is " + std::to_string(value) +
                                            ", must be " + std::to_string(least) + ".." +
                                            std::to_string(most)};
}

Status no_function() {
  return {StatusCode::invalid_argument, "the job is empty: it has no function to call"};
}

}  // namespace

Status WorkQueueOptions::validate() const {
  if (Status status = in_range("jobs_max", jobs_max, 1, kJobsMax); !status.ok()) return status;
  return in_range("call_bytes_max", call_bytes_max, kCallBytesMin, kCallBytesMax);
}

WorkQueue::WorkQueue(WorkQueueOptions options)
    : core_(std::make_shared<WorkQueueCore>(std::move(options))) {
}

WorkQueue::~WorkQueue() {
  core_->stop();
}

Status WorkQueue::add(Job job) {
  return add(std::string_view(), std::move(job));
}

Status WorkQueue::add(std::string_view key, Job job) {
  if (!job) return no_function();
  return core_->add({.key = std::string(key), .function = std::move(job)}, Twins::allowed).status();
}

Result<bool> WorkQueue::add_if_not_queued(std::string_view key, Job job) {
  if (!job) return no_function();
  if (key.empty()) {
    return Status(
        StatusCode::invalid_argument,
        "add_if_not_queued() needs a key: a job without one is never the same as another");
  }
  return core_->add({.key = std::string(key), .function = std::move(job)}, Twins::refused);
}

bool WorkQueue::remove(std::string_view key) {
  return core_->remove(key);
}

bool WorkQueue::is_queued(std::string_view key) const {
  return core_->is_queued(key);
}

Status WorkQueue::drain() {
  return core_->drain();
}

WorkQueueStats WorkQueue::stats() const {
  return core_->stats();
}

}  // namespace ringroad
