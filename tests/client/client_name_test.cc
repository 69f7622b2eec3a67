// Property: connect(), connect_async(), robot() and fetch() find a server by its name without blocking
//           the loop: within one time limit for all of it, again at every attempt, with VSOA's code 3
//           whatever keeps them from finding it, and with a clean end at any moment.
// Method:   scripted position servers and scripted servers on real sockets.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "ringroad/connect_code.h"
#include "ringroad/fetch.h"
#include "ringroad/position.h"
#include "tests/client/play_server.h"
#include "tests/client/scripted_position_server.h"
#include "tests/support/eventually.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;
using support::PeerSocket;
using support::PeerThread;
using support::ScriptedPeer;
using support::WirePacket;

constexpr auto kShort = milliseconds(50);
// Without the limit of the caller sixteen silent position servers would cost a minute.
constexpr auto kWideMargin = std::chrono::seconds(20);

std::string lamp_at(uint16_t port) {
  return R"({"name":"lamp","addr":"127.0.0.1","port":)" + std::to_string(port) + "}";
}

class ClientName : public PlayServer {
 protected:
  ClientName() {
    unsetenv("VSOA_POS_SERVER");
    ask(names);
  }
  ~ClientName() override {
    unsetenv("VSOA_POS_SERVER");
    reset_position_server();
  }

  static void ask(const ScriptedPositionServer& server) {
    EXPECT_TRUE(set_position_server("127.0.0.1", server.port()).ok());
  }
  /// As if there were so many position servers, and none of them said anything.
  void ask_sixteen_silent_ones() {
    names.say("");
    std::string list;
    for (int i = 0; i < 16; ++i) list += names.address() + ",";
    setenv("VSOA_POS_SERVER", list.c_str(), 1);
    reset_position_server();
  }
  bool asked(size_t times) {
    return support::wait_until([&] { return names.queries().size() >= times; });
  }
  static PeerSocket greet(ScriptedPeer& peer) {
    PeerSocket socket = peer.accept();
    EXPECT_EQ(socket.read_packet().type, kServinfo);
    EXPECT_TRUE(socket.write(welcome()));
    return socket;
  }
  static ConnectCode code_of(const ConnectOptions& options = {}) {
    Client client;
    return connect_code(client.connect("vsoa://lamp", options));
  }

  ScriptedPositionServer names{lamp_at(peer.port())};
};

TEST_F(ClientName, V61_V74_ConnectAsyncTakesAName) {
  Client client;
  for (const char* url : {"vsoa://lamp/some/path", "vsoa://LAMP:1"}) {
    Answer<Status> connected;
    ASSERT_TRUE(
        client.connect_async(url, {}, [&](const Status& status) { connected.set(status); }).ok());
    const PeerSocket socket = greet(peer);
    const Status status = connected.get();
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(client.connected());
    client.disconnect();
  }
  EXPECT_EQ(names.queries(),
            (std::vector<std::string>{R"({"name":"lamp"})", R"({"name":"LAMP"})"}));
}

TEST_F(ClientName, V61_ACallbackMayConnectByName) {
  Client client;
  Answer<Status> again;
  const auto by_name = [&](const Status& status) {
    EXPECT_TRUE(status.ok());
    client.disconnect();
    EXPECT_TRUE(
        client.connect_async("vsoa://lamp", {}, [&](const Status& s) { again.set(s); }).ok());
  };
  ASSERT_TRUE(client.connect_async(url(), {}, by_name).ok());
  const PeerSocket first = greet(peer);
  const PeerSocket second = greet(peer);
  EXPECT_TRUE(again.get().ok());
}

TEST_F(ClientName, V61_Code3UnknownName) {
  names.say("{}");
  EXPECT_EQ(code_of(), ConnectCode::server_not_found);
}

