// Property: quick packets leave from the announced UDP port with the client's id, and come in from
//           the server only.
// Method: the test plays the server, with a UDP socket of its own beside the TCP connection.
#include <gtest/gtest.h>

#include <string>

#include "tests/client/play_server.h"

namespace ringroad::client {
namespace {

using support::PeerSocket;
using support::UdpPeer;
using support::WirePacket;

class ClientQuick : public PlayServer {
 protected:
  ClientQuick() {
    while (!udp.valid()) {  // somebody else's UDP port has that number
      peer = support::ScriptedPeer();
      udp = UdpPeer(peer.port());
    }
    client.on_message([this](std::string_view url, const PayloadView&, Channel channel) {
      message.set({std::string(url), channel});
    });
  }

  Answer<std::pair<std::string, Channel>> message;
  UdpPeer udp{peer.port()};  // the server's: with the number of its TCP port
  Client client;
};

TEST_F(ClientQuick, W17_E2_FromTheAnnouncedPortWithTheId) {
  const PeerSocket socket = connect(client);
  ASSERT_TRUE(client.datagram("/q", {.param = "{}", .data = "d"}, Channel::quick).ok());
  const WirePacket packet = WirePacket::parse(udp.receive());
  EXPECT_EQ(packet.magic, 0x29);
  EXPECT_EQ(packet.type, kDatagram);
  EXPECT_EQ(packet.seqno, kClientId);
  EXPECT_EQ(packet.url + packet.param + packet.data, "/q{}d");
  EXPECT_EQ(udp.sender_port(), hello.tunnel_id);
  while (client.pending_bytes() > 0) std::this_thread::yield();
}

TEST_F(ClientQuick, E10_ReceivesQuickPublishes) {
  const PeerSocket socket = connect(client);
  EXPECT_TRUE(udp.send_to(hello.tunnel_id, "junk"));  // E7
  EXPECT_TRUE(udp.send_to(hello.tunnel_id, WirePacket{.type = kRpc, .flags = kReply}.bytes()));
  EXPECT_TRUE(udp.send_to(hello.tunnel_id, WirePacket{.type = kPublish, .url = "/p"}.bytes()));
  EXPECT_EQ(message.get(), std::make_pair(std::string("/p"), Channel::quick));
}

TEST_F(ClientQuick, StrangersAreNotHeard) {
  UdpPeer stranger;
  const PeerSocket socket = connect(client);
  EXPECT_TRUE(
      stranger.send_to(hello.tunnel_id, WirePacket{.type = kPublish, .url = "/bad"}.bytes()));
  EXPECT_TRUE(udp.send_to(hello.tunnel_id, WirePacket{.type = kPublish, .url = "/p"}.bytes()));
  EXPECT_EQ(message.get().first, "/p");
}

TEST_F(ClientQuick, B4_AnotherServerPortKeepsOurs) {
  UdpPeer other;
  const std::string port = {static_cast<char>(other.port() >> 8), static_cast<char>(other.port())};
  const PeerSocket socket = connect(client, {}, id_bytes(kClientId) + port);
  ASSERT_TRUE(client.datagram("/q", {}, Channel::quick).ok());
  EXPECT_EQ(WirePacket::parse(other.receive()).seqno, kClientId);
  EXPECT_EQ(other.sender_port(), hello.tunnel_id);
  EXPECT_TRUE(other.send_to(hello.tunnel_id, WirePacket{.type = kPublish, .url = "/p"}.bytes()));
  EXPECT_EQ(message.get().first, "/p");
}

TEST_F(ClientQuick, B5_WithoutAnIdThereIsNone) {
  const PeerSocket socket = connect(client, {}, "");
  EXPECT_EQ(client.datagram("/q", {}, Channel::quick).code(), StatusCode::unsupported);
  EXPECT_TRUE(client.datagram("/q", {}).ok());
}

TEST_F(ClientQuick, NotAskedFor) {
  const PeerSocket socket = connect(client, {.quick = false});
  EXPECT_EQ(client.datagram("/q", {}, Channel::quick).code(), StatusCode::invalid_argument);
}

TEST_F(ClientQuick, V59_Limit) {
  const PeerSocket socket = connect(client);
  const std::string data(65'484 - 2, 'd');
  EXPECT_EQ(client.datagram("/q", {.data = data + "x"}, Channel::quick).code(),
            StatusCode::invalid_argument);
  ASSERT_TRUE(client.datagram("/q", {.data = data}, Channel::quick).ok());
  EXPECT_EQ(WirePacket::parse(udp.receive()).data, data);
}

TEST_F(ClientQuick, E9_NobodyListensOnTheUdpPort) {
  udp.stop_listening();
  PeerSocket socket = connect(client);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.datagram("/q", {}, Channel::quick).ok());
  ASSERT_TRUE(client.noop().ok());
  EXPECT_EQ(socket.read_packet().type, kNoop);
  udp.listen_again();
  EXPECT_TRUE(udp.send_to(hello.tunnel_id, WirePacket{.type = kPublish, .url = "/p"}.bytes()));
  EXPECT_EQ(message.get().first, "/p");
}

}  // namespace
}  // namespace ringroad::client
