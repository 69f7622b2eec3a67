// Property: a client that does not read costs a bounded amount of memory and nobody's time: a
//           subscriber is closed when its queue is full, or gets the latest only, a caller is not
//           read from any further.
// Method: raw clients that never read, floods several times larger than all buffers between, and
//         everybody else's deliveries and calls awaited step by step meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "tests/system/live_server.h"
#include "tests/system/stderr_capture.h"
#include "tests/system/witness.h"

namespace ringroad::testing {
namespace {

using support::WirePacket;

constexpr uint32_t kShards = 2;
constexpr size_t kQueueBytes = 1'048'576;  // the default
// What the kernel may take for one connection, and as much again.
constexpr size_t kFloodBytes = 96 * 1'048'576;
// One client's queue, the blocks it pins, and what is on its way to everybody else.
constexpr size_t kLiveBytesMax = 8 * kQueueBytes;

/// A stall is what is tested, however long a busy machine makes it.
ServerOptions patient_options() {
  ServerOptions options = live_options(kShards);
  options.send_timeout = std::chrono::milliseconds(0);
  return options;
}

class SlowClientTest : public ::testing::Test {
 protected:
  SlowClientTest() : server_(patient_options()) {
    Witness::prepare(server_);
    EXPECT_TRUE(is_ok(server_.command("/big", [this](Call& call) {
      ++calls_;
      (void)call.reply({.data = std::string(16'384, 'r')});
    })));
    EXPECT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  }

  /// Publishes and waits for everybody until `done`; the largest bytes_live on the way.
  template <typename Done>
  uint64_t flood(const std::vector<std::unique_ptr<LiveClient>>& others, size_t packet_bytes,
                 Done done) {
    const std::string data(packet_bytes, 'f');
    const size_t burst = std::max<size_t>(1, 131'072 / packet_bytes);
    uint64_t live_max = 0;
    for (size_t bytes = 0; bytes < kFloodBytes && !done(); bytes += burst * packet_bytes) {
      for (size_t i = 0; i < burst; ++i) {
        const std::string number = std::to_string(published_++);
        EXPECT_TRUE(is_ok(server_.publish("/flood", {.param = number, .data = data})));
      }
      live_max = std::max(live_max, server_.stats().bytes_live);
      for (const auto& other : others) {
        const bool got = wait_until([&] { return other->messages.size() == published_; });
        EXPECT_TRUE(got) << "somebody waits for the slow one";
        if (!got) return live_max;
      }
    }
    return live_max;
  }

  Server server_;
  ClientLoop loop_;
  std::atomic<uint64_t> calls_{0};
  size_t published_ = 0;
};

class SlowSubscriberTest : public SlowClientTest, public ::testing::WithParamInterface<size_t> {};

TEST_P(SlowSubscriberTest, V7_F8_IsClosedAloneAndTheLogSaysWhy) {
  auto others = subscribers_on_all_shards(server_, kShards, loop_, "/flood");
  ASSERT_EQ(others.size(), kShards);
  for (uint32_t shard = 0; shard < 3 * kShards; ++shard) {  // in one cohort with the slow one
    auto more = connect_on_shard(server_, shard % kShards, kShards, loop_);
    ASSERT_TRUE(more != nullptr && (*more)->subscribe("/flood").ok());
    others.push_back(std::move(more));
  }
  ASSERT_TRUE(wait_until([&] { return server_.stats().connections_now == others.size(); }));
  base::set_log_level(base::LogLevel::warn);  // other tests of this program may want silence
  const StderrCapture log;
  RawClient slow(server_);
  ASSERT_NE(slow.shake_hands(), 0U);
  ASSERT_EQ(slow.ask({.type = client::kSubscribe, .url = "/flood"}).status, 0);

  const uint64_t live_max =
      flood(others, GetParam(), [&] { return server_.stats().closed_slow_client == 1; });
  EXPECT_TRUE(wait_until([&] { return server_.stats().closed_slow_client == 1; }));
  EXPECT_LE(live_max, kLiveBytesMax);
  EXPECT_GE(published_ * GetParam(), kQueueBytes) << "not before its queue is full";
  const std::string line = log.text();
  EXPECT_NE(line.find("event=slow_client"), std::string::npos) << line;
  EXPECT_NE(line.find("limit=1048576"), std::string::npos) << line;
  EXPECT_NE(line.find("knob=queue_bytes_max"), std::string::npos) << line;
  EXPECT_NE(line.find("client=127.0.0.1:" + std::to_string(slow.socket().local_port())),
            std::string::npos)
      << line;

  EXPECT_TRUE(slow.socket().wait_closed());
  EXPECT_TRUE(wait_until([&] { return server_.stats().connections_now == others.size(); }));
  EXPECT_TRUE(wait_until([&] { return server_.stats().bytes_live <= 2 * kShards * 65'536; }))
      << server_.stats().bytes_live;
  for (const auto& other : others) {
    const std::vector<std::string> params = other->messages.params();
    ASSERT_EQ(params.size(), published_);
    for (size_t i = 0; i < published_; ++i) ASSERT_EQ(params[i], std::to_string(i));
  }
  const ServerStats stats = server_.stats();
  EXPECT_EQ(stats.closed_slow_client, 1U);
  EXPECT_EQ(stats.closed_by_peer + stats.closed_other, stats.connections_accepted - 9U);
  const uint64_t pairs = published_ * others.size();
  EXPECT_GE(stats.deliveries + stats.deliveries_dropped, pairs);
  EXPECT_GT(stats.deliveries_dropped, 0U);
}

INSTANTIATE_TEST_SUITE_P(PacketBytes, SlowSubscriberTest, ::testing::Values(100, 1'000, 60'000),
                         ::testing::PrintToStringParamName());

TEST_F(SlowClientTest, WhoConflatesStaysAndGetsTheLatest) {
  auto others = subscribers_on_all_shards(server_, kShards, loop_, "/flood");
  ASSERT_EQ(others.size(), kShards);
  RawClient slow(server_);
  const uint32_t id = slow.shake_hands();
  ASSERT_NE(id, 0U);
  ASSERT_EQ(slow.ask({.type = client::kSubscribe, .url = "/flood"}).status, 0);
  for (RemoteClient remote : server_.clients()) {
    if (remote.id() != id) continue;
    ASSERT_TRUE(is_ok(remote.set_backlog(Backlog::conflate)));
  }
  const uint64_t live_max =
      flood(others, 1'000, [&] { return server_.stats().deliveries_conflated > 5'000; });
  EXPECT_LE(live_max, kLiveBytesMax);
  EXPECT_GT(server_.stats().deliveries_conflated, 5'000U);
  EXPECT_EQ(server_.stats().closed_slow_client, 0U);
  const std::string last = std::to_string(published_ - 1);
  uint64_t previous = 0;
  size_t got = 0;
  for (std::string param; param != last; ++got) {  // and now it does read
    const WirePacket packet = slow.socket().read_packet();
    ASSERT_EQ(packet.magic, 0x29);
    param = packet.param;
    ASSERT_TRUE(got == 0 || std::stoull(param) > previous);
    previous = std::stoull(param);
  }
  EXPECT_LT(got, published_);
  EXPECT_TRUE(wait_until([&] {
    const ServerStats stats = server_.stats();
    return stats.deliveries + stats.deliveries_conflated == published_ * (others.size() + 1);
  }));
  EXPECT_TRUE(wait_until([&] { return server_.stats().bytes_pinned == 0; }));
}

TEST_F(SlowClientTest, ACallerThatDoesNotReadIsNotReadFrom) {
  constexpr uint32_t kCalls = 4096;  // 64 MiB of replies
  Witness witness(server_, kShards);
  ASSERT_TRUE(witness.verdict());
  RawClient slow(server_);
  ASSERT_NE(slow.shake_hands(), 0U);
  support::PeerThread writer([&] {
    for (uint32_t seqno = 0; seqno < kCalls; ++seqno) {
      ASSERT_TRUE(slow.socket().write({.type = client::kRpc, .seqno = seqno, .url = "/big"}));
    }
  });
  ASSERT_TRUE(wait_until([&] { return server_.stats().bytes_live >= kQueueBytes / 2; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(witness.sees(2));
    EXPECT_LE(server_.stats().bytes_live, 4 * kQueueBytes);
  }
  EXPECT_LT(calls_, kCalls) << "it is read from all the same";
  EXPECT_EQ(server_.stats().closed_slow_client, 0U);
  writer.join();

  for (uint32_t seqno = 0; seqno < kCalls; ++seqno) {  // and now it does read
    const WirePacket reply = slow.socket().read_packet();
    ASSERT_EQ(reply.magic, 0x29);
    ASSERT_EQ(reply.seqno, seqno);
    ASSERT_EQ(reply.data.size(), 16'384U);
  }
  EXPECT_EQ(calls_, kCalls);
  slow.socket().close();
  witness.rest();
  EXPECT_TRUE(witness.verdict());
  EXPECT_TRUE(wait_until([&] { return server_.stats().bytes_live <= 2 * kShards * 65'536; }))
      << server_.stats().bytes_live;
}

}  // namespace
}  // namespace ringroad::testing
