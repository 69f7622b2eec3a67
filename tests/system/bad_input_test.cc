// Property: whatever a peer sends, it alone pays: it is closed with the cause that is counted, every
//           other client is served all the time, and nothing of it stays behind.
// Method: scripted peers with wrong, huge, torn, trickled and random bytes, against a server whose
//         other clients (Witness) are called and published to without a pause.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/descriptor_limit.h"
#include "tests/system/live_server.h"
#include "tests/system/witness.h"

namespace ringroad::testing {
namespace {

using std::chrono::milliseconds;
using support::WirePacket;

constexpr uint32_t kShards = 2;
constexpr int kOffenders = 12;  // some for each shard

/// A header with these lengths, and no body.
std::string header(uint16_t url_bytes, uint32_t param_bytes, uint32_t data_bytes) {
  std::string bytes = {0x29, 0x01};
  bytes.append(8, '\0');
  for (int shift = 8; shift >= 0; shift -= 8) bytes += static_cast<char>(url_bytes >> shift);
  for (const uint32_t length : {param_bytes, data_bytes}) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift);
  }
  return bytes;
}

std::string call_bytes(uint32_t seqno) {
  return WirePacket{.type = client::kRpc, .seqno = seqno, .url = "/witness/echo", .param = "7"}
      .bytes();
}

class BadInputTest : public ::testing::Test {
 protected:
  explicit BadInputTest(milliseconds handshake_timeout = std::chrono::minutes(1))
      : server_(options(handshake_timeout)) {
    Witness::prepare(server_);
    server_.on_data(
        [this](RemoteClient, std::string_view, const PayloadView&, Channel) { ++datagrams_; });
    EXPECT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
    witness_ = std::make_unique<Witness>(server_, kShards);
    EXPECT_TRUE(wait_until([this] { return server_.stats().connections_now == kShards; }));
    before_ = server_.stats();
  }

  static ServerOptions options(milliseconds handshake_timeout) {
    ServerOptions options = live_options(kShards);
    options.handshake_timeout = handshake_timeout;
    return options;
  }

