// witness.h — well-behaved clients beside an attack: one per shard, called and published to.
// Owner:  the test.   Thread: its own; the verbs by the test's.
// Bound:  each step of a round waits kEventually.
// Fails:  verdict() says which promise was broken first.
// Why here: "everybody else is served all the time" is half of every test of misbehaviour.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/live_server.h"

namespace ringroad::testing {

class Witness {
 public:
  /// Before listen(): what the rounds need of the server.
  static void prepare(Server& server) {
    const Status status = server.command(
        "/witness/echo", [](Call& call) { (void)call.reply({.param = call.payload().param}); });
    EXPECT_TRUE(is_ok(status));
  }

  Witness(Server& server, uint32_t shards) : server_(server) {
    clients_ = subscribers_on_all_shards(server, shards, loop_, "/witness/");
    if (clients_.size() != shards) {
      fail("cannot connect to every shard");
      return;
    }
    round(0);  // from now on the server is as it is when nothing else goes on
    thread_ = std::thread([this] { run(); });
  }
  ~Witness() { rest(); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// Ends the rounds; the clients stay connected.
  void rest() {
    resting_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// `count` whole rounds from now, all well.
  ::testing::AssertionResult sees(uint64_t count) {
    const uint64_t wanted = rounds_ + count;
    if (!wait_until([&] { return failed_ || rounds_ >= wanted; })) fail("rounds do not end");
    return verdict();
  }
  /// After rest(), or with failed rounds.
  ::testing::AssertionResult verdict() const {
    if (!failed_) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << what_ << " in round " << rounds_;
  }

 private:
  void run() {
    for (uint64_t number = 1; !resting_ && !failed_; ++number) round(number);
  }

  void round(uint64_t number) {
    const std::string text = std::to_string(number);
    if (!server_.publish("/witness/tick", {.param = text}).ok()) return fail("publish() failed");
    for (auto& client : clients_) {
      const Result<Reply> reply = (*client)->fetch("/witness/echo", {.param = text});
      if (!reply.ok()) return fail(reply.status().message());
      if (reply->payload.param != text) return fail("wrong reply " + reply->payload.param);
      if (!wait_until([&] { return client->messages.size() > number; })) return fail("no publish");
      if (client->messages.last().param != text) return fail("wrong publish");
    }
    ++rounds_;
  }

  void fail(const std::string& what) {
    if (failed_) return;
    what_ = what;
    failed_ = true;
  }

  Server& server_;
  ClientLoop loop_;
  std::vector<std::unique_ptr<LiveClient>> clients_;
  std::string what_;  // written before failed_
  std::atomic<uint64_t> rounds_{0};
  std::atomic<bool> resting_{false};
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace ringroad::testing
