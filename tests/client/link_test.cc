// Property: behind its handshake the client understands or survives everything that servers are
//           known to send.
// Method: scripted server bytes, one test per row of the wire page's tables, fed whole, byte by
//         byte and in random pieces; no sockets.
#include "client/link.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/client/link_recorder.h"
#include "tests/client/server_words.h"

namespace ringroad::client {
namespace {

using support::WirePacket;
using Events = std::vector<std::string>;

/// A link behind its handshake.
class ReadyLink : public testing::Test {
 protected:
  ReadyLink() { EXPECT_TRUE(recorder.feed(welcome().bytes()).ok()); }

  void feed(const WirePacket& packet) { EXPECT_TRUE(recorder.feed(packet.bytes()).ok()); }
  void feed_datagram(const WirePacket& packet) { recorder.feed_datagram(packet.bytes()); }

  LinkRecorder recorder;
};

// ---- Framing ----

TEST_F(ReadyLink, A1_BadMagicEndsTheStream) {
  WirePacket packet = publish();
  packet.magic = 0x19;
  EXPECT_EQ(recorder.feed(packet.bytes()).code(), StatusCode::bad_response);
  EXPECT_TRUE(recorder.events.empty());
}

TEST_F(ReadyLink, A2_A3_TooLongEndsTheStreamWithTheHeader) {
  std::string header = publish().bytes().substr(0, 20);
  header.replace(12, 4, "\xff\xff\xff\xff");
  header.replace(16, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(recorder.feed(header).code(), StatusCode::bad_response);
}

TEST_F(ReadyLink, A4_A5_A6_AnyPadIsAccepted) {
  std::string unaligned = publish("/odd").bytes();
  unaligned[2] = 0;                               // no pad bits
  unaligned.resize(20 + 4 + 2 + 1);               // and no pad
  std::string padded = publish("/abcd").bytes();  // 5 + 2 + 1: aligned
  padded[2] = static_cast<char>(3 << 6);          // three pad bytes all the same
  padded += "\xff\xff\xff";
  EXPECT_TRUE(recorder.feed(unaligned + padded + publish().bytes()).ok());
  EXPECT_EQ(recorder.events,
            (Events{"publish /odd {}|x", "publish /abcd {}|x", "publish /a {}|x"}));
}

TEST_F(ReadyLink, A7_ReservedFlagsAreIgnored) {
  const uint16_t seqno = recorder.call();
  WirePacket packet = reply(seqno);
  packet.flags |= 0x38;
  feed(packet);
  EXPECT_EQ(recorder.events, Events{"reply 0 1|"});
}

TEST_F(ReadyLink, A13_ParamNeedNotBeJson) {
  WirePacket packet = publish();
  packet.param = "not json";
  feed(packet);
  EXPECT_EQ(recorder.events, Events{"publish /a not json|x"});
}

// ---- Calls ----

TEST_F(ReadyLink, C1_SetAndTunnelInReplies) {
  const uint16_t seqno = recorder.call();
  WirePacket packet = reply(seqno);
  packet.flags |= kSet | kTunnel;
  feed(packet);
  EXPECT_EQ(recorder.events, Events{"reply 0 1|"});
}

TEST_F(ReadyLink, V3_C7_RepliesInAnyOrder) {
  const uint16_t first = recorder.call();
  const uint16_t second = recorder.call();
  WirePacket late = reply(first);
  late.param = "first";
  feed(reply(second));
  feed(late);
  EXPECT_EQ(recorder.events, (Events{"reply 0 1|", "reply 0 first|"}));
}

TEST_F(ReadyLink, C9_UnknownSecondAndUrlCarryingReplies) {
  const uint16_t seqno = recorder.call();
  feed(reply(seqno + 1u));
  WirePacket with_url = reply(seqno);
  with_url.url = "/why";
  feed(with_url);
  feed(reply(seqno));
  EXPECT_EQ(recorder.events, Events{"reply 0 1|"});
}

TEST_F(ReadyLink, C10_AnotherTypeKeepsThePending) {
  const uint16_t seqno = recorder.call();
  feed(reply(seqno, kSubscribe));
  feed(reply(seqno, kPing));
  feed(reply(seqno, kServinfo));
  EXPECT_TRUE(recorder.events.empty());
  feed(reply(seqno));
  EXPECT_EQ(recorder.events, Events{"reply 0 1|"});
}

TEST_F(ReadyLink, C11_WithoutTheReplyFlagItIsNoReply) {
  const uint16_t seqno = recorder.call();
  WirePacket packet = reply(seqno);
  packet.flags = 0;
  feed(packet);
  EXPECT_TRUE(recorder.events.empty());
  EXPECT_EQ(recorder.calls.size(), 1u);
}

TEST_F(ReadyLink, UnknownStatusPassesThrough) {
  const uint16_t seqno = recorder.call();
  WirePacket packet = reply(seqno);
  packet.status = 99;
  feed(packet);
  EXPECT_EQ(recorder.events, Events{"reply 99 1|"});
}

// ---- Publishes and datagrams ----

TEST_F(ReadyLink, D23_EveryPublishIsDelivered) {
  feed(publish("/a"));
  feed(publish("/a"));
  feed(publish("no slash"));
  EXPECT_EQ(recorder.events,
            (Events{"publish /a {}|x", "publish /a {}|x", "publish no slash {}|x"}));
}

TEST_F(ReadyLink, D24_EmptyUrlIsTolerated) {
  feed({.type = kPublish});
  EXPECT_EQ(recorder.events, Events{"publish  |"});
}

TEST_F(ReadyLink, D25_ReplyFlagAndSeqnoAreIgnored) {
  const uint16_t seqno = recorder.call();
  WirePacket packet = publish();
  packet.flags = kReply;
  packet.seqno = seqno;
  packet.status = 3;
  feed(packet);
  EXPECT_EQ(recorder.events, Events{"publish /a {}|x"});
  EXPECT_EQ(recorder.calls.size(), 1u);
}

TEST_F(ReadyLink, E6_DatagramWithReplyFlagIsDelivered) {
  feed({.type = kDatagram, .flags = kReply, .url = "/d", .data = "x"});
  EXPECT_EQ(recorder.events, Events{"datagram /d |x"});
}

TEST_F(ReadyLink, E10_BothTypesComeByTheQuickChannel) {
  feed_datagram(publish());
  feed_datagram({.type = kDatagram, .url = "/d"});
  EXPECT_EQ(recorder.events, (Events{"quick publish /a {}|x", "quick datagram /d |"}));
}

TEST_F(ReadyLink, W18_E5_OtherTypesOnTheQuickChannelAreIgnored) {
  const uint16_t seqno = recorder.call();
  for (const uint8_t type : {kServinfo, kRpc, kSubscribe, kQosSetup, kNoop, kPing}) {
    feed_datagram(reply(seqno, type));
  }
  EXPECT_TRUE(recorder.events.empty());
  EXPECT_EQ(recorder.replies, 0u);
}

TEST_F(ReadyLink, E7_JunkOnTheQuickChannelIsIgnored) {
  recorder.feed_datagram("");
  recorder.feed_datagram("junk");
  recorder.feed_datagram(std::string(1'000, '\x29'));
  recorder.feed_datagram(publish().bytes().substr(0, 22));  // A11: cut
  EXPECT_TRUE(recorder.events.empty());
  feed_datagram(publish());
  EXPECT_EQ(recorder.events.size(), 1u);
}

TEST_F(ReadyLink, A10_A11_TrailingBytesAndMissingPadInADatagram) {
  const std::string whole = publish("/odd").bytes();  // 27 bytes and one of pad
  recorder.feed_datagram(whole.substr(0, 27));
  recorder.feed_datagram(whole + publish("/b").bytes());
  EXPECT_EQ(recorder.events, (Events{"quick publish /odd {}|x", "quick publish /odd {}|x"}));
}

// ---- The rest ----

TEST_F(ReadyLink, F1_PingReplyWithAnyStatus) {
  const uint16_t seqno = recorder.call(proto::PacketType::pingecho);
  feed({.type = kPing, .flags = kReply, .status = 3, .seqno = seqno});
  EXPECT_EQ(recorder.events, Events{"reply 3 |"});
}

TEST_F(ReadyLink, F3_F6_UnsolicitedPacketsAreIgnored) {
  for (const uint8_t type : {kRpc, kSubscribe, kServinfo, kNoop, kPing, uint8_t{0x77}}) {
    feed({.type = type, .seqno = 3, .url = "/x"});
    feed({.type = type, .flags = kReply, .seqno = 1u << 16});
  }
  EXPECT_TRUE(recorder.events.empty());
  EXPECT_TRUE(recorder.link.ready());
}

TEST_F(ReadyLink, F5_W21_QosSetupIsAPriorityAndNoReply) {
  const uint16_t seqno = recorder.call();
  feed({.type = kQosSetup, .flags = kReply, .status = 5});
  feed({.type = kQosSetup, .flags = kReply, .status = 200, .seqno = seqno});
  feed({.type = kQosSetup});  // the REPLY flag is not needed
  EXPECT_EQ(recorder.events, (Events{"priority 5", "priority 7", "priority 0"}));
  EXPECT_EQ(recorder.replies, 0u);
  EXPECT_EQ(recorder.calls.size(), 1u);
}

TEST_F(ReadyLink, EndedReportsNothing) {
  recorder.link.end();
  feed(publish());
  feed_datagram(publish());
  EXPECT_TRUE(recorder.events.empty());
}

// ---- In pieces (B15, F9) ----

std::string long_conversation(uint16_t seqno) {
  WirePacket big = publish("/big");
  big.data = std::string(100'000, 'b');
  return welcome().bytes() + publish().bytes() + reply(seqno).bytes() + big.bytes() +
         WirePacket{.type = kQosSetup, .flags = kReply, .status = 1}.bytes() +
         WirePacket{.type = kDatagram, .url = "/d", .data = "y"}.bytes();
}

Events events_in_pieces(std::mt19937_64& random, size_t piece_max) {
  LinkRecorder recorder;
  const std::string bytes = long_conversation(recorder.call());
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = std::min<size_t>(1 + random() % piece_max, bytes.size() - at);
    const std::string piece = bytes.substr(at, size);  // of its own: nothing may be kept of it
    EXPECT_TRUE(recorder.feed(piece).ok());
    at += size;
  }
  EXPECT_EQ(recorder.handshakes.size(), 1u);
  return recorder.events;
}

TEST(LinkPieces, B15_AnyFragmentationMeansTheSame) {
  const Events expected = {"publish /a {}|x", "reply 0 1|",
                           "publish /big {}|" + std::string(100'000, 'b'), "priority 1",
                           "datagram /d |y"};
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    EXPECT_EQ(events_in_pieces(random, seed % 3 == 0 ? 3 : 20'000), expected);
  }
  std::mt19937_64 random(0);
  EXPECT_EQ(events_in_pieces(random, 1), expected);
}

}  // namespace
}  // namespace ringroad::client
