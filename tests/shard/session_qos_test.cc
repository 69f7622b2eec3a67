// Property: a client is told its priority by a QOSSETUP, once, and never when it could take that
//           for something else (F5, W21).
// Method: named examples; time moves by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_session_host.h"

namespace ringroad::shard {
namespace {

using proto::PacketSpec;
using proto::PacketType;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kGate = base::kSessionGate + milliseconds(2);
constexpr uint8_t kQosSetup = static_cast<uint8_t>(PacketType::qossetup);
constexpr uint8_t kRpc = static_cast<uint8_t>(PacketType::rpc);

std::vector<uint8_t> types_of(const std::vector<proto::OwnedPacket>& packets) {
  std::vector<uint8_t> types;
  for (const proto::OwnedPacket& packet : packets)
    types.push_back(static_cast<uint8_t>(packet.type));
  return types;
}

class SessionQos : public testing::Test {
 protected:
  void call_zero(std::string_view url = "/later") {
    client_.send({.type = PacketType::rpc, .seqno = 0, .url = url});
  }
  std::vector<proto::OwnedPacket> received() {
    host_.settle();
    return client_.received();
  }

  FakeHost host_;
  FakeClient& client_ = host_.connect_active();
};

TEST_F(SessionQos, W21_TwentyBytesWithThePriorityInTheStatus) {
  client_.session().set_priority(5);
  host_.settle();
  ASSERT_EQ(client_.sends.size(), 1U);
  EXPECT_EQ(client_.sends[0], std::string("\x29\x06\x01\x05", 4) + std::string(16, '\0'));
  EXPECT_EQ(client_.link_priority, 5U);
  EXPECT_EQ(client_.session().priority(), 5U);
}

TEST_F(SessionQos, V30_TheSameAgainIsNotTold) {
  client_.session().set_priority(0);
  EXPECT_TRUE(received().empty());
  client_.session().set_priority(7);
  client_.session().set_priority(7);
  EXPECT_EQ(received().size(), 1U);
}

TEST_F(SessionQos, F5_ComesBehindWhatIsQueued) {
  client_.send({.type = PacketType::subscribe, .seqno = 4, .url = "/a"});
  host_.publish("/a", "1");
  client_.session().set_priority(2);
  host_.publish("/a", "2");
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{2, 4, kQosSetup, 4}));
}

TEST_F(SessionQos, F5_NotWhileACallWithSeqnoZeroIsOpen) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  client_.session().set_priority(3);
  client_.send({.type = PacketType::pingecho, .seqno = 9});
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{0xff}));
  client_.session().set_priority(6);
  EXPECT_TRUE(client_.session().reply(1, {}).ok());
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kRpc})) << "another one";
  EXPECT_TRUE(client_.session().reply(0, {}).ok());
  const auto packets = received();
  ASSERT_EQ(types_of(packets), (std::vector<uint8_t>{kRpc, kQosSetup}));
  EXPECT_EQ(packets[1].status, 6U) << "only the last one";
}

TEST_F(SessionQos, F5_ACallThatIsNeverAnsweredHoldsItForAMinute) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  host_.advance(seconds(50));  // nothing runs yet: there is nothing to tell
  client_.session().set_priority(3);
  host_.advance(seconds(59));
  client_.session().set_priority(6);  // no new time for that
  EXPECT_TRUE(received().empty());
  host_.advance(seconds(2));
  const auto packets = received();
  ASSERT_EQ(types_of(packets), (std::vector<uint8_t>{kQosSetup}));
  EXPECT_EQ(packets[0].status, 6U) << "only the last one";
  client_.session().set_priority(2);
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kQosSetup})) << "nothing is open any more";
  host_.advance(seconds(600));
  EXPECT_TRUE(received().empty());
}

TEST_F(SessionQos, F5_ALaterCallWithSeqnoZeroHasItsOwnMinute) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  client_.session().set_priority(3);
  host_.advance(seconds(59));
  client_.send({.type = PacketType::rpc, .seqno = 1, .url = "/later"});  // says nothing of it
  call_zero();
  host_.advance(seconds(59));
  EXPECT_TRUE(received().empty());
  host_.advance(seconds(2));
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kQosSetup}));
}

TEST_F(SessionQos, F5_AnAnswerEndsTheMinute) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  client_.session().set_priority(3);
  host_.advance(seconds(30));
  EXPECT_TRUE(client_.session().reply(0, {}).ok());
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kRpc, kQosSetup}));
  call_zero();
  client_.session().set_priority(4);
  host_.advance(seconds(59));  // 89 since the first one
  EXPECT_TRUE(received().empty());
  host_.advance(seconds(2));
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kQosSetup}));
}

