// Property: what a program asks of its clients at run time (priority, password, time-outs, keepalive)
//           holds for whom it shall, and what clients subscribe to is told.
// Method: raw clients of a real server on loopback; the kernel is asked for what it has set.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/log.h"
#include "tests/system/live_server.h"
#include "tests/system/socket_options_of.h"

namespace ringroad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::WirePacket;

RemoteClient remote_of(const Server& server, uint32_t id) {
  for (const RemoteClient& remote : server.clients()) {
    if (remote.id() == id) return remote;
  }
  return {};
}

/// A raw client that is in, and the server's handle to it.
struct Guest {
  explicit Guest(Server& server) : raw(server), server_port(server.port()) {
    id = raw.shake_hands();
    EXPECT_NE(id, 0U);
    remote = remote_of(server, id);
  }
  int option(int level, int name) {
    return socket_option_of(server_port, raw.socket().local_port(), level, name);
  }

  RawClient raw;
  uint16_t server_port;
  uint32_t id = 0;
  RemoteClient remote;
};

// ---- Priority

TEST(ServerQos, V6_V30_W21_TheClientIsToldAndTheKernel) {
  Server server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest guest(server);
  EXPECT_EQ(guest.remote.priority(), 0);
  ASSERT_TRUE(is_ok(guest.remote.set_priority(5)));
  const WirePacket told = guest.raw.socket().read_packet();
  EXPECT_EQ(told.type, client::kQosSetup);
  EXPECT_EQ(told.flags, client::kReply);
  EXPECT_EQ(told.status, 5);
  EXPECT_EQ(told.seqno, 0U);
  EXPECT_EQ(guest.remote.priority(), 5);
  EXPECT_EQ(guest.option(IPPROTO_IP, IP_TOS), 0xa8);
  ASSERT_TRUE(is_ok(guest.remote.set_priority(0)));
  EXPECT_EQ(guest.raw.socket().read_packet().status, 0);
  EXPECT_EQ(guest.option(IPPROTO_IP, IP_TOS), 0);
}

