#include "shard/client_tasks.h"

#include <string>
#include <utility>

namespace ringroad::shard {

ClientTasks::~ClientTasks() {
  close();
}

void ClientTasks::close() {
  std::vector<ClientTask> rest;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    rest.swap(waiting_);
  }
  for (const ClientTask& task : rest) task.run(nullptr);
}

Status ClientTasks::post(ClientTask task) {
  const std::lock_guard lock(mutex_);
  if (closed_) return {StatusCode::not_running, "the server has stopped"};
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
