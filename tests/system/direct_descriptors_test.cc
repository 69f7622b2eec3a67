// Property: a server on direct descriptors does what one on plain ones does, and its connections
//         take no descriptor of the process.
// Method: clients in the same process call, are published to, leave, are closed; the descriptors of
//         the process are counted: one per client, not two. More clients than there are places:
//         refused, counted, and let in when others have gone.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

constexpr int kClients = 40;

size_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

ServerOptions direct_options(uint32_t shards) {
  ServerOptions options = live_options(shards);
  options.descriptors = ServerOptions::Descriptors::direct;
  return options;
}

Status connect(Client& client, const Server& server) {
  return client.connect(url_of(server), {.quick = false});
}

std::string call_echo(Client& client) {
  const Result<Reply> reply = client.fetch("/echo", {.param = "again"});
  return reply.ok() ? reply->payload.param : reply.status().message();
}

class DirectDescriptors : public ::testing::TestWithParam<ServerOptions::Descriptors> {};

TEST_P(DirectDescriptors, OnlyPlainOnesCount) {
  ServerOptions options = live_options(2);
  options.descriptors = GetParam();
  Server server(options);
  ASSERT_TRUE(is_ok(server.command(
      "/echo", [](Call& call) { EXPECT_TRUE(call.reply({.param = call.payload().param}).ok()); })));
  const Status listening = server.listen("127.0.0.1:0");
  if (listening.code() == StatusCode::unsupported) GTEST_SKIP() << listening.message();
  ASSERT_TRUE(is_ok(listening));
  ClientLoop loop;
  Client first(loop);
  ASSERT_TRUE(is_ok(connect(first, server)));  // the loop has its own descriptors now
  std::atomic<int> got = 0;
  const size_t before = descriptors();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(loop));
    clients.back()->on_message([&got](std::string_view, const PayloadView&, Channel) { ++got; });
    ASSERT_TRUE(is_ok(connect(*clients.back(), server)));
    ASSERT_TRUE(is_ok(clients.back()->subscribe("/a")));
  }
  const bool direct = GetParam() == ServerOptions::Descriptors::direct;
  EXPECT_EQ(descriptors() - before, static_cast<size_t>(direct ? kClients : 2 * kClients));
  std::vector<RemoteClient> everybody = server.clients();
  EXPECT_EQ(everybody.size(), static_cast<size_t>(kClients + 1));
  for (const RemoteClient& client : everybody) {
    EXPECT_EQ(client.address().rfind("127.0.0.1:", 0), 0U) << client.address();
  }
  ASSERT_TRUE(is_ok(server.publish("/a", {.data = std::string(100'000, 'x')})));
  EXPECT_TRUE(wait_until([&] { return got == kClients; }));
  EXPECT_EQ(call_echo(first), "again");
  for (RemoteClient& client : everybody) EXPECT_TRUE(is_ok(client.close()));
  EXPECT_TRUE(wait_until([&] { return server.stats().clients_now == 0; }));
  first.disconnect();
  clients.clear();
  EXPECT_TRUE(wait_until([&] { return descriptors() <= before; }));
  server.stop();
}

INSTANTIATE_TEST_SUITE_P(Both, DirectDescriptors,
                         ::testing::Values(ServerOptions::Descriptors::plain,
                                           ServerOptions::Descriptors::direct));

/// For the time of a test.
class SoftFileLimit {
 public:
  explicit SoftFileLimit(rlim_t files) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit now = {.rlim_cur = files, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  ~SoftFileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  SoftFileLimit(const SoftFileLimit&) = delete;
  SoftFileLimit& operator=(const SoftFileLimit&) = delete;

 private:
  rlimit before_ = {};
};

// More rounds than there are slots to spare: the refused ones give theirs back, the ended ones too.
TEST(DirectDescriptorsLimit, OneTooManyIsRefusedAndLaterOnesAreNot) {
  constexpr uint64_t kRounds = 80;
  ServerOptions options = direct_options(1);
  options.clients_per_shard_max = 2;
  Server server(options);
  const Status listening = server.listen("127.0.0.1:0");
  if (listening.code() == StatusCode::unsupported) GTEST_SKIP() << listening.message();
  ASSERT_TRUE(is_ok(listening));
  ClientLoop loop;
  for (uint64_t round = 1; round <= kRounds; ++round) {
    Client first(loop);
    Client second(loop);
    Client third(loop);
    ASSERT_TRUE(is_ok(connect(first, server)));
    ASSERT_TRUE(is_ok(connect(second, server)));
    EXPECT_FALSE(connect(third, server).ok());
    EXPECT_EQ(server.stats().closed_other, round);
    first.disconnect();
    second.disconnect();
    ASSERT_TRUE(wait_until([&] { return server.stats().connections_now == 0; }));
  }
  server.stop();
}

TEST(DirectDescriptorsLimit, TheTableIsABoundLikeTheOption) {
  constexpr size_t kRoom = 30;
  ServerOptions options = direct_options(1);
  options.streams_per_shard_max = 0;  // they have places of their own
  std::vector<std::unique_ptr<Client>> clients;
  Server server(options);
  {
    const SoftFileLimit limit(64 + kRoom);
    const Status listening = server.listen("127.0.0.1:0");
    if (listening.code() == StatusCode::unsupported) GTEST_SKIP() << listening.message();
    ASSERT_TRUE(is_ok(listening));
  }
  ClientLoop loop;
  for (size_t i = 0; i < kRoom; ++i) {
    clients.push_back(std::make_unique<Client>(loop));
    ASSERT_TRUE(is_ok(connect(*clients.back(), server)));
  }
  Client late(loop);
  EXPECT_FALSE(connect(late, server).ok());
  EXPECT_EQ(server.stats().closed_other, 1U);
  clients.pop_back();
  ASSERT_TRUE(wait_until([&] { return server.stats().connections_now < kRoom; }));
  EXPECT_TRUE(is_ok(connect(late, server)));
  server.stop();
}

TEST(DirectDescriptorsLimit, NoRoomAtAllIsSaidAtTheStart) {
  Server server(direct_options(1));
  const SoftFileLimit limit(60);
  const Status status = server.listen("127.0.0.1:0");
  EXPECT_EQ(status.code(), StatusCode::resource_exhausted);
  EXPECT_NE(status.message().find("RLIMIT_NOFILE"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace ringroad::testing
