// full_shard.h — a server's only shard, held by a handler while its mailbox has no room for anything.
// Owner:  the test.   Thread: the test's.
// Life:   add() before listen(); fill() with a client of that shard; open(), at the latest with the
//         destructor, which must run before the server's.
// Why here: the answers of other threads find a full mailbox only while the shard does not look into it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <utility>

#include "ringroad/client.h"
#include "ringroad/server.h"
#include "tests/support/eventually.h"

namespace ringroad::testing {

class FullShard {
 public:
  ~FullShard() { open(); }

  /// The command "/hold", which ends with open().
  void add(Server& server) {
    const Status status =
        server.command("/hold", [this, opened = open_.get_future().share()](Call& call) {
          held_ = true;
          opened.wait();
          (void)call.reply();
        });
    EXPECT_TRUE(status.ok()) << status.message();
  }
  /// Calls it, and gives the shard orders until it takes no more.
  void fill(Client& client, RemoteClient remote) {
    EXPECT_TRUE(client.call("/hold", {}, nullptr).ok());
    EXPECT_TRUE(support::wait_until([this] { return held_.load(); }));
    Status status;
    while ((status = remote.set_backlog(Backlog::close)).ok()) {
    }
    EXPECT_EQ(status.code(), StatusCode::overloaded) << status.message();
  }
  void open() {
    if (!std::exchange(is_open_, true)) open_.set_value();
  }

 private:
  std::promise<void> open_;
  std::atomic<bool> held_{false};
  bool is_open_ = false;
};

}  // namespace ringroad::testing
