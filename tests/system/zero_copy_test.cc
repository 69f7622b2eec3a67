// Property: with zero-copy sends forced a real server delivers the same bytes, closes a client that
//           does not read, and stops while the kernel still holds its memory.
// Method: Server on loopback; clients that read and compare, clients that never read; packets from
//         one byte to the largest.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/uring_probe.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

constexpr uint32_t kShards = 2;

std::string body(size_t bytes, uint64_t seed) {
  std::string text(bytes, ' ');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (seed * 7 + i * 13) % 26);
  return text;
}

class ZeroCopyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (engine::probe_zero_copy() == engine::ZeroCopySupport::none) {
      GTEST_SKIP() << "this kernel has no zero-copy sends";
    }
    ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  }
  static ServerOptions options() {
    ServerOptions options = live_options(kShards);
    options.zero_copy = ZeroCopy::forced;
    return options;
  }

  Server server_{options()};
  ClientLoop loop_;
};

TEST_F(ZeroCopyTest, EveryPacketArrivesWholeAndInOrder) {
  constexpr uint64_t kRests = 40;  // how often everybody is waited for
  auto clients = subscribers_on_all_shards(server_, kShards, loop_, "/z/");
  ASSERT_EQ(clients.size(), kShards);
  std::vector<std::string> bodies;
  for (uint64_t i = 0; i < kRests * 10; ++i) {
    bodies.push_back(body(i % 40 == 0 ? 262'000 : i % 7 == 0 ? 20'000 + i : 1 + i, i));
    ASSERT_TRUE(wait_until([&] {
      return server_.publish("/z/a", {.data = bodies.back()}).ok();  // else overloaded for now
    }));
    if (i % 10 != 0) continue;
    for (const auto& client : clients) {
      ASSERT_TRUE(wait_until([&] { return client->messages.size() == bodies.size(); }));
    }
  }
  for (const auto& client : clients) {
    ASSERT_TRUE(wait_until([&] { return client->messages.size() == bodies.size(); }));
    const std::vector<Inbox::Message> got = client->messages.all();
    for (size_t i = 0; i < bodies.size(); ++i) ASSERT_EQ(got[i].data, bodies[i]) << i;
  }
  // What everybody had before the next was published came in sends of its own; the rest may share.
  EXPECT_GE(server_.stats().zero_copy_sends, kRests * kShards);
  clients.clear();
  server_.stop();
}

TEST_F(ZeroCopyTest, OneThatDoesNotReadIsClosedAndTheMemoryComesBack) {
  base::set_log_level(base::LogLevel::off);
  RawClient slow(server_);
  ASSERT_NE(slow.shake_hands(), 0U);
  ASSERT_EQ(slow.ask({.type = client::kSubscribe, .url = "/z/"}).status, 0);
  ASSERT_TRUE(wait_until([&] {
    (void)server_.publish("/z/a", {.data = body(100'000, 1)});
    return server_.stats().closed_slow_client == 1;
  }));
  EXPECT_TRUE(wait_until([&] { return server_.stats().bytes_live <= 2 * kShards * 65'536; }));
  base::set_log_level(base::LogLevel::warn);
  server_.stop();
}

TEST_F(ZeroCopyTest, StopsWhileAClientHoldsTheMemory) {
  RawClient slow(server_);
  ASSERT_NE(slow.shake_hands(), 0U);
  ASSERT_EQ(slow.ask({.type = client::kSubscribe, .url = "/z/"}).status, 0);
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(is_ok(server_.publish("/z/a", {.data = body(200'000, 2)})));
  ASSERT_TRUE(wait_until([&] { return server_.stats().zero_copy_sends > 2; }));
  server_.stop();
}

}  // namespace
}  // namespace ringroad::testing