TEST_F(ClientName, V61_Code3MalformedAnswer) {
  for (const std::string& text : {std::string("<html>"), std::string(60'000, '{')}) {
    names.say(text);
    EXPECT_EQ(code_of(), ConnectCode::server_not_found);
  }
}

TEST_F(ClientName, V61_Code3AnEmptyDatagramIsAnAnswer) {
  support::UdpPeer terse;
  ASSERT_TRUE(set_position_server("127.0.0.1", terse.port()).ok());
  PeerThread script([&] {
    EXPECT_NE(terse.receive(), "");
    EXPECT_TRUE(terse.send_to(terse.sender_port(), ""));
  });
  Client client;
  const Status status = client.connect("vsoa://lamp");
  EXPECT_EQ(connect_code(status), ConnectCode::server_not_found);
  EXPECT_NE(status.message().find("does not know"), std::string::npos) << status.message();
}

TEST_F(ClientName, V61_Code3NoAnswerWithinTheTime) {
  ask_sixteen_silent_ones();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of({.timeout = milliseconds(100)}), ConnectCode::server_not_found);
  EXPECT_EQ(code_of({.timeout = milliseconds(1)}), ConnectCode::server_not_found);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kWideMargin);
}

TEST_F(ClientName, V61_Code3NobodyThere) {
  uint16_t closed = 0;
  {
    const support::UdpPeer gone;
    closed = gone.port();
  }
  ASSERT_TRUE(set_position_server("127.0.0.1", closed).ok());
  Client client;
  const Status status = client.connect("vsoa://lamp");
  EXPECT_EQ(connect_code(status), ConnectCode::server_not_found);
  EXPECT_NE(status.message().find("refused"), std::string::npos) << status.message();
}

TEST_F(ClientName, V61_Code3NobodyToAsk) {
  if (std::ifstream("/etc/vsoa.pos")) GTEST_SKIP() << "SKIPPED: there is an /etc/vsoa.pos";
  reset_position_server();
  Client client;
  const Status status = client.connect("vsoa://lamp");
  EXPECT_EQ(connect_code(status), ConnectCode::server_not_found);
  EXPECT_NE(status.message().find("VSOA_POS_SERVER"), std::string::npos) << status.message();
  EXPECT_EQ(client.connect("vsoa://lamp").code(), StatusCode::not_found);  // idle again
}

TEST_F(ClientName, V61_OtherCodesStay) {
  Client client;
  EXPECT_EQ(client.connect("vsoa://" + std::string(256, 'n')).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(names.queries().empty());
  names.say(R"({"addr":"127.0.0.1","port":3005,"security":true})");
  EXPECT_EQ(client.connect("vsoa://lamp").code(), StatusCode::unsupported);
  names.say(lamp_at(peer.port()));
  peer.stop_listening();
  EXPECT_EQ(code_of(), ConnectCode::unreachable);
}

TEST_F(ClientName, V61_OneTimeLimitForTheHandshakeToo) {
  PeerThread silent([this] { EXPECT_TRUE(peer.accept().wait_closed()); });
  EXPECT_EQ(code_of({.timeout = milliseconds(300)}), ConnectCode::no_responding);
}

TEST_F(ClientName, V74_TheSecondTryCounts) {
  names.say("");
  Client client;
  Answer<Status> connected;
  ASSERT_TRUE(
      client.connect_async("vsoa://lamp", {}, [&](const Status& status) { connected.set(status); })
          .ok());
  ASSERT_TRUE(asked(1));
  names.say(lamp_at(peer.port()));  // to the second try
  const PeerSocket socket = greet(peer);
  EXPECT_TRUE(connected.get().ok());
}

// ---- The end while looking up

TEST_F(ClientName, DisconnectedAndDestroyedWhileResolving) {
  names.say("");
  for (const bool destroy : {false, true}) {
    Answer<Status> connected;
    std::optional<Client> client(std::in_place);
    const size_t before = names.queries().size();
    ASSERT_TRUE(
        client
            ->connect_async("vsoa://lamp", {}, [&](const Status& status) { connected.set(status); })
            .ok());
    ASSERT_TRUE(asked(before + 1));
    EXPECT_EQ(client->connect(url()).code(), StatusCode::invalid_argument);  // connecting
    EXPECT_EQ(client->robot(url()).code(), StatusCode::invalid_argument);
    destroy ? client.reset() : client->disconnect();
    EXPECT_EQ(connected.get().code(), StatusCode::cancelled);
    if (destroy) continue;
    const PeerSocket socket = connect(*client);  // and can be used again
    EXPECT_TRUE(client->connected());
  }
}

TEST_F(ClientName, TheLoopEndsWhileResolving) {
  names.say("");
  auto loop = std::make_unique<ClientLoop>();
  Client client(*loop);
  Client robot(*loop);
  Answer<Status> connected;
  ASSERT_TRUE(
      client.connect_async("vsoa://lamp", {}, [&](const Status& status) { connected.set(status); })
          .ok());
  ASSERT_TRUE(robot.robot("vsoa://lamp").ok());
  ASSERT_TRUE(asked(2));
  loop.reset();
  EXPECT_EQ(connected.get().code(), StatusCode::cancelled);
}

// ---- Robots

TEST_F(ClientName, V67_V74_ARobotFollowsANameThatMoves) {
  Client client;
  ASSERT_TRUE(client.robot("vsoa://lamp", {.reconnect_delay = kShort}).ok());
  ScriptedPeer elsewhere;
  {
    PeerSocket socket = greet(peer);
    ASSERT_TRUE(support::wait_until([&] { return client.connected(); }));
    names.say(lamp_at(elsewhere.port()));
  }
  const PeerSocket socket = greet(elsewhere);
  EXPECT_TRUE(support::wait_until([&] { return client.connected(); }));
}

TEST_F(ClientName, V67_V73_ARobotAsksThePositionServerOfTheMoment) {
  names.say("{}");
  Client client;
  ASSERT_TRUE(client.robot("vsoa://lamp", {.reconnect_delay = kShort}).ok());
  EXPECT_TRUE(support::wait_until(
      [&] { return connect_code(client.robot_status()) == ConnectCode::server_not_found; }));
  EXPECT_TRUE(asked(3));  // at every attempt
  const ScriptedPositionServer other(lamp_at(peer.port()));
  ask(other);
  const PeerSocket socket = greet(peer);
  EXPECT_TRUE(support::wait_until([&] { return client.connected(); }));
  EXPECT_TRUE(client.robot_status().ok());
}

TEST_F(ClientName, V67_ARobotOutlivesASilentPositionServer) {
  names.say("");
  Client client;
  ASSERT_TRUE(
      client.robot("vsoa://lamp", {.connect_timeout = kShort, .reconnect_delay = kShort}).ok());
  EXPECT_TRUE(asked(3));
  EXPECT_TRUE(support::wait_until(
      [&] { return connect_code(client.robot_status()) == ConnectCode::server_not_found; }));
}

// ---- fetch()

TEST_F(ClientName, V70_FetchesByName) {
  PeerThread server([this] {
    PeerSocket socket = greet(peer);
    const WirePacket request = socket.read_packet();
    EXPECT_EQ(request.url, "/kitchen");
    EXPECT_TRUE(socket.write(reply_to(request)));
    EXPECT_TRUE(socket.wait_closed());
  });
  const Result<Reply> reply = ringroad::fetch("vsoa://lamp/kitchen");
  EXPECT_TRUE(reply.ok()) << reply.status().message();
}

TEST_F(ClientName, V70_ItsTimeIsForAllOfItTogether) {
  ask_sixteen_silent_ones();
  const auto begin = std::chrono::steady_clock::now();
  const Result<Reply> reply =
      ringroad::fetch("vsoa://lamp/kitchen", {.timeout = milliseconds(100)});
  EXPECT_EQ(connect_code(reply.status()), ConnectCode::server_not_found);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kWideMargin);
}

}  // namespace
}  // namespace ringroad::client
