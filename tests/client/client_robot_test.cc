// Property: a robot's program hears connected and lost in turn, has its subscriptions back before it
//           hears of the connection, and gets away from a server that has gone deaf; nothing is sent
//           before the handshake is answered (V67, A1, B12, D2, D7, X2).
// Method: scripted servers like the Python one (lists) and the Go one (flags come back, one URL at a
//         time, 3 for what it does not know, deaf instead of closed), on real sockets.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "tests/client/play_server.h"
#include "tests/support/eventually.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;
using support::PeerSocket;
using support::WirePacket;
using Events = std::vector<std::string>;

constexpr auto kShort = milliseconds(50);
constexpr auto kTimely = milliseconds(200);  // what the server of a test does within four of these
constexpr auto kLong = milliseconds(1'000);  // what it does at once, on a machine that is busy

class ClientRobot : public PlayServer {
 protected:
  ClientRobot() {
    client.on_connect(
        [this](bool connected, std::string_view) { note(connected ? "up" : "down"); });
    client.on_message([this](std::string_view url, const PayloadView& payload, Channel) {
      note(std::string(url) + " " + std::string(payload.param));
    });
  }

  static RobotOptions quickly(milliseconds keepalive = std::chrono::seconds(60)) {
    return {.keepalive = keepalive, .reconnect_delay = kShort};
  }
  void start(const RobotOptions& options = quickly()) {
    const Status status = client.robot(url(), options);
    ASSERT_TRUE(status.ok()) << status.message();
  }
  /// A handshake like the Python server's: and nothing came before it was answered (B12, B15).
  PeerSocket accept(uint8_t mirrored = 0) {
    PeerSocket socket = peer.accept();
    hello = socket.read_packet();
    EXPECT_EQ(hello.type, kServinfo);
    EXPECT_TRUE(socket.silent()) << "something came before the handshake was answered";
    WirePacket answer = welcome();
    answer.flags = static_cast<uint8_t>(answer.flags | (hello.flags & mirrored));
    answer.tunnel_id = mirrored != 0 ? hello.tunnel_id : 0;
    EXPECT_TRUE(socket.write(answer));
    return socket;
  }
  /// The next request that is no ping; pings before it are answered.
  static WirePacket request(PeerSocket& socket) {
    WirePacket packet = socket.read_packet();
    while (packet.magic != 0 && packet.type == kPing) {
      EXPECT_TRUE(socket.write(reply_to(packet)));
      packet = socket.read_packet();
    }
    return packet;
  }
  static WirePacket answer(PeerSocket& socket, uint8_t status = 0) {
    WirePacket packet = request(socket);
    WirePacket reply = reply_to(packet);
    reply.status = status;
    EXPECT_TRUE(socket.write(reply));
    return packet;
  }

  void note(const std::string& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
  }
  Events events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  bool heard(const Events& expected) {
    return support::wait_until([&] { return events() == expected; });
  }
  /// And perhaps more: a robot whose pings are not answered goes on.
  bool heard_first(const Events& expected) {
    return support::wait_until([&] {
      Events all = events();
      all.resize(std::min(all.size(), expected.size()));
      return all == expected;
    });
  }

  std::mutex mutex_;
  Events events_;
  Client client;  // last: its callbacks use the others until it is gone
};

TEST_F(ClientRobot, V10_V67_ConnectsAgainAndAlternates) {
  start();
  Events expected;
  for (int round = 0; round < 3; ++round) {
    PeerSocket socket = accept();
    expected.push_back("up");
    ASSERT_TRUE(heard(expected)) << testing::PrintToString(events());
    EXPECT_TRUE(client.connected());
    EXPECT_TRUE(client.robot_status().ok());
    round % 2 == 0 ? socket.close() : socket.reset();
    expected.push_back("down");
    ASSERT_TRUE(heard(expected)) << testing::PrintToString(events());
  }
  EXPECT_EQ(client.robot_status().code(), StatusCode::not_running);
}

TEST_F(ClientRobot, V67_GoesOnAfterRefusalsAndSilence) {
  start({.connect_timeout = kLong, .reconnect_delay = kShort});
  PeerSocket silent = peer.accept();
  ASSERT_TRUE(silent.wait_closed());
  PeerSocket refusing = peer.accept();
  WirePacket refusal = reply_to(refusing.read_packet());
  refusal.status = 1;
  ASSERT_TRUE(refusing.write(refusal));
  ASSERT_TRUE(refusing.wait_closed());
  EXPECT_TRUE(support::wait_until(
      [&] { return client.robot_status().code() == StatusCode::wrong_password; }));
  EXPECT_EQ(events(), Events{});
  const PeerSocket socket = accept();
  EXPECT_TRUE(heard({"up"}));
}

TEST_F(ClientRobot, V67_A1_ADeafServerIsLeftByReset) {
  start(quickly(kShort));
  PeerSocket deaf = accept();
  ASSERT_TRUE(heard_first({"up"}));
  size_t pings = 0;
  WirePacket packet = deaf.read_packet();
  for (; packet.magic != 0; packet = deaf.read_packet()) {
    EXPECT_EQ(packet.type, kPing);
    EXPECT_EQ(packet.url + packet.param + packet.data, "");
    ++pings;
  }
  EXPECT_GE(pings, 4u);
  EXPECT_TRUE(deaf.wait_reset());
  const PeerSocket socket = accept();
  EXPECT_TRUE(heard_first({"up", "down", "up"}));
}

TEST_F(ClientRobot, V67_AnsweredPingsKeepTheConnection) {
  start(quickly(kTimely));
  PeerSocket socket = accept();
  for (int i = 0; i < 6; ++i) {  // more than would end it without an answer
    const WirePacket packet = socket.read_packet();
    ASSERT_EQ(packet.type, kPing);
    WirePacket reply = reply_to(packet);
    reply.status = i % 2 == 0 ? 0 : 3;  // F1: whatever it says
    ASSERT_TRUE(socket.write(reply));
  }
  EXPECT_EQ(events(), Events{"up"});
}

TEST_F(ClientRobot, V67_SubscriptionsAreBackBeforeTheProgramHearsOfIt) {
  start();
  {
    PeerSocket socket = accept();
    ASSERT_TRUE(heard({"up"}));
    Answer<Status> subscribed;
    ASSERT_TRUE(client
                    .subscribe_async(std::vector<std::string>{"/b", "/a/", "/gone"},
                                     [&](const Status& status) { subscribed.set(status); })
                    .ok());
    (void)answer(socket);
    EXPECT_TRUE(subscribed.get().ok());
    Answer<Status> single;
    ASSERT_TRUE(client.subscribe_async("/c", nullptr).ok());
    (void)answer(socket);
    ASSERT_TRUE(
        client.unsubscribe_async("/gone", [&](const Status& status) { single.set(status); }).ok());
    (void)answer(socket);
    EXPECT_TRUE(single.get().ok());
  }
  PeerSocket socket = accept();
  const WirePacket restore = request(socket);
  EXPECT_EQ(restore.type, kSubscribe);
  EXPECT_EQ(restore.param, R"(["/a/","/b","/c"])");
  EXPECT_EQ(events(), (Events{"up", "down"}));
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(client.subscribe_async("/d", nullptr).code(), StatusCode::not_running);
  ASSERT_TRUE(socket.write(reply_to(restore)));
  EXPECT_TRUE(heard({"up", "down", "up"}));
}

TEST_F(ClientRobot, V67_ARefusedSubscriptionIsNotRestored) {
  start();
  {
    PeerSocket socket = accept();
    ASSERT_TRUE(heard({"up"}));
    Answer<Status> refused;
    ASSERT_TRUE(
        client.subscribe_async("/a", [&](const Status& status) { refused.set(status); }).ok());
    (void)answer(socket, 5);
    EXPECT_EQ(refused.get().code(), StatusCode::no_permission);
  }
  PeerSocket socket = accept();
  EXPECT_TRUE(heard({"up", "down", "up"}));
}

TEST_F(ClientRobot, D2_D7_AGoServerGetsOneByOneAndIsAskedAgain) {
  RobotOptions options = quickly(kTimely);
  options.subscriptions = {"/a", "/b"};
  start(options);
  for (int round = 0; round < 2; ++round) {
    PeerSocket socket = accept(kTunnel);
    EXPECT_EQ(answer(socket).url, "/a");
    EXPECT_EQ(answer(socket, 3).url, "/b");
    const WirePacket again = answer(socket, 3);  // with the pings
    EXPECT_EQ(again.type, kSubscribe);
    EXPECT_EQ(again.url, "/b");
    EXPECT_EQ(answer(socket, 0).url, "/b");
    socket.close();
  }
  EXPECT_TRUE(support::wait_until([&] { return events() == Events{"up", "down", "up", "down"}; }));
}

TEST_F(ClientRobot, B18_WithoutQuickNobodyKnowsSoItGoesOneByOne) {
  RobotOptions options = quickly();
  options.subscriptions = {"/a", "/b"};
  options.quick = false;
  start(options);
  PeerSocket socket = accept();
  EXPECT_EQ(hello.flags & kTunnel, 0);
  EXPECT_EQ(answer(socket).url, "/a");
  EXPECT_EQ(answer(socket).url, "/b");
  EXPECT_TRUE(heard({"up"}));
}

TEST_F(ClientRobot, X2_ValuesAfterAReconnectLookLikePublishes) {
  RobotOptions options = quickly();
  options.subscriptions = {"/a", "/b/"};
  options.consistent = true;
  start(options);
  PeerSocket socket = accept();
  (void)answer(socket);
  const WirePacket get = request(socket);
  EXPECT_EQ(get.type, kRpc);
  EXPECT_EQ(get.flags & (kSet | kTunnel), 0);
  EXPECT_EQ(get.url, "/a");
  WirePacket value = reply_to(get);
  value.param = "7";
  ASSERT_TRUE(socket.write(value));
  EXPECT_TRUE(heard({"up", "/a 7"})) << testing::PrintToString(events());
}

TEST_F(ClientRobot, AServerThatDoesNotAnswerSubscriptionsIsLeft) {
  start({.connect_timeout = kLong, .reconnect_delay = kShort, .subscriptions = {"/a"}});
  PeerSocket silent = accept();
  EXPECT_EQ(request(silent).url, "/a");
  EXPECT_TRUE(silent.wait_closed());
  EXPECT_EQ(events(), Events{});
  PeerSocket socket = accept();
  (void)answer(socket);
  EXPECT_TRUE(heard({"up"}));
}

TEST_F(ClientRobot, V68_TurboNoopsWhileACallWaits) {
  start({.keepalive = std::chrono::seconds(60), .reconnect_delay = kShort});
  PeerSocket socket = accept();
  ASSERT_TRUE(heard({"up"}));
  ASSERT_TRUE(client.robot_ping_turbo(milliseconds(25)).ok());
  Answer<bool> answered;
  ASSERT_TRUE(
      client.call("/a", {}, [&](const Result<Reply>& reply) { answered.set(reply.ok()); }).ok());
  const WirePacket call = socket.read_packet();
  EXPECT_EQ(call.type, kRpc);
  for (int i = 0; i < 3; ++i) {
    const WirePacket noop = socket.read_packet();
    EXPECT_EQ(noop.type, kNoop);
    EXPECT_EQ(noop.seqno & 0xFFFF, 0u);
  }
  ASSERT_TRUE(socket.write(reply_to(call)));
  EXPECT_TRUE(answered.get());
}

TEST_F(ClientRobot, V67_V68_OptionsOutOfRangeAreRefused) {
  const auto code = [this](const RobotOptions& options) {
    return client.robot(url(), options).code();
  };
  EXPECT_EQ(code({.keepalive = milliseconds(49)}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.connect_timeout = milliseconds(49)}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.reconnect_delay = milliseconds(49)}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.jitter_percent = 101}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.subscriptions = {"no slash"}}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.turbo = milliseconds(24)}), StatusCode::invalid_argument);
  EXPECT_EQ(code({.keepalive = milliseconds(100), .turbo = milliseconds(101)}),
            StatusCode::invalid_argument);
  EXPECT_EQ(code({.turbo = milliseconds(25), .turbo_count_max = 2}), StatusCode::invalid_argument);
  EXPECT_EQ(client.robot("127.0.0.1:3005").code(), StatusCode::invalid_argument);
  EXPECT_EQ(client.robot_ping_turbo(milliseconds(25)).code(), StatusCode::not_running);
  start(quickly(kShort));
  EXPECT_EQ(client.robot_ping_turbo(milliseconds(51)).code(), StatusCode::invalid_argument);
  EXPECT_EQ(client.robot_ping_turbo(milliseconds(-1)).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(client.robot_ping_turbo(milliseconds(50)).ok());
  EXPECT_TRUE(client.robot_ping_turbo(milliseconds(0)).ok());
}

