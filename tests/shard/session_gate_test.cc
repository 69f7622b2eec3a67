// Property: after the SERVINFO reply, which is a send of its own, nothing at all goes to that
//         client until its next packet or 50 ms after the reply has left (B15).
// Method: everything that could slip through is tried while the gate is closed; time moves by
//         hand.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/fake_session_host.h"

namespace ringroad::shard {
namespace {

using proto::PacketSpec;
using proto::PacketType;
using std::chrono::milliseconds;

constexpr auto kGate = base::kSessionGate + milliseconds(2);
constexpr PacketSpec kServinfo{
    .type = PacketType::servinfo, .flags = proto::kFlagTunnel, .tunnel_id = 4'000};

class SessionGate : public testing::Test {
 protected:
  void connect() {
    client_ = &host_.connect();
    client_->send({.type = PacketType::subscribe, .url = "/a"});
    host_.settle();
    client_->received();
    client_->sends.clear();
    client_->send(kServinfo);
  }
  void send_everything() {
    Session& session = client_->session();
    host_.publish("/a", "publish");
    host_.publish("/a", "quick", Channel::quick);
    EXPECT_TRUE(session.reply(5, {.param = "1"}).ok());
    EXPECT_TRUE(session.datagram("/d", {.data = "d"}, Channel::normal).ok());
    EXPECT_TRUE(session.datagram("/d", {.data = "d"}, Channel::quick).ok());
    const std::string reply =
        encoded({.type = PacketType::rpc, .flags = proto::kFlagReply, .seqno = 6});
    session.send_encoded(std::as_bytes(std::span<const char>(reply)));
  }
  void expect_only_the_reply() {
    host_.settle();
    ASSERT_EQ(client_->sends.size(), 1U);
    const auto packets = split(client_->sends[0]);
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].type, 0U);
    EXPECT_TRUE(client_->quick_packets.empty());
  }
  void expect_the_rest() {
    host_.settle();
    EXPECT_EQ(client_->received().size(), 1U + 4U);
    EXPECT_EQ(client_->sends.size(), 2U) << "coalesced";
    host_.publish("/a", "quick", Channel::quick);
    EXPECT_EQ(client_->quick_packets.size(), 1U) << "what was quick is gone, not late";
  }

  FakeHost host_;
  FakeClient* client_ = nullptr;
};

TEST_F(SessionGate, B15_OpensAfterFiftyMilliseconds) {
  connect();
  send_everything();
  expect_only_the_reply();
  host_.advance(milliseconds(49));
  expect_only_the_reply();
  host_.advance(milliseconds(4));
  expect_the_rest();
}

TEST_F(SessionGate, B15_OpensWithTheNextPacket) {
  connect();
  send_everything();
  expect_only_the_reply();
  client_->send({.type = PacketType::noop});
  expect_the_rest();
}

TEST_F(SessionGate, B15_TheTimeRunsFromWhenTheReplyHasLeft) {
  connect();
  client_->reads = false;
  host_.flush();
  host_.publish("/a", "publish");
  host_.advance(milliseconds(500));
  host_.flush();
  client_->take(3);
  host_.flush();
  host_.advance(milliseconds(500));
  host_.flush();
  client_->reads = true;
  expect_only_the_reply();
  host_.advance(milliseconds(49));
  expect_only_the_reply();
  host_.advance(milliseconds(4));
  host_.settle();
  EXPECT_EQ(client_->received().size(), 2U);
}

TEST_F(SessionGate, B15_WhatWasUnderWayBeforeDoesNotStartTheTime) {
  FakeClient& client = host_.connect_active();
  client.reads = false;
  client.send({.type = PacketType::pingecho});
  host_.flush();
  client.send(kServinfo);
  EXPECT_TRUE(client.session().datagram("/d", {}, Channel::normal).ok());
  client.take(SIZE_MAX);  // the pong
  host_.flush();          // the reply is under way
  host_.advance(kGate);
  client.take(SIZE_MAX);
  host_.settle();
  EXPECT_EQ(client.received().size(), 2U);
  EXPECT_EQ(client.sends.size(), 2U);
  host_.advance(kGate);
  client.reads = true;
  host_.settle();
  EXPECT_EQ(client.received().size(), 1U);
}

TEST_F(SessionGate, B15_WhatTheConnectHandlerSendsWaits) {
  host_.on_client = [](Session& session) {
    EXPECT_TRUE(session.datagram("/hello", {}, Channel::normal).ok());
  };
  connect();
  expect_only_the_reply();
  host_.advance(kGate);
  host_.settle();
  EXPECT_EQ(client_->received().size(), 2U);
}

TEST_F(SessionGate, B15_AuthedFlipsDoNotOpenIt) {
  connect();
  host_.settle();
  client_->session().set_authed(Authed::no);
  client_->session().set_authed(Authed::yes);
  host_.publish("/a", "publish");
  expect_only_the_reply();
  host_.advance(kGate);
  host_.settle();
  EXPECT_EQ(client_->received().size(), 2U);
}

TEST_F(SessionGate, B15_OrderIsKeptAcrossIt) {
  connect();
  for (int i = 0; i < 100; ++i) host_.publish("/a", std::to_string(i));
  expect_only_the_reply();
  host_.advance(kGate);
  for (int i = 100; i < 200; ++i) host_.publish("/a", std::to_string(i));
  host_.settle();
  const auto packets = client_->received();
  ASSERT_EQ(packets.size(), 201U);
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(packets[i + 1].data, std::to_string(i));
}

TEST_F(SessionGate, B15_AFullQueueBehindItIsTheEnd) {
  connect();
  host_.settle();
  const std::string data(200'000, 'x');
  for (int i = 0; i < 5; ++i) host_.publish("/a", data);
  EXPECT_TRUE(client_->open());
  host_.publish("/a", data);
  EXPECT_EQ(client_->cause(), engine::CloseCause::slow_peer);
  host_.settle();
}

}  // namespace
}  // namespace ringroad::shard
