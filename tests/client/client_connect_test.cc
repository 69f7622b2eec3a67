// Property: connect() ends in the documented code whatever the server does, and a client can be
//           used again after every end.
// Method: a scripted server on real sockets, played by the test's own thread or one beside it.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <vector>

#include "tests/client/play_server.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;
using support::PeerSocket;
using support::PeerThread;
using support::WirePacket;

class ClientConnect : public PlayServer {
 protected:
  /// connect() against a server that does `script` with its only connection.
  Status connect_to(const std::function<void(PeerSocket&)>& script, ConnectOptions options = {}) {
    Client client;
    PeerThread thread([this, &script] {
      PeerSocket socket = peer.accept();
      script(socket);
    });
    Status status = client.connect(url(), std::move(options));
    connected_after = client.connected();
    client.disconnect();  // the script may wait for that
    return status;
  }

  bool connected_after = false;
};

TEST_F(ClientConnect, V61_HandshakeIsOnePacketWithTheUdpPort) {
  std::string early;
  const Status status = connect_to([&](PeerSocket& socket) {
    hello = socket.read_packet();
    EXPECT_TRUE(socket.write(welcome()));
    early = socket.read_to_end();
  });
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(connected_after);
  EXPECT_EQ(hello.magic, 0x29);
  EXPECT_EQ(hello.type, kServinfo);
  EXPECT_EQ(hello.flags & kFlagsWithoutPad, kTunnel);
  EXPECT_NE(hello.tunnel_id, 0);
  EXPECT_EQ(hello.seqno, 0u);
  EXPECT_EQ(hello.param, "");
  EXPECT_EQ(hello.url + hello.data, "");
  EXPECT_EQ(early, "");
}

TEST_F(ClientConnect, B18_WithoutQuickNoTunnelId) {
  Client client;
  const PeerSocket socket = connect(client, {.password = "a\"b", .quick = false});
  EXPECT_EQ(hello.flags & kFlagsWithoutPad, 0);
  EXPECT_EQ(hello.tunnel_id, 0);
  EXPECT_EQ(hello.param, R"({"passwd":"a\"b"})");
}

TEST_F(ClientConnect, V50_V51_HandlerHearsOfItBeforeConnectReturns) {
  Client client;
  std::vector<std::string> heard;
  client.on_connect([&](bool connected, std::string_view info) {
    heard.push_back((connected ? "up " : "down ") + std::string(info));
  });
  PeerSocket socket = connect(client);
  EXPECT_EQ(client.server_info(), R"({"name":"lamp"})");
  EXPECT_EQ(client.id(), kClientId);
  EXPECT_TRUE(client.connected());
  client.disconnect();
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(client.server_info(), "");
  EXPECT_EQ(heard, (std::vector<std::string>{R"(up {"name":"lamp"})", "down "}));
  EXPECT_TRUE(socket.wait_closed());
}

TEST_F(ClientConnect, B15_AnswerInPiecesWithMoreBehindIt) {
  Client client;
  Answer<std::string> message;
  client.on_message([&](std::string_view url, const PayloadView& payload, Channel channel) {
    EXPECT_EQ(channel, Channel::normal);
    EXPECT_TRUE(client.connected());
    message.set(std::string(url) + std::string(payload.data));
  });
  PeerThread thread([this] {
    PeerSocket socket = peer.accept();
    (void)socket.read_packet();
    const WirePacket publish{.type = kPublish, .url = "/a", .data = "x"};
    EXPECT_TRUE(socket.write_pieces(welcome().bytes() + publish.bytes(), 7));
    EXPECT_TRUE(socket.wait_closed());
  });
  EXPECT_TRUE(client.connect(url()).ok());
  EXPECT_EQ(message.get(), "/ax");
  client.disconnect();
}

TEST_F(ClientConnect, B6_WrongPassword) {
  const Status status = connect_to(
      [](PeerSocket& socket) {
        WirePacket refusal = reply_to(socket.read_packet());
        refusal.status = 1;
        EXPECT_TRUE(socket.write(refusal));
        EXPECT_TRUE(socket.wait_closed());  // the client closes, the server need not
      },
      {.password = "wrong"});
  EXPECT_EQ(status.code(), StatusCode::wrong_password);
  EXPECT_FALSE(connected_after);
}

TEST_F(ClientConnect, B7_RefusalWithoutReplyFlag) {
  const Status status = connect_to([](PeerSocket& socket) {
    WirePacket refusal = reply_to(socket.read_packet());
    refusal.flags = 0;
    EXPECT_TRUE(socket.write(refusal));
    EXPECT_TRUE(socket.wait_closed());
  });
  EXPECT_EQ(status.code(), StatusCode::wrong_password);
}

