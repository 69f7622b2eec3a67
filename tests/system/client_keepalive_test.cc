// Property: ConnectOptions::keepalive is what the kernel does with a client's TCP connection (V37).
// Method: a client of a real server on loopback; the kernel is asked for what it has set.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cstdlib>
#include <string>

#include "tests/system/live_server.h"
#include "tests/system/socket_options_of.h"

namespace ringroad::testing {
namespace {

using std::chrono::seconds;

/// A client, and its end of the connection.
class ClientKeepalive : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0"))); }
  void connect(seconds keepalive) {
    // Without UDP: its socket might have the same two ports.
    const ConnectOptions options{.quick = false, .keepalive = keepalive};
    ASSERT_TRUE(is_ok(client_.connect(url_of(server_), options)));
  }
  int option(int level, int name) {
    const std::string address = server_.clients().at(0).address();
    const int port = std::atoi(address.substr(address.rfind(':') + 1).c_str());
    return socket_option_of(static_cast<uint16_t>(port), server_.port(), level, name);
  }

  Server server_{live_options(1)};
  Client client_;
};

TEST_F(ClientKeepalive, V37_TheKernelProbesASilentServer) {
  connect(seconds(17));
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 17);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 17);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
}

TEST_F(ClientKeepalive, V37_TheLongest) {
  connect(seconds(32'767));
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 32'767);
}

TEST_F(ClientKeepalive, V37_OffUnlessAskedFor) {
  EXPECT_EQ(ConnectOptions().keepalive, seconds(0));
  connect(seconds(0));
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST_F(ClientKeepalive, V37_OutOfRangeIsRefused) {
  for (const seconds wrong : {seconds(-1), seconds(32'768)}) {
    const Status status = client_.connect(url_of(server_), {.keepalive = wrong});
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_NE(status.message().find("keepalive"), std::string::npos) << status.message();
  }
  EXPECT_FALSE(client_.connected());
}

}  // namespace
}  // namespace ringroad::testing
