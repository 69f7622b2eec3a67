// Property: whatever a server answers to SERVINFO, the link reports it once, and nothing before it.
// Method: scripted server bytes, one test per row of the wire page's table B; no sockets.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/link.h"
#include "tests/client/link_recorder.h"
#include "tests/client/server_words.h"

namespace ringroad::client {
namespace {

using support::WirePacket;
using Events = std::vector<std::string>;

TEST(LoginParam, B9_PasswordIsAJsonString) {
  EXPECT_EQ(login_param(""), "");
  EXPECT_EQ(login_param("123456"), R"({"passwd":"123456"})");
  EXPECT_EQ(login_param("a\"b\\c"), R"({"passwd":"a\"b\\c"})");
}

TEST(LinkHandshake, B1_FlagsOtherThanReplyAreIgnored) {
  LinkRecorder recorder;
  WirePacket packet = welcome();
  packet.flags = kReply | kTunnel | kSet | 0x38;
  packet.tunnel_id = 4'711;
  EXPECT_TRUE(recorder.feed(packet.bytes()).ok());
  ASSERT_EQ(recorder.handshakes.size(), 1u);
  EXPECT_TRUE(recorder.handshakes[0].status.ok());
  EXPECT_EQ(recorder.handshakes[0].id, kClientId);
}

TEST(LinkHandshake, B2_TakesThePortBehindTheId) {
  LinkRecorder recorder;
  WirePacket packet = welcome();
  packet.data += std::string("\x1f\x90", 2);
  EXPECT_TRUE(recorder.feed(packet.bytes()).ok());
  EXPECT_EQ(recorder.handshakes.at(0).quick_port, 8'080);
  EXPECT_EQ(recorder.handshakes.at(0).id, kClientId);
}

TEST(LinkHandshake, B2_FiveAndSevenBytesOfData) {
  for (const size_t size : {5u, 7u}) {
    LinkRecorder recorder;
    WirePacket packet = welcome();
    packet.data.resize(size, '\1');
    EXPECT_TRUE(recorder.feed(packet.bytes()).ok());
    EXPECT_EQ(recorder.handshakes.at(0).id, kClientId);
    EXPECT_EQ(recorder.handshakes.at(0).quick_port, size == 5 ? 0 : 0x0101);
  }
}

TEST(LinkHandshake, B3_ZeroIsAnId) {
  LinkRecorder recorder;
  EXPECT_TRUE(recorder.feed(welcome(id_bytes(0)).bytes()).ok());
  EXPECT_EQ(recorder.handshakes.at(0).id, 0u);
}

TEST(LinkHandshake, B3_IdHas32Bits) {
  LinkRecorder recorder;
  EXPECT_TRUE(recorder.feed(welcome(id_bytes(0xfedcba98)).bytes()).ok());
  EXPECT_EQ(recorder.handshakes.at(0).id, 0xfedcba98);
}

TEST(LinkHandshake, B5_WithoutDataThereIsNoId) {
  for (const size_t size : {0u, 3u}) {
    LinkRecorder recorder;
    WirePacket packet = welcome();
    packet.data.resize(size);
    EXPECT_TRUE(recorder.feed(packet.bytes()).ok());
    EXPECT_TRUE(recorder.handshakes.at(0).status.ok());
    EXPECT_FALSE(recorder.handshakes.at(0).id.has_value());
    EXPECT_TRUE(recorder.link.ready());
  }
}

TEST(LinkHandshake, B6_StatusOneIsFinal) {
  LinkRecorder recorder;
  WirePacket refusal{.type = kServinfo, .flags = kReply, .status = 1};
  EXPECT_TRUE(recorder.feed(refusal.bytes() + welcome().bytes() + publish().bytes()).ok());
  ASSERT_EQ(recorder.handshakes.size(), 1u);
  EXPECT_EQ(recorder.handshakes[0].status.code(), StatusCode::wrong_password);
  EXPECT_TRUE(recorder.feed(welcome().bytes()).ok());
  EXPECT_EQ(recorder.handshakes.size(), 1u);
  EXPECT_TRUE(recorder.events.empty());
}

TEST(LinkHandshake, B7_WithoutTheReplyFlagItIsARefusal) {
  LinkRecorder recorder;
  WirePacket refusal{.type = kServinfo};
  EXPECT_TRUE(recorder.feed(refusal.bytes()).ok());
  ASSERT_EQ(recorder.handshakes.size(), 1u);
  EXPECT_EQ(recorder.handshakes[0].status.code(), StatusCode::wrong_password);
  EXPECT_FALSE(recorder.link.ready());
}

TEST(LinkHandshake, OtherStatusIsABadResponseThatNamesIt) {
  LinkRecorder recorder;
  WirePacket refusal{.type = kServinfo, .flags = kReply, .status = 99};
  EXPECT_TRUE(recorder.feed(refusal.bytes()).ok());
  EXPECT_EQ(recorder.handshakes.at(0).status.code(), StatusCode::bad_response);
  EXPECT_NE(recorder.handshakes.at(0).status.message().find("99"), std::string::npos);
}

TEST(LinkHandshake, B11_RefusalsOfOtherTypesAreNotTheAnswer) {
  LinkRecorder recorder;
  for (const uint8_t type : {kRpc, kPing, kQosSetup, kNoop}) {
    WirePacket packet{.type = type, .flags = kReply, .status = 1};
    EXPECT_TRUE(recorder.feed(packet.bytes()).ok());
  }
  EXPECT_TRUE(recorder.handshakes.empty());
  EXPECT_EQ(recorder.replies, 0u);
}

TEST(LinkHandshake, B14_OnlyTheMatchingSeqnoIsTheAnswer) {
  LinkRecorder recorder;
  WirePacket other = welcome(id_bytes(1));
  other.seqno = 5;
  EXPECT_TRUE(recorder.feed(other.bytes()).ok());
  EXPECT_TRUE(recorder.handshakes.empty());
  EXPECT_TRUE(recorder.feed(welcome(id_bytes(2)).bytes()).ok());
  ASSERT_EQ(recorder.handshakes.size(), 1u);
  EXPECT_EQ(recorder.handshakes[0].id, 2u);
}

TEST(LinkHandshake, B15_PacketsBeforeTheReplyAreIgnored) {
  LinkRecorder recorder;
  const std::string early = publish().bytes() +
                            WirePacket{.type = kQosSetup, .flags = kReply, .status = 5}.bytes() +
                            WirePacket{.type = kDatagram, .url = "/d"}.bytes();
  EXPECT_TRUE(recorder.feed(early + welcome().bytes() + publish("/after").bytes()).ok());
  EXPECT_EQ(recorder.handshakes.size(), 1u);
  EXPECT_EQ(recorder.events, Events{"publish /after {}|x"});
}

TEST(LinkHandshake, B13_LaterAnswersAreNobodys) {
  LinkRecorder recorder;
  EXPECT_TRUE(recorder.feed(welcome(id_bytes(1)).bytes() + welcome(id_bytes(2)).bytes()).ok());
  EXPECT_EQ(recorder.handshakes.size(), 1u);
}

TEST(LinkHandshake, B19_AnyInfoIsHandedOverAsSent) {
  for (const char* info : {"", "\"text\"", "[1]", "null", "not json", "\xff\xfe"}) {
    LinkRecorder recorder;
    WirePacket packet = welcome();
    packet.param = info;
    EXPECT_TRUE(recorder.feed(packet.bytes()).ok());
    EXPECT_EQ(recorder.handshakes.at(0).info, info);
  }
}

TEST(LinkHandshake, E5_NoDatagramBeforeIt) {
  LinkRecorder recorder;
  recorder.feed_datagram(publish().bytes());
  recorder.feed_datagram(welcome().bytes());
  EXPECT_TRUE(recorder.events.empty());
  EXPECT_TRUE(recorder.handshakes.empty());
}

TEST(LinkHandshake, A1_GarbageInsteadOfTheAnswer) {
  LinkRecorder recorder;
  EXPECT_EQ(recorder.feed("HTTP/1.1 400 Bad Request\r\n\r\n").code(), StatusCode::bad_response);
  EXPECT_TRUE(recorder.handshakes.empty());
}

}  // namespace
}  // namespace ringroad::client