TEST_F(ClientRobot, V67_OneAtATime) {
  {
    Client other;
    const PeerSocket socket = connect(other);
    EXPECT_EQ(other.robot(url()).code(), StatusCode::invalid_argument);
  }
  start();
  EXPECT_EQ(client.robot(url()).code(), StatusCode::invalid_argument);
  EXPECT_EQ(client.connect(url()).code(), StatusCode::invalid_argument);
  client.disconnect();
  const PeerSocket mine = peer.accept();  // of the robot, or nobody's
  EXPECT_TRUE(client.robot_status().ok());
  start();
}

TEST_F(ClientRobot, DisconnectEndsItInEveryState) {
  start();  // trying
  client.disconnect();
  start();
  {
    (void)peer.accept();  // the first one's
    const PeerSocket socket = accept();
    ASSERT_TRUE(heard({"up"}));
  }
  ASSERT_TRUE(heard({"up", "down"}));  // waiting
  client.disconnect();
  EXPECT_FALSE(client.connected());
  const PeerSocket socket = connect(client);  // by hand again
  EXPECT_TRUE(client.connected());
}

TEST_F(ClientRobot, TheLoopEndsWithRobotsInEveryState) {
  auto loop = std::make_unique<ClientLoop>();
  Client up(*loop);
  Client waiting(*loop);
  ASSERT_TRUE(up.robot(url(), {}).ok());
  const PeerSocket socket = accept();
  ASSERT_TRUE(support::wait_until([&] { return up.connected(); }));
  ASSERT_TRUE(waiting.robot("vsoa://127.0.0.1:1", {}).ok());
  loop.reset();
  EXPECT_FALSE(up.connected());
}

TEST_F(ClientRobot, NotFromACallback) {
  Answer<StatusCode> inside;
  Client other;
  other.on_connect([&](bool connected, std::string_view) {
    if (connected) inside.set(other.robot(url()).code());
  });
  const PeerSocket socket = connect(other);
  EXPECT_EQ(inside.get(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace ringroad::client
