// client_tasks.h — what other threads ask of a shard about one of its clients, and want answered.
// Owner:  Shard.   Thread: post() any; take(), has_mail() the shard's. One mutex; no callback runs under it.
// Bound:  kTasksMax wait; one more is refused: overloaded.
// Cost:   a turn without tasks is one load.
// Fails:  every task that was taken in runs once; those that wait when the shard has stopped run without
//         a client.
// Why here: rare, and with closures: nothing for the lanes of a mailbox, which hold bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "engine/io.h"
#include "ringroad/status.h"
#include "shard/client_key.h"

namespace ringroad::shard {

class Session;

struct ClientTask {
  ClientKey client;
  /// Null: it has gone, or the shard has.
  std::function<void(Session*)> run;
};

class ClientTasks {
 public:
  static constexpr size_t kTasksMax = 4'096;

  explicit ClientTasks(engine::Io& io) : io_(io) {}
  ~ClientTasks();
  ClientTasks(const ClientTasks&) = delete;
  ClientTasks& operator=(const ClientTasks&) = delete;

  Status post(ClientTask task);
  /// Any thread, once the shard turns no more: runs those that wait, without a client, and takes no more.
  void close();
  /// All that wait, in their order.
  std::vector<ClientTask> take();
  /// take() would find something.
  bool has_mail() const { return any_.load(std::memory_order_relaxed); }

 private:
  engine::Io& io_;
  std::mutex mutex_;
  // Under the mutex.
  std::vector<ClientTask> waiting_;
  bool closed_ = false;
  // Set under the mutex, read without: a task that has_mail() misses has a wake() to come.
  std::atomic<bool> any_{false};
};

}  // namespace ringroad::shard
