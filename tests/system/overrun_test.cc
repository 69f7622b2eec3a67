// Property: datagrams that find a shard's UDP socket full are lost, as UDP's are, but counted.
// Method:   a real server whose only shard waits in a handler while more is sent than the socket
//           holds.
#include <gtest/gtest.h>

#include <latch>
#include <string>

#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

TEST(OverrunTest, WhatTheSocketHasNoRoomForIsCounted) {
  constexpr int kDatagrams = 20'000;
  const std::string kilobyte(1'024, 'd');  // together far more than net.core.rmem_default
  Server server(live_options(1));
  std::latch inside(1);
  std::latch sent(1);
  ASSERT_TRUE(is_ok(server.command("/wait", [&](Call&) {
    inside.count_down();
    sent.wait();
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Client waiting;
  ASSERT_TRUE(is_ok(waiting.connect(url_of(server))));
  const auto nothing = [](const Result<Reply>&) {};
  ASSERT_TRUE(is_ok(waiting.call("/wait", {}, nothing)));
  inside.wait();
  support::UdpPeer peer;  // when its send returns, the datagram is in the socket or lost
  for (int i = 0; i < kDatagrams; ++i) ASSERT_TRUE(peer.send_to(server.port(), kilobyte));
  sent.count_down();
  EXPECT_TRUE(wait_until([&] {  // the next that comes says how many were lost before it
    EXPECT_TRUE(peer.send_to(server.port(), "next"));
    return server.stats().quick_overrun > 0;
  }));
  EXPECT_LT(server.stats().quick_overrun, static_cast<uint64_t>(kDatagrams));
}

}  // namespace
}  // namespace ringroad::testing