TEST_F(SessionQos, F5_B15_AHandshakeWithinTheMinute) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  client_.session().set_priority(3);
  host_.advance(seconds(30));
  client_.send({.type = PacketType::servinfo});
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{0}));
  host_.advance(kGate);  // the minute begins again
  host_.advance(seconds(59));
  EXPECT_TRUE(received().empty());
  host_.advance(seconds(2));
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kQosSetup}));
}

TEST_F(SessionQos, F5_WhoLeavesWithinTheMinuteIsNotTold) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  client_.session().set_priority(3);
  client_.session().wind_down();
  host_.advance(seconds(61));
  EXPECT_TRUE(received().empty());
  client_.hang_up();
  host_.settle();
  host_.advance(seconds(61));
}

TEST(SessionQosHandshake, F5_B10_ACallBeforeTheHandshakeLeavesItsLimitAlone) {
  FakeHost host;
  host.on_call = [](Session&, const proto::PacketView&) { return true; };
  FakeClient& client = host.connect();
  client.session().set_priority(3);
  client.send({.type = PacketType::rpc, .seqno = 0, .url = "/later"});
  host.advance(seconds(6));
  host.settle();
  EXPECT_FALSE(client.open());
  EXPECT_EQ(client.cause(), engine::CloseCause::timed_out);
}

TEST_F(SessionQos, F5_AReplyFromAnotherThreadClosesIt) {
  host_.on_call = [](Session&, const proto::PacketView&) { return true; };
  call_zero();
  client_.session().set_priority(3);
  const std::string reply = encoded({.type = PacketType::rpc, .flags = proto::kFlagReply});
  client_.session().send_encoded(std::as_bytes(std::span<const char>(reply)));
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kRpc, kQosSetup}));
}

TEST_F(SessionQos, F5_ARefusedCallIsAnsweredFirst) {
  host_.on_call = [](Session& session, const proto::PacketView&) {
    session.set_priority(1);
    return false;  // status 3
  };
  call_zero();
  EXPECT_EQ(types_of(received()), (std::vector<uint8_t>{kRpc, kQosSetup}));
  client_.session().set_priority(2);
  EXPECT_EQ(received().size(), 1U) << "nothing is open any more";
}

TEST(SessionQosHandshake, F5_B15_NeitherBeforeNorRightAfterTheHandshake) {
  FakeHost host;
  FakeClient& client = host.connect();
  host.on_client = [](Session& session) { session.set_priority(4); };
  client.send({.type = PacketType::servinfo});
  host.settle();
  EXPECT_EQ(types_of(client.received()), (std::vector<uint8_t>{0}));
  host.advance(milliseconds(40));
  host.settle();
  EXPECT_TRUE(client.received().empty());
  host.advance(kGate);
  host.settle();
  EXPECT_EQ(types_of(client.received()), (std::vector<uint8_t>{kQosSetup}));
}

TEST(SessionQosHandshake, F5_ThePacketThatOpensTheGateIsAnsweredFirst) {
  FakeHost host;
  FakeClient& client = host.connect();
  host.on_client = [](Session& session) { session.set_priority(4); };
  client.send({.type = PacketType::servinfo});
  host.settle();
  client.received();
  client.send({.type = PacketType::rpc, .seqno = 0, .url = "/x"});
  host.settle();
  EXPECT_EQ(types_of(client.received()), (std::vector<uint8_t>{kRpc, kQosSetup}));
}

TEST(SessionQosHandshake, F5_ASecondHandshakeHoldsItBackAgain) {
  FakeHost host;
  FakeClient& client = host.connect_active();
  client.send({.type = PacketType::servinfo, .seqno = 0});
  client.session().set_priority(4);
  host.settle();
  EXPECT_EQ(types_of(client.received()), (std::vector<uint8_t>{0}));
  host.advance(kGate);
  host.settle();
  EXPECT_EQ(types_of(client.received()), (std::vector<uint8_t>{kQosSetup}));
}

TEST(SessionQosHandshake, F5_WhoIsLeavingIsNotTold) {
  FakeHost host;
  FakeClient& client = host.connect_active();
  client.session().wind_down();
  client.session().set_priority(4);
  host.settle();
  EXPECT_TRUE(client.received().empty());
}

}  // namespace
}  // namespace ringroad::shard
