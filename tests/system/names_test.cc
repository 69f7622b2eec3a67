// Property: clients and robots reach a server by the name that a position server of ours knows, also
//           after it has moved; one that never answers keeps nobody longer than allowed.
// Method:   PositionServer, Server and Client of the public API on loopback.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ringroad/connect_code.h"
#include "ringroad/fetch.h"
#include "ringroad/position.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

using std::chrono::milliseconds;

/// A server that says who it is.
std::unique_ptr<Server> server_called(const std::string& who) {
  auto server = std::make_unique<Server>(live_options(1));
  EXPECT_TRUE(
      is_ok(server->command("/who", [who](Call& call) { (void)call.reply({.data = who}); })));
  EXPECT_TRUE(is_ok(server->listen("127.0.0.1:0")));
  return server;
}

std::vector<PositionEntry> lamp_at(const Server& server) {
  return {{.name = "lamp", .position = {.addr = "127.0.0.1", .port = server.port()}}};
}

class Names : public ::testing::Test {
 protected:
  ~Names() override { reset_position_server(); }

  void listen() {
    ASSERT_TRUE(is_ok(names.listen("127.0.0.1:0")));
    ASSERT_TRUE(is_ok(set_position_server("127.0.0.1", names.port())));
  }

  PositionServer names;
};

TEST_F(Names, V67_V74_ARobotFollowsAServerThatMoves) {
  auto first = server_called("first");
  ASSERT_TRUE(is_ok(names.set_table(lamp_at(*first))));
  ASSERT_NO_FATAL_FAILURE(listen());
  Client client;
  ASSERT_TRUE(is_ok(client.robot("vsoa://lamp", {.reconnect_delay = milliseconds(50)})));
  const auto is_with = [&](const std::string& who) {
    const Result<Reply> reply = client.fetch("/who");
    return reply.ok() && reply->payload.data == who;
  };
  EXPECT_TRUE(wait_until([&] { return is_with("first"); }));
  const auto second = server_called("second");
  ASSERT_NE(second->port(), first->port());
  ASSERT_TRUE(is_ok(names.set_table(lamp_at(*second))));
  first->stop();
  EXPECT_TRUE(wait_until([&] { return is_with("second"); }));
}

TEST_F(Names, V67_ARobotWaitsForANameToAppear) {
  ASSERT_NO_FATAL_FAILURE(listen());
  Client client;
  ASSERT_TRUE(is_ok(client.robot("vsoa://lamp", {.reconnect_delay = milliseconds(50)})));
  EXPECT_TRUE(wait_until([&] { return names.stats().not_found >= 2; }));
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(connect_code(client.robot_status()), ConnectCode::server_not_found);
  const auto server = server_called("late");
  ASSERT_TRUE(is_ok(names.set_table(lamp_at(*server))));
  EXPECT_TRUE(wait_until([&] { return client.connected(); }));
}

TEST_F(Names, V70_ATimeForAllOfItTogether) {
  std::mutex mutex;
  std::vector<PositionReply> waiting;
  names.on_query([&](const PositionQuery&, PositionReply reply) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(reply));
  });
  ASSERT_NO_FATAL_FAILURE(listen());
  reset_position_server();
  std::string list;  // as if there were sixteen: by itself the lookup would take a minute
  for (int i = 0; i < 16; ++i) list += names.address() + ",";
  setenv("VSOA_POS_SERVER", list.c_str(), 1);
  const auto begin = std::chrono::steady_clock::now();
  const Result<Reply> reply = fetch("vsoa://lamp/who", {.timeout = milliseconds(100)});
  EXPECT_EQ(connect_code(reply.status()), ConnectCode::server_not_found);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  unsetenv("VSOA_POS_SERVER");
  names.stop();
}

TEST_F(Names, V70_FetchesByName) {
  const auto server = server_called("lamp");
  ASSERT_TRUE(is_ok(names.set_table(lamp_at(*server))));
  ASSERT_NO_FATAL_FAILURE(listen());
  const Result<Reply> reply = fetch("vsoa://LAMP/who");
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->payload.data, "lamp");
}

}  // namespace
}  // namespace ringroad::testing
