// Property: a QOSSETUP sets the traffic class of both of the client's sockets and answers nothing
//           (W21, F5).
// Method: a scripted server; the process's own descriptors are searched for the client's sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "tests/client/play_server.h"
#include "tests/support/eventually.h"

namespace ringroad::client {
namespace {

using support::PeerSocket;
using support::WirePacket;

std::optional<int> option_of(int descriptor, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(descriptor, level, name, &value, &length) != 0) return std::nullopt;
  return value;
}

uint16_t local_port(int descriptor) {
  sockaddr_in address = {};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return address.sin_family == AF_INET ? ntohs(address.sin_port) : uint16_t{0};
}

/// The option of this process's socket of this type at this port.
int option_at(int type, uint16_t port, int level, int name) {
  for (int descriptor = 3; descriptor < 4'096; ++descriptor) {
    if (option_of(descriptor, SOL_SOCKET, SO_TYPE) != type || local_port(descriptor) != port)
      continue;
    return option_of(descriptor, level, name).value_or(-1);
  }
  return -1;
}

class ClientPriority : public PlayServer {
 protected:
  bool both_are(const PeerSocket& socket, int traffic_class) const {
    return support::wait_until([&] {
      return option_at(SOCK_STREAM, socket.remote_port(), IPPROTO_IP, IP_TOS) == traffic_class &&
             option_at(SOCK_DGRAM, hello.tunnel_id, IPPROTO_IP, IP_TOS) == traffic_class;
    });
  }
  static WirePacket priority(uint8_t value) {
    return {.type = kQosSetup, .flags = kReply, .status = value};
  }
};

TEST_F(ClientPriority, W21_F5_AppliedToBothSockets) {
  Client client;
  PeerSocket socket = connect(client);
  ASSERT_TRUE(socket.write(priority(5)));
  EXPECT_TRUE(both_are(socket, 0xA8));
  ASSERT_TRUE(socket.write(priority(0)));
  EXPECT_TRUE(both_are(socket, 0));
  ASSERT_TRUE(socket.write(priority(255)));  // clamped
  EXPECT_TRUE(both_are(socket, 0xE8));
}

TEST_F(ClientPriority, W21_WithoutAUdpSocket) {
  Client client;
  PeerSocket socket = connect(client, {.quick = false});
  ASSERT_TRUE(socket.write(priority(1)));
  EXPECT_TRUE(support::wait_until(
      [&] { return option_at(SOCK_STREAM, socket.remote_port(), IPPROTO_IP, IP_TOS) == 0x28; }));
}

}  // namespace
}  // namespace ringroad::client
