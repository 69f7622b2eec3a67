// Property: the handshake is what every known client needs: one accepted SERVINFO, one reply in a
//         send of its own, silence after it; a wrong one is answered and closed (table B).
// Method: one client of a fake shard per row; time moves by hand.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "shard/logins.h"
#include "tests/support/fake_session_host.h"

namespace ringroad::shard {
namespace {

using engine::CloseCause;
using proto::OwnedPacket;
using proto::PacketSpec;
using proto::PacketType;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kGate = base::kSessionGate + milliseconds(2);

uint32_t number(PacketType type) {
  return static_cast<uint32_t>(type);
}

PacketSpec servinfo(std::string_view param = {}) {
  return {.type = PacketType::servinfo, .param = param};
}

PacketSpec ping(uint32_t seqno = 9) {
  return {.type = PacketType::pingecho, .seqno = seqno};
}

/// Status 1 in a reply of the same type and seqno, then the end.
void expect_refused(FakeHost& host, FakeClient& client, PacketType type, uint32_t seqno) {
  host.settle();
  const OwnedPacket reply = client.received_one();
  EXPECT_EQ(reply.type, number(type));
  EXPECT_EQ(reply.flags, proto::kFlagReply);
  EXPECT_EQ(reply.status, 1U);
  EXPECT_EQ(reply.seqno, seqno);
  EXPECT_EQ(reply.param + reply.data, "");
  EXPECT_EQ(client.state(), FakeClient::State::closed);
  EXPECT_EQ(client.cause(), CloseCause::refused);
  EXPECT_TRUE(host.announced.empty());
}

TEST(SessionHandshake, B1_ReplyHasNoTunnelAndNoUrl) {
  FakeHost host({.info = R"({"name":"lamp"})"});
  FakeClient& client = host.connect();
  client.send({.type = PacketType::servinfo,
               .flags = proto::kFlagTunnel | proto::kFlagSet,
               .seqno = 0xfedcba98,
               .tunnel_id = 4'711});
  host.settle();
  const OwnedPacket reply = client.received_one();
  EXPECT_EQ(reply.type, 0U);
  EXPECT_EQ(reply.flags, proto::kFlagReply);
  EXPECT_EQ(reply.status, 0U);
  EXPECT_EQ(reply.seqno, 0xfedcba98U) << "B14";
  EXPECT_EQ(reply.url, "");
  EXPECT_EQ(reply.param, R"({"name":"lamp"})");
  EXPECT_EQ(client.session().quick_port(), 4'711);
}

TEST(SessionHandshake, B2_B3_B5_DataIsTheClientIdInFourBytes) {
  FakeHost host;
  FakeClient& client = host.connect();
  client.send(servinfo());
  host.settle();
  const std::string data = client.received_one().data;
  ASSERT_EQ(data.size(), 4U);
  uint32_t id = 0;
  for (const char byte : data) id = id << 8 | static_cast<unsigned char>(byte);
  EXPECT_EQ(id, client.session().wire_id());
  EXPECT_NE(id, 0U);
  EXPECT_EQ(host.announced, std::vector<uint32_t>{id});
}

TEST(SessionHandshake, B6_WrongPasswordIsAnsweredThenClosed) {
  for (const char* password : {"", "1", "12345", "123457", "1234567", "123456123456"}) {
    SCOPED_TRACE(password);
    FakeHost host(SessionConfig{}, "123456");
    FakeClient& client = host.connect();
    PacketSpec packet = servinfo();
    const std::string param = R"({"passwd":")" + std::string(password) + "\"}";
    packet.param = param;
    packet.seqno = 77;
    client.send(packet);
    client.send(ping());
    expect_refused(host, client, PacketType::servinfo, 77);
  }
}

TEST(SessionHandshake, B20_TheLoginIsParsedAndOtherParamsAreText) {
  FakeHost host(SessionConfig{}, "1\"2");
  FakeClient& client = host.connect();
  std::string seen;
  host.on_call = [&seen](Session& session, const proto::PacketView& packet) {
    seen = packet.param;
    return session.reply(packet.header.seqno, {}).ok();
  };
  client.send(servinfo(" { \"other\" : [1], \"passwd\" : \"\\u0031\\\"2\" } "));
  host.settle();
  EXPECT_EQ(client.received_one().status, 0U);
  client.send({.type = PacketType::rpc, .seqno = 1, .url = "/x", .param = "{ not JSON"});
  EXPECT_EQ(seen, "{ not JSON");
  host.settle();
}

TEST(SessionHandshake, W9_RetryLetsItTryTwiceMore) {
  FakeHost host(SessionConfig{.refusal = SessionConfig::Refusal::retry}, "123456");
  for (const bool learns : {true, false}) {
    FakeClient& client = host.connect();
    for (uint32_t seqno = 0; seqno < base::kLoginTriesMax - 1U; ++seqno) {
      client.send({.type = PacketType::servinfo, .seqno = seqno, .param = R"({"passwd":"1"})"});
      host.settle();
      const OwnedPacket reply = client.received_one();
      EXPECT_EQ(reply.status, 1U);
      EXPECT_EQ(reply.seqno, seqno);
      EXPECT_TRUE(client.open());
    }
    if (learns) {
      client.send(servinfo(R"({"passwd":"123456"})"));
      host.settle();
      EXPECT_EQ(client.received_one().status, 0U);
      EXPECT_TRUE(client.session().active());
      host.announced.clear();
    } else {
      client.send({.type = PacketType::rpc, .seqno = 3, .url = "/a"});
      expect_refused(host, client, PacketType::rpc, 3);
    }
  }
  EXPECT_EQ(host.logins().refused(), 5U);
}

TEST(SessionHandshake, W9_TheLimitOfTimeRunsWhileItTries) {
  FakeHost host(SessionConfig{.refusal = SessionConfig::Refusal::retry}, "123456");
  FakeClient& client = host.connect();
  client.send(servinfo("{}"));
  host.settle();
  client.received();
  host.advance(seconds(6));
  host.settle();
  EXPECT_EQ(client.cause(), CloseCause::timed_out);
}

TEST(SessionHandshake, V16_ANewPasswordIsForNewHandshakes) {
  FakeHost host(SessionConfig{}, "old");
  FakeClient& before = host.connect_active("old");
  FakeClient& late = host.connect();
  host.logins().set_password("new");
  EXPECT_TRUE(before.open());
  before.send(ping());
  host.settle();
  EXPECT_EQ(before.received().size(), 1U);
  late.send(servinfo(R"({"passwd":"old"})"));
  host.settle();
  EXPECT_EQ(late.received_one().status, 1U);
  EXPECT_TRUE(host.connect_active("new").open());
  host.logins().set_password("");
  EXPECT_TRUE(host.connect_active().open());
}

TEST(SessionHandshake, B6_RightPasswordIsAccepted) {
  FakeHost host(SessionConfig{}, "123456");
  FakeClient& client = host.connect();
  client.send(servinfo(R"({"passwd":"123456","pingInterval":3})"));
  host.settle();
  EXPECT_EQ(client.received_one().status, 0U);
  EXPECT_TRUE(client.open());
}

TEST(SessionHandshake, B7_B8_B9_MissingInvalidOrNumberIsRefused) {
  for (const char* param :
       {"", "{}", "not json", "\"123456\"", "[\"123456\"]", R"({"passwd":123456})",
        R"({"passwd":null})", R"({"passwd":["123456"]})", R"({"Passwd":"123456"})"}) {
    SCOPED_TRACE(param);
    FakeHost host(SessionConfig{}, "123456");
    FakeClient& client = host.connect();
    client.send(servinfo(param));
    expect_refused(host, client, PacketType::servinfo, 0);
  }
}

TEST(SessionHandshake, W10_B10_RequestBeforeServinfoIsAnsweredAndTheLimitRuns) {
  FakeHost host;
  FakeClient& client = host.connect();
  client.send(ping());
  client.send({.type = PacketType::rpc, .seqno = 3, .url = "/x"});
  client.send({.type = PacketType::subscribe, .seqno = 4, .url = "/a"});
  client.send({.type = PacketType::datagram, .url = "/a"});
  host.publish("/a", "early");
  host.settle();
  const auto packets = client.received();
  ASSERT_EQ(packets.size(), 3U) << "no publish before the handshake";
  EXPECT_TRUE(host.datagrams.empty());
  EXPECT_EQ(host.counters().datagrams_refused.get(), 1U);
  EXPECT_FALSE(host.is_subscribed("/a"));
  host.advance(seconds(6));
  host.settle();
  EXPECT_EQ(client.cause(), CloseCause::timed_out);
}

TEST(SessionHandshake, B10_EarlySubscriptionCountsAfterTheHandshake) {
  FakeHost host;
  FakeClient& client = host.connect();
  client.send({.type = PacketType::subscribe, .url = "/a"});
  client.send(servinfo());
  host.settle();
  EXPECT_TRUE(host.is_subscribed("/a"));
  host.publish("/a", "after");
  host.settle();
  host.advance(kGate);
  host.settle();
  const auto packets = client.received();
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[2].data, "after");
}

TEST(SessionHandshake, B11_RequestBeforeServinfoWithPasswordIsRefused) {
  for (const PacketType type : {PacketType::rpc, PacketType::subscribe, PacketType::unsubscribe,
                                PacketType::pingecho, PacketType::datagram}) {
    SCOPED_TRACE(number(type));
    FakeHost host(SessionConfig{}, "123456");
    FakeClient& client = host.connect();
    client.send({.type = type, .seqno = 5, .url = "/a", .param = R"({"passwd":"123456"})"});
    expect_refused(host, client, type, 5);
    EXPECT_TRUE(host.datagrams.empty());
  }
}

TEST(SessionHandshake, B11_NoopBeforeServinfoIsSilence) {
  FakeHost host(SessionConfig{}, "123456");
  FakeClient& client = host.connect();
  client.send({.type = PacketType::noop});
  client.send({.type = PacketType::rpc, .flags = proto::kFlagReply, .url = "/a"});
  host.settle();
  EXPECT_TRUE(client.received().empty());
  EXPECT_TRUE(client.open());
}

TEST(SessionHandshake, B12_PipelinedRpcIsAnsweredInASendOfItsOwn) {
  FakeHost host;
  FakeClient& client = host.connect();
  client.send(encoded(servinfo()) + encoded({.type = PacketType::rpc, .seqno = 1, .url = "/x"}));
  host.settle();
  ASSERT_EQ(client.sends.size(), 2U);
  EXPECT_EQ(split(client.sends[0]).at(0).type, number(PacketType::servinfo));
  EXPECT_EQ(split(client.sends[0]).size(), 1U);
  EXPECT_EQ(split(client.sends[1]).at(0).param, R"("/x")");
}

TEST(SessionHandshake, B12_ByteByByte) {
  FakeHost host(SessionConfig{}, "p");
  FakeClient& client = host.connect();
  const std::string bytes = encoded(servinfo(R"({"passwd":"p"})")) +
                            encoded({.type = PacketType::subscribe, .url = "/a/"}) +
                            encoded({.type = PacketType::rpc, .seqno = 1, .url = "/x"});
  for (const char byte : bytes) {
    client.send({&byte, 1});
    EXPECT_LE(host.counters().held_bytes.get(), 256U);
    host.settle();
  }
  EXPECT_EQ(client.received().size(), 3U);
  EXPECT_EQ(host.counters().messages_in.get(), 3U);
}

TEST(SessionHandshake, B13_SecondServinfoSameIdNewTunnel) {
  FakeHost host;
  FakeClient& client = host.connect();
  client.send({.type = PacketType::servinfo, .flags = proto::kFlagTunnel, .tunnel_id = 100});
  host.settle();
  client.send(
      {.type = PacketType::servinfo, .flags = proto::kFlagTunnel, .seqno = 1, .tunnel_id = 200});
  host.settle();
  const auto packets = client.received();
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].data, packets[1].data);
  EXPECT_EQ(packets[1].seqno, 1U);
  EXPECT_EQ(client.session().quick_port(), 200);
  EXPECT_EQ(host.announced.size(), 1U);
}

TEST(SessionHandshake, B13_ServinfoFloodIsBounded) {
  FakeHost host({.info = '"' + std::string(50'000, 'i') + '"'});
  FakeClient& client = host.connect();
  client.reads = false;
  for (int i = 0; i < 1'000 && client.open(); ++i) {
    client.send(servinfo());
    host.settle();
    ASSERT_LE(client.pending_bytes(), host.config().queue_bytes_max);
    if (client.paused()) break;
  }
  EXPECT_TRUE(client.paused() || !client.open());
  client.reads = true;
  host.settle();
}

TEST(SessionHandshake, B16_TimesOutAfterFiveSeconds) {
  FakeHost host;
  FakeClient& silent = host.connect();
  FakeClient& slow = host.connect();
  host.advance(milliseconds(4'900));
  EXPECT_TRUE(silent.open());
  slow.send(servinfo());
  host.advance(milliseconds(200));
  host.settle();
  EXPECT_EQ(silent.cause(), CloseCause::timed_out);
  host.advance(seconds(60));
  EXPECT_TRUE(slow.open()) << "no idle limit after the handshake";
}

TEST(SessionHandshake, B17_NeedlessPasswordAndStringParamAreIgnored) {
  for (const char* param : {R"({"passwd":"x","a":[1]})", "\"text\"", "[]", "5", "not json", "{"}) {
    FakeHost host;
    FakeClient& client = host.connect();
    client.send(servinfo(param));
    host.settle();
    EXPECT_EQ(client.received_one().status, 0U) << param;
  }
}

TEST(SessionHandshake, B18_A8_TunnelIdWithoutItsFlagIsNone) {
  FakeHost host;
  FakeClient& client = host.connect();
  std::string bytes = encoded(servinfo());
  bytes[proto::kTunnelIdOffset] = 0x10;
  client.send(bytes);
  host.settle();
  EXPECT_TRUE(client.session().active());
  EXPECT_EQ(client.session().quick_port(), 0);
  client.send({.type = PacketType::subscribe, .url = "/"});
  host.settle();
  host.publish("/a", "quick", Channel::quick);
  EXPECT_TRUE(client.quick_packets.empty());
}

TEST(SessionHandshake, W9_WrongPasswordAfterTheRightOneEnds) {
  FakeHost host(SessionConfig{}, "123456");
  FakeClient& client = host.connect_active("123456");
  client.send({.type = PacketType::subscribe, .url = "/a"});
  host.settle();
  client.received();
  client.send(servinfo(R"({"passwd":"no"})"));
  host.publish("/a", "too late");
  host.settle();
  EXPECT_EQ(client.received_one().status, 1U);
  EXPECT_EQ(client.cause(), CloseCause::refused);
  EXPECT_FALSE(host.is_subscribed("/a"));
}

}  // namespace
}  // namespace ringroad::shard