TEST(ServerQos, V30_OutOfRangeIsRefused) {
  Server server(live_options(1));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest guest(server);
  for (const int wrong : {-1, 8, 256, 1'000}) {
    const Status status = guest.remote.set_priority(wrong);
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_NE(status.message().find("0..7"), std::string::npos) << status.message();
  }
  EXPECT_EQ(RemoteClient().set_priority(1).code(), StatusCode::gone);
  EXPECT_EQ(RemoteClient().priority(), 0);
}

TEST(ServerQos, V14_ClientsAreOrderedByPriority) {
  Server server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  std::vector<std::unique_ptr<Guest>> guests;
  for (const int priority : {0, 7, 3, 0, 5}) {
    guests.push_back(std::make_unique<Guest>(server));
    ASSERT_TRUE(is_ok(guests.back()->remote.set_priority(priority)));
    ASSERT_TRUE(wait_until([&] { return guests.back()->remote.priority() == priority; }));
  }
  std::vector<int> order;
  for (const RemoteClient& remote : server.clients()) order.push_back(remote.priority());
  EXPECT_EQ(order, (std::vector<int>{7, 5, 3, 0, 0}));
}

TEST(ServerQos, F5_AHandlerThatSetsItIsAnsweredFirst) {
  Server server(live_options(1));
  server.on_client([](RemoteClient client, bool connected) {
    if (!connected) return;
    EXPECT_TRUE(is_ok(client.set_priority(2)));
  });
  ASSERT_TRUE(is_ok(server.command("/up", [](Call& call) {
    EXPECT_TRUE(is_ok(call.client().set_priority(6)));
    (void)call.reply();
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient raw(server);
  ASSERT_NE(raw.shake_hands(), 0U);
  const WirePacket first = raw.socket().read_packet();  // when the gate has opened
  EXPECT_EQ(first.type, client::kQosSetup);
  EXPECT_EQ(first.status, 2);
  ASSERT_TRUE(raw.socket().write({.type = client::kRpc, .seqno = 0, .url = "/up"}));
  EXPECT_EQ(raw.socket().read_packet().type, client::kRpc);
  const WirePacket second = raw.socket().read_packet();
  EXPECT_EQ(second.type, client::kQosSetup);
  EXPECT_EQ(second.status, 6);
}

// ---- Logins

TEST(ServerQos, V16_W9_APasswordAtRunTimeAndWhoMissesIt) {
  base::set_log_level(base::LogLevel::off);
  Server server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest before(server);
  server.set_password("new");
  for (int i = 0; i < 8; ++i) EXPECT_EQ(RawClient(server).shake_hands(), 0U);
  EXPECT_FALSE(before.remote.is_closed());
  Client client;
  EXPECT_TRUE(is_ok(client.connect(url_of(server), {.password = "new"})));
  const std::vector<RefusedLogins> refused = server.refused_logins();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].address, "127.0.0.1");
  EXPECT_EQ(refused[0].count, 8U);
  EXPECT_EQ(server.stats().logins_refused, 8U);
  server.set_password("");
  EXPECT_NE(RawClient(server).shake_hands(), 0U);
  base::set_log_level(base::LogLevel::warn);
}

// ---- Subscriptions

TEST(ServerQos, V40_V41_HandlersHearWhatHasChangedBehindTheAnswer) {
  Server server(live_options(1));
  server.on_subscribe([](RemoteClient client, const std::vector<std::string>& urls) {
    for (const std::string& url : urls) {
      EXPECT_TRUE(is_ok(client.datagram(url, {.data = "the present value"})));
    }
  });
  std::mutex mutex;
  std::vector<std::string> gone;
  server.on_unsubscribe([&](RemoteClient, const std::vector<std::string>& urls) {
    const std::lock_guard lock(mutex);
    gone.insert(gone.end(), urls.begin(), urls.end());
  });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest guest(server);
  EXPECT_EQ(guest.raw.ask({.type = client::kSubscribe, .url = "/a"}).type, client::kSubscribe);
  const WirePacket value = guest.raw.socket().read_packet();
  EXPECT_EQ(value.type, client::kDatagram);
  EXPECT_EQ(value.url, "/a");
  EXPECT_EQ(guest.raw.ask({.type = client::kUnsubscribe}).type, client::kUnsubscribe);
  EXPECT_TRUE(wait_until([&] {
    const std::lock_guard lock(mutex);
    return gone == std::vector<std::string>{"/a"};
  }));
}

TEST(ServerQos, V40_AHandlerThatThrowsIsCounted) {
  base::set_log_level(base::LogLevel::off);
  Server server(live_options(1));
  server.on_subscribe([](RemoteClient, const std::vector<std::string>&) {
    throw std::runtime_error("on purpose");
  });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest guest(server);
  EXPECT_EQ(guest.raw.ask({.type = client::kSubscribe, .url = "/a"}).status, 0);
  EXPECT_EQ(guest.raw.ask({.type = client::kPing}).type, client::kPing);
  EXPECT_EQ(server.stats().handler_failures, 1U);
  base::set_log_level(base::LogLevel::warn);
}

// ---- Clients that are gone, or as good as

TEST(ServerQos, V28_IdsAreUniqueAndNeverZero) {
  Server server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  std::vector<std::unique_ptr<Guest>> guests;
  std::set<uint32_t> ids;
  for (int i = 0; i < 50; ++i) {
    guests.push_back(std::make_unique<Guest>(server));
    EXPECT_EQ(guests.back()->remote.id(), guests.back()->id);
    ids.insert(guests.back()->id);
  }
  EXPECT_EQ(ids.size(), 50U);
  EXPECT_EQ(ids.count(0), 0U);
}

TEST(ServerQos, V32_IsClosedWhoeverEndedIt) {
  Server server(live_options(1));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest local(server);
  Guest peer(server);
  Guest lost(server);
  for (Guest* guest : {&local, &peer, &lost}) EXPECT_FALSE(guest->remote.is_closed());
  ASSERT_TRUE(is_ok(local.remote.close()));
  peer.raw.socket().close();
  lost.raw.socket().reset();
  for (Guest* guest : {&local, &peer, &lost}) {
    EXPECT_TRUE(wait_until([&] { return guest->remote.is_closed(); }));
  }
}

TEST(ServerQos, V38_WhoTakesNothingIsReset) {
  base::set_log_level(base::LogLevel::off);
  ServerOptions options = live_options(1);
  options.queue_bytes_max = 64 * 1'048'576;
  options.send_timeout = milliseconds(0);
  Server server(options);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest stuck(server);
  ASSERT_EQ(stuck.raw.ask({.type = client::kSubscribe, .url = "/flood"}).status, 0);
  const std::string data(250'000, 'x');
  for (int i = 0; i < 150; ++i) {  // 37 MB: more than the kernel takes for one connection
    ASSERT_TRUE(wait_until([&] { return server.publish("/flood", {.data = data}).ok(); }));
  }
  EXPECT_EQ(stuck.remote.set_send_timeout(milliseconds(50)).code(), StatusCode::invalid_argument);
  ASSERT_TRUE(is_ok(stuck.remote.set_send_timeout(milliseconds(100))));
  EXPECT_TRUE(wait_until([&] { return server.stats().closed_stalled == 1; }));
  EXPECT_TRUE(wait_until([&] { return stuck.remote.is_closed(); }));
  EXPECT_TRUE(stuck.raw.socket().wait_closed());
  base::set_log_level(base::LogLevel::warn);
}

TEST(ServerQos, V21_OutOfRangeIsRefused) {
  Server server(live_options(2));
  EXPECT_EQ(server.set_send_timeout(seconds(1)).code(), StatusCode::not_running);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  EXPECT_TRUE(is_ok(server.set_send_timeout(milliseconds(0))));
  EXPECT_TRUE(is_ok(server.set_send_timeout(milliseconds(100), Server::Reach::new_clients)));
  for (const milliseconds wrong : {milliseconds(-1), milliseconds(99), milliseconds(3'600'001)}) {
    const Status status = server.set_send_timeout(wrong);
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_NE(status.message().find("send_timeout"), std::string::npos) << status.message();
  }
}

TEST(ServerQos, V37_TheKernelProbesSilentClients) {
  ServerOptions options = live_options(1);
  options.keepalive = seconds(17);
  Server server(options);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest guest(server);
  EXPECT_EQ(guest.option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(guest.option(IPPROTO_TCP, TCP_KEEPIDLE), 17);
  EXPECT_EQ(guest.option(IPPROTO_TCP, TCP_KEEPINTVL), 17);
  EXPECT_EQ(guest.option(IPPROTO_TCP, TCP_KEEPCNT), 3);
  ASSERT_TRUE(is_ok(guest.remote.set_keepalive(seconds(5))));
  EXPECT_TRUE(wait_until([&] { return guest.option(IPPROTO_TCP, TCP_KEEPIDLE) == 5; }));
  ASSERT_TRUE(is_ok(guest.remote.set_keepalive(seconds(0))));
  EXPECT_TRUE(wait_until([&] { return guest.option(SOL_SOCKET, SO_KEEPALIVE) == 0; }));
  EXPECT_EQ(guest.remote.set_keepalive(seconds(32'768)).code(), StatusCode::invalid_argument);
}

TEST(ServerQos, V37_ZeroIsOff) {
  ServerOptions options = live_options(1);
  options.keepalive = seconds(0);
  Server server(options);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Guest guest(server);
  EXPECT_EQ(guest.option(SOL_SOCKET, SO_KEEPALIVE), 0);
}

// ---- Addresses

TEST(ServerQos, F12_V33_AMappedAddressIsToldAsIPv4) {
  Server server(live_options(1));
  const Status status = server.listen("[::]:0");
  if (!status.ok()) GTEST_SKIP() << "no IPv6 here: " << status.message();
  Guest guest(server);
  EXPECT_EQ(guest.remote.address(), "127.0.0.1:" + std::to_string(guest.raw.socket().local_port()));
  ASSERT_TRUE(is_ok(guest.remote.set_priority(5)));
  ASSERT_EQ(guest.raw.socket().read_packet().status, 5);
  EXPECT_EQ(guest.option(IPPROTO_IP, IP_TOS), 0xa8) << "what it sends is IPv4";
}

TEST(ServerQos, X7_AnInterfaceThatIsNotThereIsNamed) {
  ServerOptions options = live_options(1);
  options.interface = "nowhere0";
  Server server(options);
  const Status status = server.listen("0.0.0.0:0");
  if (status.code() == StatusCode::no_permission) {
    EXPECT_NE(status.message().find("CAP_NET_RAW"), std::string::npos) << status.message();
    return;
  }
  EXPECT_EQ(status.code(), StatusCode::invalid_argument) << status.message();
  EXPECT_NE(status.message().find("nowhere0"), std::string::npos) << status.message();
}

TEST(ServerQos, X7_ServesOneInterface) {
  ServerOptions options = live_options(2);
  options.interface = "lo";
  Server server(options);
  const Status status = server.listen("0.0.0.0:0");
  if (status.code() == StatusCode::no_permission) GTEST_SKIP() << status.message();
  ASSERT_TRUE(is_ok(status));
  ClientLoop loop;
  LiveClient client(loop);
  ASSERT_TRUE(is_ok(client->connect("vsoa://127.0.0.1:" + std::to_string(server.port()))));
  ASSERT_TRUE(is_ok(client->subscribe("/a")));
  EXPECT_TRUE(wait_until([&] {  // one may be lost
    EXPECT_TRUE(is_ok(server.publish("/a", {.param = "1"}, Channel::quick)));
    return client.messages.size() > 0;
  }));
}

}  // namespace
}  // namespace ringroad::testing
