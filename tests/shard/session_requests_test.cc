// Property: what a client sends is answered, ignored or ends the connection as the tables of
// docs/WIRE.md say (A, C, E, F). Method: one row per test, against a fake shard.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_session_host.h"

namespace ringroad::shard {
namespace {

using engine::CloseCause;
using proto::OwnedPacket;
using proto::PacketSpec;
using proto::PacketType;

constexpr uint32_t kRpc = 1;
constexpr uint32_t kPing = 0xff;

class SessionRequests : public testing::Test {
 protected:
  std::vector<OwnedPacket> answers(std::string_view bytes) {
    client_.send(bytes);
    host_.settle();
    return client_.received();
  }
  std::vector<OwnedPacket> answers(const PacketSpec& packet) { return answers(encoded(packet)); }
  OwnedPacket answer(const PacketSpec& packet) {
    client_.send(packet);
    host_.settle();
    return client_.received_one();
  }
  bool alive() { return answer({.type = PacketType::pingecho, .seqno = 1}).type == kPing; }

  FakeHost host_;
  FakeClient& client_ = host_.connect_active();
};

TEST_F(SessionRequests, A1_BadMagicCloses) {
  client_.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(client_.cause(), CloseCause::bad_packet);
}

TEST_F(SessionRequests, A1_WhatCameBeforeIsHandledAndWhatComesAfterIsNot) {
  int calls = 0;
  host_.on_call = [&calls](Session&, const proto::PacketView&) { return ++calls > 0; };
  const std::string call = encoded({.type = PacketType::rpc, .url = "/x"});
  client_.send(call + call + "\x28" + call);
  client_.send(call);
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(client_.open());
}

TEST_F(SessionRequests, A2_A3_OversizeClosesWithItsHeader) {
  for (const size_t offset : {proto::kParamLengthOffset, proto::kDataLengthOffset}) {
    FakeClient& client = host_.connect_active();
    std::string header = encoded({.type = PacketType::rpc});
    header[offset] = '\xff';
    client.send(header.substr(0, 19));
    EXPECT_TRUE(client.open());
    client.send(header.substr(19));
    EXPECT_EQ(client.cause(), CloseCause::bad_packet);
  }
}

TEST_F(SessionRequests, A2_TheLargestPacketIsTaken) {
  const std::string data(base::kPayloadBytesMax - 2, 'x');
  EXPECT_EQ(answer({.type = PacketType::rpc, .url = "/x", .data = data}).param, R"("/x")");
}

TEST_F(SessionRequests, A4_A5_A6_AnyPadIsTaken) {
  std::string unaligned = encoded({.type = PacketType::rpc, .seqno = 1, .url = "/ab"});
  unaligned[proto::kFlagsOffset] = 0;
  unaligned.pop_back();
  std::string overpadded = encoded({.type = PacketType::rpc, .seqno = 2, .url = "/abc"});
  overpadded[proto::kFlagsOffset] = '\xc0';
  overpadded += "\xff\xfe\xfd";
  const auto packets = answers(unaligned + overpadded + unaligned);
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[0].param, R"("/ab")");
  EXPECT_EQ(packets[1].param, R"("/abc")");
}

TEST_F(SessionRequests, A7_ReservedFlagsAreIgnoredAndNotEchoed) {
  std::string bytes = encoded({.type = PacketType::rpc, .url = "/abc"});
  bytes[proto::kFlagsOffset] = '\x38';
  const auto packets = answers(bytes);
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].flags, proto::kFlagReply);
}

TEST_F(SessionRequests, A12_AnUrlIsOpaqueBytes) {
  host_.on_call = [](Session&, const proto::PacketView&) { return false; };
  EXPECT_EQ(answer({.type = PacketType::rpc, .url = "/\xff\xfe"}).status, 3U);
  EXPECT_TRUE(alive());
}

TEST_F(SessionRequests, A13_ParamThatIsNotJsonIsHandedOver) {
  std::string seen;
  host_.on_call = [&seen](Session& session, const proto::PacketView& packet) {
    seen = packet.param;
    return session.reply(packet.header.seqno, {}).ok();
  };
  EXPECT_EQ(answer({.type = PacketType::rpc, .url = "/x", .param = "{not json"}).status, 0U);
  EXPECT_EQ(seen, "{not json");
}

TEST_F(SessionRequests, W12_C1_ReplyCarriesTheReplyFlagOnly) {
  const OwnedPacket reply = answer({.type = PacketType::rpc,
                                    .flags = proto::kFlagSet | proto::kFlagTunnel,
                                    .status = 99,
                                    .seqno = 0xffff0000,
                                    .tunnel_id = 7,
                                    .url = "/x"});
  EXPECT_EQ(reply.type, kRpc) << "C10";
  EXPECT_EQ(reply.flags, proto::kFlagReply);
  EXPECT_EQ(reply.seqno, 0xffff0000U) << "W22: all 32 bits";
  EXPECT_EQ(reply.status, 0U) << "C12";
  EXPECT_EQ(reply.url, "");
}

TEST_F(SessionRequests, C2_UrlMissingOrWithoutSlashIsTwo) {
  EXPECT_EQ(answer({.type = PacketType::rpc}).status, 2U);
  EXPECT_EQ(answer({.type = PacketType::rpc, .url = "x"}).status, 2U);
}

