// Property: a client that does not read costs a bounded queue and then its connection, nobody
// else's; reading from it stops while its replies or its relayed datagrams have no room, and goes
// on without loss in order. Method: a peer that stops reading, a shard that has no room.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_session_host.h"

namespace ringroad::shard {
namespace {

using engine::CloseCause;
using proto::PacketType;

SessionConfig small_queue() {
  return {.queue_bytes_max = base::kQueueBytesMin};
}

TEST(SessionFlow, BacklogPausesReadingAndGoesOn) {
  FakeHost host(small_queue());
  const std::string reply(10'000, 'r');
  host.on_call = [&reply](Session& session, const proto::PacketView& packet) {
    return session.reply(packet.header.seqno, {.data = reply}).ok();
  };
  FakeClient& client = host.connect_active();
  client.reads = false;
  std::string calls;
  for (uint32_t i = 0; i < 500; ++i) {
    calls += encoded({.type = PacketType::rpc, .seqno = i, .url = "/x"});
  }
  client.send(std::string_view(calls).substr(0, 7'003));
  client.send(std::string_view(calls).substr(7'003));
  host.settle();
  EXPECT_TRUE(client.paused());
  EXPECT_LT(client.pending_bytes(), base::kQueueBytesMin);
  EXPECT_TRUE(client.open());
  client.reads = true;
  host.settle();
  const auto packets = client.received();
  ASSERT_EQ(packets.size(), 500U);
  for (uint32_t i = 0; i < 500; ++i) ASSERT_EQ(packets[i].seqno, i);
  EXPECT_FALSE(client.paused());
}

TEST(SessionFlow, BacklogTakesTheLargestReplies) {
  FakeHost host(small_queue());
  const std::string reply(base::kPayloadBytesMax, 'r');
  host.on_call = [&reply](Session& session, const proto::PacketView& packet) {
    return session.reply(packet.header.seqno, {.data = reply}).ok();
  };
  FakeClient& client = host.connect_active();
  client.reads = false;
  std::string calls;
  for (uint32_t i = 0; i < 6; ++i) {
    calls += encoded({.type = PacketType::rpc, .seqno = i, .url = "/x"});
  }
  client.send(calls);
  EXPECT_TRUE(client.open()) << "its own calls never fill its queue";
  client.reads = true;
  host.settle();
  EXPECT_EQ(client.received().size(), 6U);
}

TEST(SessionFlow, F8_OverflowEndsThatClientOnly) {
  FakeHost host(small_queue());
  FakeClient& slow = host.connect_active();
  FakeClient& healthy = host.connect_active();
  for (FakeClient* client : {&slow, &healthy}) {
    client->send({.type = PacketType::subscribe, .url = "/a"});
  }
  host.settle();
  slow.received();
  healthy.received();
  slow.reads = false;
  const std::string data(1'000, 'x');
  size_t published = 0;
  for (; slow.open() && published < 10'000; ++published) {
    host.publish("/a", data);
    host.settle();
    ASSERT_LE(slow.pending_bytes(), base::kQueueBytesMin);
  }
  EXPECT_EQ(slow.cause(), CloseCause::slow_peer);
  EXPECT_EQ(host.fanout().stats().overflows.get(), 1U);
  host.settle();
  EXPECT_EQ(healthy.received().size(), published);
  EXPECT_TRUE(healthy.open());
  EXPECT_TRUE(host.is_subscribed("/a"));
  healthy.hang_up();
  host.settle();
  EXPECT_FALSE(host.is_subscribed("/a"));
}

TEST(SessionFlow, OverflowOfTheCallerInItsOwnHandler) {
  FakeHost host(small_queue());
  const std::string data(100'000, 'x');
  Status status;
  host.on_call = [&](Session& session, const proto::PacketView& packet) {
    for (int i = 0; i < 8; ++i) host.publish("/a", data);
    status = session.reply(packet.header.seqno, {});
    return true;
  };
  FakeClient& client = host.connect_active();
  client.send({.type = PacketType::subscribe, .url = "/a"});
  const std::string call = encoded({.type = PacketType::rpc, .url = "/x"});
  client.send(call + call + call);
  EXPECT_EQ(client.cause(), CloseCause::slow_peer);
  EXPECT_EQ(status.code(), StatusCode::gone);
  EXPECT_EQ(host.publish_count(), 8U) << "the calls behind it are not run";
  host.settle();
  EXPECT_EQ(host.fanout().cohorts(), 0U);
}

TEST(SessionFlow, RelayStallLosesNothingAndKeepsOrder) {
  FakeHost host({.relay_prefix = "/r/"});
  FakeClient& producer = host.connect_active();
  FakeClient& subscriber = host.connect_active();
  subscriber.send({.type = PacketType::subscribe, .url = "/r/"});
  host.settle();
  subscriber.received();
  std::string bytes;
  for (uint32_t i = 0; i < 100; ++i) {
    const std::string data = std::to_string(i);
    bytes += encoded({.type = PacketType::datagram, .url = "/r/x", .data = data});
  }
  for (size_t round = 0; round < 20; ++round) {
    host.relay_room = round % 2 == 0;
    producer.send(std::string_view(bytes).substr(
        round * bytes.size() / 20, (round + 1) * bytes.size() / 20 - round * bytes.size() / 20));
    EXPECT_EQ(producer.paused(), !host.relay_room);
    host.retry_relay();
    EXPECT_EQ(producer.paused(), !host.relay_room);
    host.relay_room = true;
    host.retry_relay();
    EXPECT_FALSE(producer.paused());
  }
  host.settle();
  const auto packets = subscriber.received();
  ASSERT_EQ(packets.size(), 100U);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(packets[i].data, std::to_string(i));
  EXPECT_EQ(host.datagrams.size(), 100U) << "each was shown to the program once";
  EXPECT_EQ(host.counters().relay_pauses.get(), 10U);
}

TEST(SessionFlow, RelayTakesOnlyWhatIsBelowItsPrefix) {
  FakeHost host({.relay_prefix = "/r/"});
  FakeClient& producer = host.connect_active();
  for (const char* url : {"/r", "/r/x", "/rx", "", "r/x", "/"}) {
    producer.send({.type = PacketType::datagram, .url = url, .param = "{}", .data = "d"});
  }
  producer.send_quick({.type = PacketType::datagram, .url = "/r/q"});
  ASSERT_EQ(host.relayed.size(), 3U);
  EXPECT_EQ(host.relayed[0].url, "/r");
  EXPECT_EQ(host.relayed[1].param + host.relayed[1].data, "{}d");
  EXPECT_EQ(host.relayed[2].channel, Channel::quick);
  EXPECT_EQ(host.datagrams.size(), 7U);
}

TEST(SessionFlow, QuickRelayWithoutRoomIsDroppedAndCounted) {
  FakeHost host({.relay_prefix = "/r/"});
  FakeClient& producer = host.connect_active();
  host.relay_room = false;
  producer.send_quick({.type = PacketType::datagram, .url = "/r/q"});
  EXPECT_EQ(host.counters().relay_dropped.get(), 1U);
  EXPECT_FALSE(producer.paused());
}

TEST(SessionFlow, AStalledProducerMayLeave) {
  FakeHost host({.relay_prefix = "/r/"});
  FakeClient& producer = host.connect_active();
  host.relay_room = false;
  const std::string datagram = encoded({.type = PacketType::datagram, .url = "/r/x"});
  producer.send(datagram + datagram + datagram.substr(0, 5));
  EXPECT_TRUE(producer.paused());
  producer.hang_up();
  host.settle();
  host.relay_room = true;
  host.retry_relay();
  EXPECT_TRUE(host.relayed.empty());
}

TEST(SessionFlow, ABackloggedAndStalledProducerWaitsForBoth) {
  SessionConfig config = small_queue();
  config.relay_prefix = "/r/";
  FakeHost host(config);
  const std::string reply(200'000, 'r');
  host.on_call = [&reply](Session& session, const proto::PacketView& packet) {
    return session.reply(packet.header.seqno, {.data = reply}).ok();
  };
  FakeClient& client = host.connect_active();
  client.reads = false;
  host.relay_room = false;
  const std::string call = encoded({.type = PacketType::rpc, .url = "/x"});
  const std::string datagram = encoded({.type = PacketType::datagram, .url = "/r/x"});
  client.send(call + datagram + call + call);
  EXPECT_TRUE(client.paused());
  client.reads = true;
  host.settle();
  EXPECT_TRUE(client.paused()) << "no room yet";
  client.reads = false;
  host.relay_room = true;
  host.retry_relay();
  EXPECT_EQ(host.relayed.size(), 1U);
  EXPECT_TRUE(client.paused()) << "the two calls behind it filled half of its queue";
  client.reads = true;
  host.settle();
  EXPECT_EQ(client.received().size(), 3U);
  EXPECT_FALSE(client.paused());
}

TEST(SessionFlow, AnIdleClientHoldsNothing) {
  FakeHost host;
  FakeClient& client = host.connect_active();
  client.send({.type = PacketType::subscribe, .url = "/a"});
  host.publish("/a", std::string(100'000, 'x'));
  client.send({.type = PacketType::rpc, .url = "/x"});
  host.settle();
  EXPECT_EQ(client.received().size(), 3U);
  host.reset_writer();
  EXPECT_EQ(host.bytes_live(), 0U);
  EXPECT_EQ(host.counters().held_bytes.get(), 0U);
}

TEST(SessionFlow, HeldBytesFollowWhatArrived) {
  FakeHost host;
  FakeClient& client = host.connect_active();
  const std::string packet =
      encoded({.type = PacketType::rpc, .url = "/x", .data = std::string(200'000, 'x')});
  client.send(std::string_view(packet).substr(0, 1'000));
  EXPECT_GE(host.counters().held_bytes.get(), 1'000U);
  EXPECT_LE(host.counters().held_bytes.get(), 2'000U) << "not what the header promises";
  client.hang_up();
  host.settle();
  EXPECT_EQ(host.counters().held_bytes.get(), 0U);
}

}  // namespace
}  // namespace ringroad::shard
