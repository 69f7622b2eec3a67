// Property: a server is whole from its first packet on, however early that comes.
// Method: clients knock at a port before anybody listens there, from several threads, and ask as
//         soon as they are let in.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/own_loopback.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

constexpr int kStarts = 5;
constexpr int kKnockers = 3;

/// Of a port that is free, and stays so.
std::string free_address() {
  Server server(live_options(1));
  EXPECT_TRUE(is_ok(server.listen(support::own_loopback() + ":0")));
  return server.address();
}

/// Knocks until it is let in; what the server then said.
std::string knock(const std::string& url, const std::atomic<bool>& give_up) {
  Client client;
  while (!client.connect(url).ok()) {
    if (give_up) return "never let in";
  }
  const Result<Reply> reply = client.fetch("/name");
  return reply.ok() ? reply->payload.data : reply.status().message();
}

TEST(ServerStart, F11_WhoKnocksEarlyIsServedWhole) {
  for (int start = 0; start < kStarts && !::testing::Test::HasFailure(); ++start) {
    const std::string address = free_address();
    std::atomic<bool> give_up{false};
    std::atomic<int> seen{0};
    std::vector<std::string> answers(kKnockers);
    std::vector<std::thread> knockers;
    for (std::string& answer : answers) {
      knockers.emplace_back([&] { answer = knock("vsoa://" + address, give_up); });
    }
    Server server(live_options(2));
    EXPECT_TRUE(
        is_ok(server.command("/name", [](Call& call) { (void)call.reply({.data = "lamp"}); })));
    server.on_client([&](const RemoteClient&, bool connected) { seen += connected ? 1 : 0; });
    give_up = !is_ok(server.listen(address));
    for (std::thread& knocker : knockers) knocker.join();
    EXPECT_EQ(answers, std::vector<std::string>(kKnockers, "lamp"));
    EXPECT_EQ(seen, kKnockers);
  }
}

}  // namespace
}  // namespace ringroad::testing