TEST_F(ClientConnect, B8_ClosedWithoutAnAnswer) {
  const Status closed = connect_to([](PeerSocket& socket) {
    (void)socket.read_packet();
    socket.close();
  });
  EXPECT_EQ(closed.code(), StatusCode::bad_response);
  const Status reset = connect_to([](PeerSocket& socket) {
    (void)socket.read_packet();
    socket.reset();
  });
  EXPECT_EQ(reset.code(), StatusCode::bad_response);
}

TEST_F(ClientConnect, A1_GarbageInsteadOfAnAnswer) {
  const Status status = connect_to([](PeerSocket& socket) {
    EXPECT_TRUE(socket.write("SSH-2.0-OpenSSH_9.2p1\r\n"));
    EXPECT_TRUE(socket.wait_closed());
  });
  EXPECT_EQ(status.code(), StatusCode::bad_response);
}

TEST_F(ClientConnect, V61_SilenceTimesOut) {
  const Status status = connect_to([](PeerSocket& socket) { EXPECT_TRUE(socket.wait_closed()); },
                                   {.timeout = milliseconds(20)});
  EXPECT_EQ(status.code(), StatusCode::timed_out);
  EXPECT_NE(status.message().find("handshake"), std::string::npos) << status.message();
}

TEST_F(ClientConnect, V61_RefusedNamesTheAddress) {
  peer.stop_listening();
  Client client;
  const Status status = client.connect(url());
  EXPECT_EQ(status.code(), StatusCode::unreachable);
  EXPECT_NE(status.message().find(peer.address()), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("refused"), std::string::npos) << status.message();
}

TEST_F(ClientConnect, RefusesBadArguments) {
  Client client;
  EXPECT_EQ(client.connect("127.0.0.1:3005").code(), StatusCode::invalid_argument);
  EXPECT_EQ(client.connect(url(), {.timeout = milliseconds(0)}).code(),
            StatusCode::invalid_argument);
  EXPECT_EQ(client.connect(url(), {.password = std::string(300'000, 'x')}).code(),
            StatusCode::invalid_argument);
}

TEST_F(ClientConnect, OnlyOnceAtATime) {
  Client client;
  const PeerSocket socket = connect(client);
  EXPECT_EQ(client.connect(url()).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(client.connected());
}

TEST_F(ClientConnect, F9_ReconnectStartsANewStream) {
  Client client;
  Answer<bool> lost;
  client.on_connect([&](bool connected, std::string_view) {
    if (!connected) lost.set(true);
  });
  {
    PeerSocket socket = connect(client);
    EXPECT_TRUE(socket.write(std::string_view(welcome().bytes()).substr(0, 11)));  // a torn packet
  }
  EXPECT_TRUE(lost.get());
  EXPECT_FALSE(client.connected());
  client.on_connect(nullptr);
  PeerSocket socket = connect(client);
  EXPECT_TRUE(client.connected());
  client.disconnect();
  const PeerSocket again = connect(client);
  EXPECT_TRUE(client.connected());
}

TEST_F(ClientConnect, DestroyedWhileConnecting) {
  Answer<Status> connected;
  std::optional<Client> client(std::in_place);
  ASSERT_TRUE(
      client->connect_async(url(), {}, [&](const Status& status) { connected.set(status); }).ok());
  PeerSocket socket = peer.accept();
  client.reset();
  EXPECT_EQ(connected.get().code(), StatusCode::cancelled);
  EXPECT_TRUE(socket.wait_closed());
}

TEST_F(ClientConnect, CallbacksMayEndAndBegin) {
  Client client;
  std::atomic<int> rounds = 0;
  Answer<bool> finished;
  std::function<void(const Status&)> connected = [&](const Status& status) {
    EXPECT_TRUE(status.ok());
    if (++rounds == 3) return finished.set(true);
    client.disconnect();
    EXPECT_TRUE(client.connect_async(url(), {}, connected).ok());
  };
  ASSERT_TRUE(client.connect_async(url(), {}, connected).ok());
  std::vector<PeerSocket> sockets;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(peer.accept());
    (void)sockets.back().read_packet();
    EXPECT_TRUE(sockets.back().write(welcome()));
  }
  EXPECT_TRUE(finished.get());
}

TEST_F(ClientConnect, B3_IdZeroIsAnId) {
  Client client;
  PeerSocket socket = connect(client, {}, std::string(4, '\0'));
  EXPECT_EQ(client.id(), 0u);
  EXPECT_TRUE(client.datagram("/q", {}, Channel::quick).ok());
}

}  // namespace
}  // namespace ringroad::client