  /// Everybody else was and is served, nobody was closed for another cause, nothing is left.
  void expect_only(uint64_t ServerStats::*cause, uint64_t count) {
    EXPECT_TRUE(wait_until([&] { return server_.stats().*cause == before_.*cause + count; }))
        << server_.stats().*cause - before_.*cause << " of " << count;
    EXPECT_TRUE(wait_until([&] { return server_.stats().connections_now == kShards; }));
    EXPECT_TRUE(witness_->sees(3));
    witness_->rest();
    const ServerStats now = server_.stats();
    using Stats = ServerStats;
    for (const auto field :
         {&Stats::closed_by_peer, &Stats::closed_bad_packet, &Stats::closed_handshake_timeout,
          &Stats::closed_slow_client, &Stats::closed_password, &Stats::closed_other}) {
      EXPECT_EQ(now.*field - before_.*field, field == cause ? count : 0);
    }
    EXPECT_EQ(now.clients_now, kShards);
    // At rest each shard keeps the two blocks that it writes into.
    EXPECT_TRUE(wait_until([&] { return server_.stats().bytes_live <= 2 * kShards * 65'536; }))
        << server_.stats().bytes_live;
  }

  std::atomic<int> datagrams_{0};
  Server server_;
  std::unique_ptr<Witness> witness_;
  ServerStats before_;
};

/// Sent by fresh connections and by those that have shaken hands; each is closed as a bad packet.
struct BadBytes {
  const char* name;
  std::string bytes;
};

std::ostream& operator<<(std::ostream& out, const BadBytes& bad) {
  return out << bad.name;
}

class BadBytesTest : public BadInputTest, public ::testing::WithParamInterface<BadBytes> {};

TEST_P(BadBytesTest, W6_A1_A2_A3_TheOffenderIsClosed) {
  for (int i = 0; i < kOffenders; ++i) {
    RawClient offender(server_);
    EXPECT_TRUE(i % 2 == 1 || offender.shake_hands() != 0);
    if (i % 3 == 0) offender.socket().write(call_bytes(1));  // in the middle of a conversation
    offender.socket().write(GetParam().bytes);
    EXPECT_TRUE(offender.socket().wait_closed());
  }
  expect_only(&ServerStats::closed_bad_packet, kOffenders);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadBytesTest,
    ::testing::Values(
        BadBytes{"WrongMagic", std::string("\x19\x01", 2) + header(0, 0, 0).substr(2)},
        BadBytes{"OtherVersion", std::string("\x39\x01", 2) + header(0, 0, 0).substr(2)},
        BadBytes{"Http", "GET / HTTP/1.1\r\nHost: lamp\r\n\r\n"},
        BadBytes{"OneByteTooLarge", header(0, 0, 262'125)},
        BadBytes{"LargeInThreeParts", header(65'535, 131'072, 131'072)},
        BadBytes{"LargestLengths", header(65'535, 0xffff'ffff, 0xffff'ffff)},
        BadBytes{"SumWrapsTo16", header(0, 0xffff'fff0, 0x20)},
        BadBytes{"SumWrapsToNothing", header(0x14, 0xffff'ffff, 0xffff'ffd9)},
        BadBytes{"SignBit", header(0, 0x8000'0000, 0)}),
    [](const auto& each) { return each.param.name; });

TEST_F(BadInputTest, AMillionRandomBytes) {
  for (int i = 0; i < kOffenders; ++i) {
    SCOPED_TRACE("seed " + std::to_string(i));
    std::mt19937 random(static_cast<uint32_t>(i));
    std::string bytes(1'000'000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    // Half of them begin like a packet: the lengths decide then.
    if (i % 2 == 0) bytes[0] = 0x29, bytes[12] = 0x7f;
    RawClient offender(server_);
    offender.socket().write(bytes);
    EXPECT_TRUE(offender.socket().wait_closed());
  }
  expect_only(&ServerStats::closed_bad_packet, kOffenders);
}

TEST_F(BadInputTest, OversizeIsNotBufferedFirst) {
  for (int i = 0; i < kOffenders; ++i) {
    RawClient offender(server_);
    EXPECT_NE(offender.shake_hands(), 0U);
    offender.socket().write(header(0, 0, 0x3fff'ffff));
    EXPECT_TRUE(offender.socket().wait_closed()) << "as soon as its header is in";
  }
  expect_only(&ServerStats::closed_bad_packet, kOffenders);
}

TEST_F(BadInputTest, TruncatedThenClosed) {
  const std::string packet =
      WirePacket{.type = client::kRpc, .url = "/witness/echo", .data = std::string(200'000, 'x')}
          .bytes();
  for (int i = 0; i < kOffenders; ++i) {
    RawClient offender(server_);
    EXPECT_TRUE(i % 2 == 1 || offender.shake_hands() != 0);
    const size_t cut = static_cast<size_t>(i) * packet.size() / kOffenders + 1;
    EXPECT_TRUE(offender.socket().write(std::string_view(packet).substr(0, cut)));
    offender.socket().close();
  }
  expect_only(&ServerStats::closed_by_peer, kOffenders);
}

TEST_F(BadInputTest, ResetInTheMiddle) {
  for (int i = 0; i < kOffenders; ++i) {
    RawClient offender(server_);
    EXPECT_TRUE(i % 2 == 1 || offender.shake_hands() != 0);
    for (int call = 0; call < 10; ++call) offender.socket().write(call_bytes(1));
    offender.socket().write(std::string_view(call_bytes(2)).substr(0, 21));
    offender.socket().reset();
  }
  expect_only(&ServerStats::closed_by_peer, kOffenders);
}

TEST_F(BadInputTest, F7_HalfCloseIsAnsweredThenClosed) {
  for (int i = 0; i < kOffenders; ++i) {
    RawClient offender(server_);
    EXPECT_NE(offender.shake_hands(), 0U);
    std::string bytes;
    for (uint32_t seqno = 1; seqno <= 100; ++seqno) bytes += call_bytes(seqno);
    EXPECT_TRUE(offender.socket().write(bytes));
    offender.socket().shutdown_write();
    for (uint32_t seqno = 1; seqno <= 100; ++seqno) {
      ASSERT_EQ(offender.socket().read_packet().seqno, seqno);
    }
    EXPECT_EQ(offender.socket().read_to_end(), "");
  }
  expect_only(&ServerStats::closed_by_peer, kOffenders);
}

TEST_F(BadInputTest, TrickledByteByByteIsStillAPacket) {
  for (int i = 0; i < kOffenders; ++i) {
    RawClient slow(server_);
    const std::string hello = WirePacket{.type = client::kServinfo, .seqno = 9}.bytes();
    ASSERT_TRUE(slow.socket().write_pieces(hello, 1));
    EXPECT_EQ(slow.socket().read_packet().seqno, 9U);
    ASSERT_TRUE(slow.socket().write_pieces(call_bytes(10), 1));
    const WirePacket reply = slow.socket().read_packet();
    EXPECT_EQ(reply.seqno, 10U);
    EXPECT_EQ(reply.param, "7");
    slow.socket().close();
  }
  expect_only(&ServerStats::closed_by_peer, kOffenders);
}

TEST_F(BadInputTest, E7_W19_JunkAndForeignIdsOnUdp) {
  support::UdpPeer announced;
  support::UdpPeer stranger;
  RawClient victim(server_);
  const uint32_t id = victim.shake_hands(announced.port());
  ASSERT_NE(id, 0U);
  std::mt19937 random(4711);
  for (int i = 0; i < 1000; ++i) {
    std::string junk(random() % 600, '\0');
    for (char& byte : junk) byte = static_cast<char>(random());
    if (i % 3 == 0 && !junk.empty()) junk[0] = 0x29;
    (void)stranger.send_to(server_.port(), junk);
  }
  const WirePacket forged{.type = client::kDatagram, .seqno = id, .url = "/forged"};
  // Behind so much junk any datagram may be lost: again and again.
  EXPECT_TRUE(wait_until([&] {
    return stranger.send_to(server_.port(), forged.bytes()) && server_.stats().quick_spoofed > 0;
  }));
  EXPECT_EQ(datagrams_, 0);
  EXPECT_TRUE(wait_until([&] {  // the very same, from its owner
    return announced.send_to(server_.port(), forged.bytes()) && datagrams_ > 0;
  }));
  victim.socket().close();
  expect_only(&ServerStats::closed_by_peer, 1);
}

class HandshakeTimeoutTest : public BadInputTest {
 protected:
  HandshakeTimeoutTest() : BadInputTest(milliseconds(100)) {}
};

TEST_F(HandshakeTimeoutTest, W11_AThousandThatNeverShakeHands) {
  constexpr int kStrangers = 1000;
  constexpr rlim_t kNeeded = 2 * kStrangers + 200;  // the server's ends, too
  const rlim_t limit = support::raise_descriptor_limit();
  if (limit < kNeeded) {
    GTEST_SKIP() << "SKIPPED: needs " << kNeeded << " descriptors, ulimit -Hn says " << limit;
  }
  std::vector<support::PeerSocket> strangers;
  for (int i = 0; i < kStrangers; ++i) {
    strangers.push_back(support::connect_peer(server_.port()));
    ASSERT_TRUE(strangers.back().valid());
    if (i % 3 == 1) strangers.back().write(header(4, 0, 100));  // and never the rest
    if (i % 3 == 2) strangers.back().write(call_bytes(1));      // B10: answered, and yet
  }
  for (support::PeerSocket& stranger : strangers) EXPECT_TRUE(stranger.wait_closed());
  expect_only(&ServerStats::closed_handshake_timeout, kStrangers);
}

TEST_F(HandshakeTimeoutTest, W11_TricklingDoesNotBuyTime) {
  RawClient offender(server_);
  const std::string packet =
      WirePacket{.type = client::kServinfo, .data = std::string(250'000, 'x')}.bytes();
  EXPECT_FALSE(offender.socket().write_pieces(packet, 1)) << "longer than it is given";
  offender.socket().close();
  expect_only(&ServerStats::closed_handshake_timeout, 1);
}

}  // namespace
}  // namespace ringroad::testing
