// Property: traffic_class and keepalive set what their words say, for both families and transports.
// Method: plain sockets, asked by getsockopt; by the verb on every Io for what accepts them.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/socket.h"
#include "tests/engine/io_suite.h"

namespace ringroad::engine {
namespace {

int value_of(Socket socket, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(::getsockopt(socket.handle, level, name, &value, &length), 0);
  return value;
}

/// Closed at the end of the test.
class Plain {
 public:
  Plain(Transport transport, int family) : socket_(*open_socket(transport, family)) {}
  ~Plain() { ::close(socket_.handle); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  Socket get() const { return socket_; }

 private:
  Socket socket_;
};

void expect_traffic_class(Transport transport) {
  const Plain v4(transport, AF_INET);
  ASSERT_TRUE(set_socket_option(v4.get(), SocketOption::traffic_class, 0xA8).ok());
  EXPECT_EQ(value_of(v4.get(), IPPROTO_IP, IP_TOS), 0xA8);
  EXPECT_EQ(value_of(v4.get(), SOL_SOCKET, SO_PRIORITY), 5);
  ASSERT_TRUE(set_socket_option(v4.get(), SocketOption::traffic_class, 0).ok());
  EXPECT_EQ(value_of(v4.get(), IPPROTO_IP, IP_TOS), 0);
  EXPECT_EQ(value_of(v4.get(), SOL_SOCKET, SO_PRIORITY), 0);
  const Plain v6(transport, AF_INET6);
  ASSERT_TRUE(set_socket_option(v6.get(), SocketOption::traffic_class, 0xA8).ok());
  EXPECT_EQ(value_of(v6.get(), IPPROTO_IPV6, IPV6_TCLASS), 0xA8);
  EXPECT_EQ(value_of(v6.get(), IPPROTO_IP, IP_TOS), 0xA8) << "for a peer that is v4-mapped";
  EXPECT_EQ(value_of(v6.get(), SOL_SOCKET, SO_PRIORITY), 5);
}

TEST(SocketOptions, W21_TrafficClassOfTcp) {
  expect_traffic_class(Transport::tcp);
}

TEST(SocketOptions, W21_TrafficClassOfUdp) {
  expect_traffic_class(Transport::udp);
}

// 7 would need a capability for SO_PRIORITY.
TEST(SocketOptions, W21_TheHighestPriorityNeedsNoPrivilege) {
  const Plain socket(Transport::tcp, AF_INET);
  const Status status = set_socket_option(socket.get(), SocketOption::traffic_class, 0xE8);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(value_of(socket.get(), IPPROTO_IP, IP_TOS), 0xE8);
  EXPECT_EQ(value_of(socket.get(), SOL_SOCKET, SO_PRIORITY), 6);
}

TEST(SocketOptions, V37_KeepaliveProbesAfterTheIdleTime) {
  const Plain socket(Transport::tcp, AF_INET);
  ASSERT_TRUE(set_socket_option(socket.get(), SocketOption::keepalive, 7).ok());
  EXPECT_EQ(value_of(socket.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(value_of(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE), 7);
  EXPECT_EQ(value_of(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(value_of(socket.get(), IPPROTO_TCP, TCP_KEEPCNT), 3);
  ASSERT_TRUE(set_socket_option(socket.get(), SocketOption::keepalive, 0).ok());
  EXPECT_EQ(value_of(socket.get(), SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST(SocketOptions, V37_AKeepaliveOutOfRangeIsRefused) {
  const Plain socket(Transport::tcp, AF_INET);
  const Status status = set_socket_option(socket.get(), SocketOption::keepalive, 40'000);
  EXPECT_EQ(status.code(), StatusCode::invalid_argument) << status.message();
  EXPECT_EQ(value_of(socket.get(), SOL_SOCKET, SO_KEEPALIVE), 0);
}

class SocketOptionSuite : public IoSuite {};

TEST_P(SocketOptionSuite, SetsThemOnBothEndsOfAConnection) {
  const Pair pair = connected();
  for (const SocketOption option : {SocketOption::traffic_class, SocketOption::keepalive}) {
    for (const int value : {0x28, 0}) {
      EXPECT_TRUE(client().set_option(pair.client, option, value).ok());
      EXPECT_TRUE(server().set_option(pair.server, option, value).ok());
    }
  }
  close(pair);
}

TEST_P(SocketOptionSuite, V63_TheKernelTellsWhatThePeerHasTaken) {
  const Pair pair = connected();
  const uint64_t before = client().acknowledged_bytes(pair.client).value();
  Reader reader(server(), pair.server);
  const std::vector<std::byte> bytes = pattern(100'000, 1);
  send_all(client(), pair.client, bytes);
  EXPECT_TRUE(run_until([&] { return reader.bytes().size() == bytes.size(); }));
  EXPECT_TRUE(run_until(
      [&] { return client().acknowledged_bytes(pair.client).value() - before >= bytes.size(); }));
  close_after(reader, pair);
}

INSTANTIATE_TEST_SUITE_P(Io, SocketOptionSuite, every_back_end(), back_end_name);

}  // namespace
}  // namespace ringroad::engine
