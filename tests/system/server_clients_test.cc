// Property: connections that have not shaken hands are listed only for who asks for all; a handle to one
//           answers as far as there is something to answer, and stays good over the handshake.
// Method: raw clients of a real server on loopback.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

using support::WirePacket;

std::vector<RemoteClient> everybody(const Server& server) {
  return server.clients(Server::Clients::all);
}

/// The server's handle to the other end of it.
RemoteClient remote_of(const Server& server, RawClient& raw) {
  const std::string address = "127.0.0.1:" + std::to_string(raw.socket().local_port());
  RemoteClient found;
  EXPECT_TRUE(wait_until([&] {
    for (const RemoteClient& remote : everybody(server)) {
      if (remote.address() == address) found = remote;
    }
    return !found.is_closed();
  }));
  return found;
}

TEST(ServerClients, V14_WhoHasNotShakenHandsIsAmongAllOnly) {
  Server server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient inside(server);
  RawClient silent(server);
  const uint32_t id = inside.shake_hands();
  ASSERT_NE(id, 0U);
  ASSERT_TRUE(wait_until([&] { return everybody(server).size() == 2; }));
  ASSERT_EQ(server.clients().size(), 1U);
  EXPECT_EQ(server.clients()[0].id(), id);
  EXPECT_EQ(server.clients(Server::Clients::active).size(), 1U);

  ASSERT_NE(silent.shake_hands(), 0U);
  EXPECT_EQ(server.clients().size(), 2U);
  EXPECT_EQ(everybody(server).size(), 2U);
  silent.socket().close();
  EXPECT_TRUE(wait_until([&] { return everybody(server).size() == 1; }));
  server.stop();
  EXPECT_TRUE(everybody(server).empty());
}

TEST(ServerClients, V14_V28_V33_WhatAHandleKnowsBeforeTheHandshakeAndAfter) {
  Server server(live_options(1));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient raw(server);
  RemoteClient remote = remote_of(server, raw);
  EXPECT_EQ(remote.id(), 0U);
  EXPECT_FALSE(remote.authed());
  EXPECT_EQ(remote.priority(), 0);
  for (const Channel channel : {Channel::normal, Channel::quick}) {
    const Status status = remote.datagram("/a", {.data = "x"}, channel);
    EXPECT_EQ(status.code(), StatusCode::not_running) << status.message();
  }
  std::atomic<int> no = 0;
  ASSERT_TRUE(is_ok(remote.is_subscribed("/a", [&no](bool yes) { no += yes ? 0 : 1; })));
  EXPECT_TRUE(wait_until([&] { return no == 1; }));

  ASSERT_NE(raw.shake_hands(), 0U);
  EXPECT_EQ(server.clients().at(0), remote) << "the same client";
  EXPECT_NE(server.clients().at(0).id(), 0U);
  EXPECT_TRUE(remote.authed());
  ASSERT_TRUE(is_ok(remote.datagram("/a", {.data = "x"})));
  EXPECT_EQ(raw.socket().read_packet().type, client::kDatagram);
}

TEST(ServerClients, V14_V29_V30_WhatIsSetBeforeTheHandshakeHoldsFromItOn) {
  Server server(live_options(1));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient first(server);
  RawClient raw(server);
  ASSERT_NE(first.shake_hands(), 0U);
  RemoteClient remote = remote_of(server, raw);
  ASSERT_TRUE(is_ok(remote.set_authed(false)));
  ASSERT_TRUE(is_ok(remote.set_priority(5)));
  ASSERT_TRUE(wait_until([&] { return remote.priority() == 5; }));
  EXPECT_EQ(everybody(server).at(0), remote) << "the highest priority first";
  EXPECT_EQ(raw.ask({.type = client::kSubscribe, .url = "/a"}).status, 0);

  ASSERT_NE(raw.shake_hands(), 0U);
  EXPECT_FALSE(remote.authed());
  EXPECT_FALSE(server.is_subscribed("/a"));
  EXPECT_EQ(server.clients().at(0), remote);
  const WirePacket told = raw.socket().read_packet();
  EXPECT_EQ(told.type, client::kQosSetup);
  EXPECT_EQ(told.status, 5);
  ASSERT_TRUE(is_ok(remote.set_authed(true)));
  EXPECT_TRUE(wait_until([&] { return remote.authed() && server.is_subscribed("/a"); }));
}

TEST(ServerClients, V14_V25_V31_ClosedBeforeTheHandshakeItWasNeverThere) {
  Server server(live_options(1));
  std::atomic<int> heard = 0;
  server.on_client([&heard](RemoteClient, bool) { ++heard; });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient raw(server);
  RemoteClient remote = remote_of(server, raw);
  ASSERT_TRUE(is_ok(remote.close()));
  EXPECT_TRUE(raw.socket().wait_closed());
  raw.socket().close();
  EXPECT_TRUE(wait_until([&] { return remote.is_closed(); }));
  EXPECT_EQ(remote.address(), "");
  EXPECT_EQ(remote.close().code(), StatusCode::gone);
  EXPECT_TRUE(everybody(server).empty());
  server.stop();
  EXPECT_EQ(heard, 0);
}

TEST(ServerClients, B10_V35_ACallBeforeTheHandshakeMayBeAnsweredLater) {
  Server server(live_options(1));
  std::mutex mutex;
  RemoteClient caller;
  ASSERT_TRUE(is_ok(server.command("/later", [&](Call& call) {
    const std::lock_guard lock(mutex);
    caller = call.client();
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient raw(server);
  ASSERT_TRUE(raw.socket().write({.type = client::kRpc, .seqno = 7, .url = "/later"}));
  EXPECT_TRUE(wait_until([&] {
    const std::lock_guard lock(mutex);
    return !caller.is_closed();
  }));
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(is_ok(caller.reply(7, {.param = "1"})));
  const WirePacket reply = raw.socket().read_packet();
  EXPECT_EQ(reply.type, client::kRpc);
  EXPECT_EQ(reply.seqno, 7U);
}

}  // namespace
}  // namespace ringroad::testing
