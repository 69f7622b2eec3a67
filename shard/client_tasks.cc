#include "shard/client_tasks.h"

#include <string>
#include <utility>

namespace ringroad::shard {

ClientTasks::~ClientTasks() {
  for (const ClientTask& task : waiting_) task.run(nullptr);
}

Status ClientTasks::post(ClientTask task) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() == kTasksMax) {
    return {StatusCode::overloaded,
            std::to_string(kTasksMax) + " questions about clients wait for their shard"};
  }
  waiting_.push_back(std::move(task));
  if (any_.load(std::memory_order_relaxed)) return {};  // whoever set it has woken the loop
  any_.store(true, std::memory_order_relaxed);
  io_.wake();
  return {};
}

std::vector<ClientTask> ClientTasks::take() {
  if (!has_mail()) return {};
  const std::lock_guard lock(mutex_);
  any_.store(false, std::memory_order_relaxed);
  return std::exchange(waiting_, {});
}

}  // namespace ringroad::shard