TEST_F(SessionRequests, C3_UnknownUrlIsThreeWithoutPayload) {
  host_.on_call = [](Session&, const proto::PacketView&) { return false; };
  const OwnedPacket reply = answer({.type = PacketType::rpc, .seqno = 8, .url = "/x"});
  EXPECT_EQ(reply.status, 3U);
  EXPECT_EQ(reply.seqno, 8U);
  EXPECT_EQ(reply.param + reply.data, "");
}

TEST_F(SessionRequests, V12_C5_TheHandlerSeesTheMethod) {
  std::vector<bool> set;
  host_.on_call = [&set](Session&, const proto::PacketView& packet) {
    set.push_back(packet.header.set());
    return true;
  };
  client_.send({.type = PacketType::rpc, .url = "/x"});
  client_.send({.type = PacketType::rpc, .flags = proto::kFlagSet, .url = "/x"});
  EXPECT_EQ(set, (std::vector<bool>{false, true}));
}

TEST_F(SessionRequests, C6_AnyStatusMayCarryAPayload) {
  host_.on_call = [](Session& session, const proto::PacketView& packet) {
    const ReplyContent content{
        .status = static_cast<ReplyStatus>(200), .param = "{}", .data = "raw"};
    return session.reply(packet.header.seqno, content).ok();
  };
  const OwnedPacket reply = answer({.type = PacketType::rpc, .url = "/x"});
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.param, "{}");
  EXPECT_EQ(reply.data, "raw");
}

TEST_F(SessionRequests, C7_RepliesComeInTheOrderOfTheCalls) {
  std::string bytes;
  for (uint32_t i = 0; i < 200; ++i) {
    bytes += encoded({.type = PacketType::rpc, .seqno = i, .url = "/x"});
  }
  const auto packets = answers(bytes);
  ASSERT_EQ(packets.size(), 200U);
  for (uint32_t i = 0; i < 200; ++i) EXPECT_EQ(packets[i].seqno, i);
}

TEST_F(SessionRequests, C8_W7_RepliesFromAClientAreIgnored) {
  int calls = 0;
  host_.on_call = [&calls](Session&, const proto::PacketView&) { return ++calls > 0; };
  for (int type = 0; type < 256; ++type) {
    EXPECT_TRUE(answers({.type = static_cast<PacketType>(type),
                         .flags = proto::kFlagReply,
                         .seqno = 4,
                         .url = "/x"})
                    .empty());
  }
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(host_.datagrams.empty()) << "E6";
  EXPECT_TRUE(alive());
}

TEST_F(SessionRequests, V11_AReplyThatIsTooLargeIsTheHandlersFault) {
  Status status;
  host_.on_call = [&status](Session& session, const proto::PacketView& packet) {
    const std::string data(base::kPayloadBytesMax + 1, 'x');
    status = session.reply(packet.header.seqno, {.data = data});
    return true;
  };
  EXPECT_TRUE(answers({.type = PacketType::rpc, .url = "/x"}).empty());
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_TRUE(alive());
}

TEST_F(SessionRequests, E1_DatagramsNeedNoUrl) {
  EXPECT_TRUE(answers({.type = PacketType::datagram, .data = "1"}).empty());
  EXPECT_TRUE(answers({.type = PacketType::datagram, .url = "x", .data = "2"}).empty());
  client_.send_quick({.type = PacketType::datagram, .url = "/q", .data = "3"});
  ASSERT_EQ(host_.datagrams.size(), 3U);
  EXPECT_EQ(host_.datagrams[0].url, "");
  EXPECT_EQ(host_.datagrams[1].url, "x");
  EXPECT_EQ(host_.datagrams[2].data, "3");
}

TEST_F(SessionRequests, E4_QuickOfAStrangerIsDropped) {
  FakeClient& stranger = host_.connect();
  stranger.send_quick({.type = PacketType::datagram, .url = "/q"});
  EXPECT_TRUE(host_.datagrams.empty());
}

TEST_F(SessionRequests, F1_PingIsEchoedWithoutItsPayload) {
  const OwnedPacket reply = answer(
      {.type = PacketType::pingecho, .seqno = 0x12345678, .url = "/u", .param = "{}", .data = "d"});
  EXPECT_EQ(reply.type, kPing);
  EXPECT_EQ(reply.flags, proto::kFlagReply);
  EXPECT_EQ(reply.status, 0U);
  EXPECT_EQ(reply.seqno, 0x12345678U);
  EXPECT_EQ(reply.url + reply.param + reply.data, "");
}

TEST_F(SessionRequests, W16_F2_F3_F4_TheRestIsIgnored) {
  for (int type = 4; type < 0xff; ++type) {
    if (type == static_cast<int>(PacketType::datagram)) continue;
    EXPECT_TRUE(answers({.type = static_cast<PacketType>(type), .seqno = 4, .url = "/x"}).empty())
        << type;
  }
  EXPECT_TRUE(host_.datagrams.empty());
  EXPECT_TRUE(alive());
}

TEST_F(SessionRequests, F7_WhatWasAskedBeforeTheEndIsAnswered) {
  client_.send({.type = PacketType::rpc, .seqno = 5, .url = "/x"});
  client_.close_after_flush(CloseCause::peer);  // what a half close leads to
  host_.settle();
  EXPECT_EQ(client_.received_one().seqno, 5U);
  EXPECT_EQ(client_.state(), FakeClient::State::closed);
}

TEST_F(SessionRequests, CountsBytesOut) {
  const uint64_t before = host_.counters().bytes_out.get();
  EXPECT_TRUE(alive());
  EXPECT_EQ(host_.counters().bytes_out.get(), before + 20);
}

}  // namespace
}  // namespace ringroad::shard
