// Property: proxies in a ring end; a server that flaps is not hammered; one that lies reaches no other
//           URLs; what is wrong with a rule is said; a proxy may go before its server.
// Method: live servers that have each other, and scripted ones.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "tests/service/proxy_front.h"
#include "tests/support/own_loopback.h"

namespace ringroad::testing {
namespace {

/// Of a port that is free, and stays so.
std::string free_address() {
  Server probe(live_options(1));
  EXPECT_TRUE(is_ok(probe.listen(support::own_loopback() + ":0")));
  return probe.address();
}

TEST(ProxyLoop, X4_ProxiesInARingEnd) {
  ClientLoop loop;
  const std::string addresses[] = {free_address(), free_address()};
  Server first(live_options(1));
  Server second(live_options(1));
  Proxy to_second(first, loop);
  Proxy to_first(second, loop);
  ASSERT_TRUE(is_ok(to_second.add(rule_for("/second", "vsoa://" + addresses[1]))));
  ASSERT_TRUE(is_ok(to_first.add(rule_for("/first", "vsoa://" + addresses[0]))));
  ASSERT_TRUE(is_ok(first.listen(addresses[0])));
  ASSERT_TRUE(is_ok(second.listen(addresses[1])));
  ASSERT_TRUE(is_ok(to_second.start()));
  ASSERT_TRUE(is_ok(to_first.start()));
  ASSERT_TRUE(wait_until([&] { return first.is_subscribed("/x") && second.is_subscribed("/x"); }));
  ASSERT_TRUE(is_ok(second.publish("/x", {})));
  EXPECT_TRUE(wait_until([&] { return to_second.stats().publishes_looped == 1; }));
  EXPECT_EQ(to_second.stats().publishes, 2U) << "/second/x, /second/first/second/x";
  EXPECT_EQ(to_first.stats().publishes, 2U);
  EXPECT_EQ(to_first.stats().publishes_looped, 0U);
  first.stop();
  second.stop();
}

TEST(ProxyLoop, X4_AProxyOfItselfEnds) {
  ClientLoop loop;
  Server server(live_options(1));
  const std::string address = free_address();
  Proxy proxy(server, loop);
  ASSERT_TRUE(is_ok(proxy.add(rule_for("/me", "vsoa://" + address))));
  ASSERT_TRUE(is_ok(server.listen(address)));
  ASSERT_TRUE(is_ok(proxy.start()));
  ASSERT_TRUE(wait_until([&] { return server.is_subscribed("/x"); }));
  ASSERT_TRUE(is_ok(server.publish("/x", {})));
  EXPECT_TRUE(wait_until([&] { return proxy.stats().publishes_looped == 1; }));
  EXPECT_EQ(proxy.stats().publishes, 2U) << "/me/x, /me/me/x";
  server.stop();
}

TEST(ProxyFlap, X4_AServerThatHangsUpIsTriedAgainAfterTheDelay) {
  support::ScriptedPeer hanging;
  std::atomic<int> knocks{0};
  std::atomic<bool> done{false};
  std::thread peer([&] {
    while (!done) {
      support::PeerSocket socket = hanging.accept();
      if (socket.valid()) ++knocks;
    }
  });
  Front front;
  ProxyRule rule = rule_for("/a", "vsoa://127.0.0.1:" + std::to_string(hanging.port()));
  rule.robot.reconnect_delay = std::chrono::seconds(1);
  ASSERT_TRUE(is_ok(front.proxy.add(rule)));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_NO_FATAL_FAILURE(front.open(0));
  EXPECT_TRUE(wait_until([&] { return knocks >= 2; }));
  for (int i = 0; i < 20; ++i) {
    const Result<Reply> reply = front.client->fetch("/a/x");
    ASSERT_TRUE(is_ok(reply.status()));
    EXPECT_EQ(reply->status, ReplyStatus::proxy);
  }
  const auto seconds = (std::chrono::steady_clock::now() - begin) / std::chrono::seconds(1);
  EXPECT_LE(knocks, seconds + 1) << "calls do not hurry it";
  done = true;
  support::connect_peer(hanging.port());
  peer.join();
}

TEST(ProxyRules, X4_WhatIsWrongIsNamed) {
  ClientLoop loop;
  Server server(live_options(1));
  Proxy proxy(server, loop);
  for (const std::string prefix : {"", "/", "lamp", "/lamp/", "/lamp/x/"}) {
    const Status status = proxy.add(rule_for(prefix, "vsoa://127.0.0.1:1"));
    EXPECT_EQ(status.code(), StatusCode::invalid_argument) << prefix;
    EXPECT_NE(status.message().find("prefix"), std::string::npos) << status.message();
  }
  EXPECT_TRUE(is_ok(proxy.add(rule_for("/lamp", "vsoa://127.0.0.1:1"))));
  EXPECT_NE(proxy.add(rule_for("/lamp", "vsoa://127.0.0.1:2")).message().find("already"),
            std::string::npos);
}

// A server must not speak for its neighbours.
TEST(ProxyHostile, X4_AUrlWithoutASlashDoesNotLeaveThePrefix) {
  support::ScriptedPeer peer;
  support::PeerThread script([&] {
    support::PeerSocket socket = peer.accept();
    ASSERT_EQ(socket.read_packet().type, client::kServinfo);
    socket.write(client::welcome());
    const support::WirePacket subscribe = socket.read_packet();
    socket.write(client::reply_to(subscribe));
    socket.write(client::publish("2/state"));
    socket.write(client::publish(""));
    socket.write(client::publish("/state"));
    socket.wait_closed();
  });
  {
    Front front;
    ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/lamp", "vsoa://" + peer.address()))));
    ASSERT_TRUE(is_ok(front.server.listen("127.0.0.1:0")));
    ASSERT_TRUE(is_ok(front.client->connect(url_of(front.server))));
    ASSERT_TRUE(is_ok(front.client->subscribe("/")));
    ASSERT_TRUE(is_ok(front.proxy.start()));
    EXPECT_TRUE(wait_until([&] { return front.client.messages.size() == 1; }));
    EXPECT_EQ(front.client.messages.last().url, "/lamp/state");
    EXPECT_EQ(front.proxy.stats().publishes_dropped, 2U);
  }
}

TEST(ProxyRules, X4_CallsAfterTheProxyHasGoneAreAnswered) {
  ClientLoop loop;
  Server server(live_options(1));
  auto proxy = std::make_unique<Proxy>(server, loop);
  ASSERT_TRUE(is_ok(proxy->add(rule_for("/a", "vsoa://127.0.0.1:1"))));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  ASSERT_TRUE(is_ok(proxy->start()));
  proxy.reset();
  LiveClient client(loop);
  ASSERT_TRUE(is_ok(client->connect(url_of(server))));
  const Result<Reply> reply = client->fetch("/a/x");
  ASSERT_TRUE(is_ok(reply.status()));
  EXPECT_EQ(reply->status, ReplyStatus::proxy);
}

}  // namespace
}  // namespace ringroad::testing
