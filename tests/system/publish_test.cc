// Property: what is published reaches every subscriber on every shard, whole, once and in each
//           publisher's order; datagrams reach the one client they are for, on either channel.
// Method: Server and Client on loopback, with clients placed on every shard; where an order is
//         promised, the whole sequence is compared.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/client_server.h"

namespace ringroad::testing {
namespace {

using support::WirePacket;

class PublishTest : public ClientServerTest {};

INSTANTIATE_TEST_SUITE_P(Shards, PublishTest, every_setting(), setting_name);

// ---- Datagrams

TEST_P(PublishTest, V4_V26_V36_DatagramsBothWaysOnBothChannels) {
  Server server(options());
  server.on_data(
      [&](RemoteClient client, std::string_view url, const PayloadView& payload, Channel channel) {
        const std::string data = std::string(payload.data) + " for " + std::to_string(client.id());
        EXPECT_EQ(client.datagram("nowhere", {}).code(), StatusCode::invalid_argument);
        EXPECT_TRUE(is_ok(client.datagram(url, {payload.param, data}, channel)));
      });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  for (const Channel channel : {Channel::normal, Channel::quick}) {
    for (uint32_t i = 0; i < 2 * shards(); ++i) {
      auto client = connect(server, i);  // quick ones are steered to the shard that owns it
      EXPECT_TRUE((*client)->ping().ok());
      ASSERT_TRUE(is_ok((*client)->datagram("/up", {.param = "[1]", .data = "d"}, channel)));
      EXPECT_TRUE(wait_until([&] { return client->data.size() == 1; }));
      const std::vector<Inbox::Message> got = client->data.all();
      ASSERT_EQ(got.size(), 1U);
      EXPECT_EQ(got[0].url, "/up");
      EXPECT_EQ(got[0].param, "[1]");
      EXPECT_EQ(got[0].data, "d for " + std::to_string((*client)->id()));
      EXPECT_EQ(got[0].channel, channel);
    }
  }
  EXPECT_EQ(server.stats().quick_spoofed, 0U);
}

TEST_P(PublishTest, D22_NoQuickForWhoAnnouncedNoPort) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto deaf = connect(server, 0, {.quick = false});
  ASSERT_TRUE(is_ok((*deaf)->subscribe("/q")));
  auto hearing = connect(server, 1);
  ASSERT_TRUE(is_ok((*hearing)->subscribe("/q")));
  ASSERT_TRUE(is_ok(server.publish("/q", {.param = "1"}, Channel::quick)));
  ASSERT_TRUE(wait_until([&] { return hearing->messages.size() == 1; }));
  ASSERT_TRUE(is_ok(server.publish("/q", {.param = "2"})));
  ASSERT_TRUE(wait_until([&] { return deaf->messages.size() >= 1; }));
  EXPECT_EQ(deaf->messages.params(), std::vector<std::string>{"2"});
  for (RemoteClient remote : server.clients()) {
    const bool is_deaf = remote.id() == (*deaf)->id();
    EXPECT_EQ(remote.datagram("/d", {}, Channel::quick).code(),
              is_deaf ? StatusCode::unsupported : StatusCode::ok);
    EXPECT_TRUE(is_ok(remote.datagram("/d", {})));
  }
  EXPECT_TRUE(wait_until([&] { return deaf->data.size() == 1; }));
}

TEST_P(PublishTest, B13_ALaterHandshakeMovesTheQuickChannel) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  RawClient client(server);
  const uint32_t id = client.shake_hands();
  ASSERT_NE(id, 0U);
  RemoteClient remote = server.clients().at(0);
  EXPECT_EQ(remote.datagram("/d", {}, Channel::quick).code(), StatusCode::unsupported);
  support::UdpPeer udp;
  EXPECT_EQ(client.shake_hands(udp.port()), id);
  // Nothing follows the reply of a handshake at once, quick packets neither (B15).
  EXPECT_EQ(client.ask({.type = client::kPing, .seqno = 5}).seqno, 5U);
  EXPECT_TRUE(is_ok(remote.datagram("/d", {}, Channel::quick)));
  EXPECT_EQ(WirePacket::parse(udp.receive()).url, "/d");
}

TEST_P(PublishTest, QuickPublishesReachEveryShard) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto clients = subscribers(server, "/q/");
  const std::string data(60'000, 'q');
  ASSERT_TRUE(is_ok(server.publish("/q/small", {.param = "1"}, Channel::quick)));
  ASSERT_TRUE(is_ok(server.publish("/q/large", {.data = data}, Channel::quick)));
  for (auto& client : clients) {
    EXPECT_TRUE(wait_until([&] { return client->messages.size() == 2; }));
    for (const Inbox::Message& message : client->messages.all()) {
      EXPECT_EQ(message.channel, Channel::quick);
      EXPECT_EQ(message.data, message.url == "/q/large" ? data : "");
    }
  }
  // Counted after the system call: a client may be faster.
  EXPECT_TRUE(wait_until([&] { return server.stats().quick_sent == 2U * shards(); }));
}

// ---- Publishes

TEST_P(PublishTest, V18_EveryPublishersMessagesComeOnceAndInOrder) {
  constexpr int kPublishers = 4;
  constexpr int kMessages = 1000;
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto clients = subscribers(server, "/p/");
  for (auto& client : clients) ASSERT_TRUE(is_ok((*client)->subscribe("/")));  // overlapping
  std::vector<std::thread> publishers;
  for (int publisher = 0; publisher < kPublishers; ++publisher) {
    publishers.emplace_back([&server, publisher] {
      const std::string url = "/p/" + std::to_string(publisher);
      for (int i = 0; i < kMessages; ++i) {
        const std::string data(static_cast<size_t>(i * 37 % (i % 50 == 0 ? 9000 : 200)), 'd');
        Status status;
        do {
          status = server.publish(url, {.param = std::to_string(i), .data = data});
        } while (status.code() == StatusCode::overloaded);  // nobody got it: once more
        ASSERT_TRUE(is_ok(status));
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  for (auto& client : clients) {
    constexpr size_t kAll = size_t{kPublishers} * kMessages;
    EXPECT_TRUE(wait_until([&] { return client->messages.size() >= kAll; }));
    std::map<std::string, int> next;
    for (const Inbox::Message& message : client->messages.all()) {
      ASSERT_EQ(message.param, std::to_string(next[message.url]++)) << message.url;
    }
    for (const auto& [url, count] : next) EXPECT_EQ(count, kMessages) << url;
    EXPECT_EQ(next.size(), size_t{kPublishers});
  }
  EXPECT_EQ(server.stats().publishes, uint64_t{kPublishers} * kMessages);
  EXPECT_EQ(server.stats().closed_slow_client, 0U);
}

TEST_P(PublishTest, PublishInAHandlerReachesAllAndTheReplyComesAfterIt) {
  constexpr int kRounds = 200;
  Server server(options());
  ASSERT_TRUE(is_ok(server.command("/fire", [&](Call& call) {
    const std::string param(call.payload().param);
    EXPECT_TRUE(is_ok(server.publish("/fired", {.param = param})));
    EXPECT_TRUE(is_ok(call.reply({.param = param})));
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto clients = subscribers(server, "/fired");
  for (auto& caller : clients) {
    std::atomic<int> replies{0};
    const size_t before = caller->messages.size();
    for (int i = 0; i < kRounds; ++i) {
      const std::string param = std::to_string(i);
      ASSERT_TRUE(is_ok((*caller)->call("/fire", {.param = param}, [&, i](const Result<Reply>& r) {
        EXPECT_TRUE(r.ok());
        // Both run on the loop's thread, in the order of the wire.
        EXPECT_GT(caller->messages.size(), before + static_cast<size_t>(i));
        ++replies;
      })));
    }
    ASSERT_TRUE(wait_until([&] { return replies == kRounds; }));
  }
  for (auto& client : clients) {
    const size_t all = size_t{kRounds} * shards();
    EXPECT_TRUE(wait_until([&] { return client->messages.size() >= all; }));
    const std::vector<std::string> params = client->messages.params();
    ASSERT_EQ(params.size(), all);
    for (size_t i = 0; i < all; ++i) ASSERT_EQ(params[i], std::to_string(i % kRounds));
  }
}

TEST_P(PublishTest, LargePublishesReachEveryShardWhole) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto clients = subscribers(server, "/");
  std::vector<std::string> sent;
  for (const size_t bytes : {kLargestPayload, size_t{4'076}, size_t{4'077}, size_t{65'537}}) {
    std::string data;
    for (size_t i = 0; data.size() + 2 < bytes; ++i) data += static_cast<char>(i * 31 % 251);
    sent.push_back(data);
    ASSERT_TRUE(is_ok(server.publish("/l", {.data = data})));
  }
  for (auto& client : clients) {
    EXPECT_TRUE(wait_until([&] { return client->messages.size() == sent.size(); }));
    const std::vector<Inbox::Message> got = client->messages.all();
    ASSERT_EQ(got.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) EXPECT_TRUE(got[i].data == sent[i]) << "packet " << i;
  }
}

TEST_P(PublishTest, StatsAddUp) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto clients = subscribers(server, "/s/");
  EXPECT_TRUE(wait_until([&] { return server.stats().connections_now == shards(); }));
  EXPECT_EQ(server.stats().clients_now, shards());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(is_ok(server.publish("/s/a", {})));
  ASSERT_TRUE(is_ok(server.publish("/nobody", {})));
  EXPECT_TRUE(wait_until([&] { return server.stats().deliveries == 10U * shards(); }));
  const ServerStats stats = server.stats();
  EXPECT_EQ(stats.publishes, 11U);
  EXPECT_EQ(stats.cohort_appends, 10U * shards()) << "one per cohort, and one cohort per shard";
  EXPECT_EQ(stats.deliveries_dropped, 0U);
  const std::vector<ShardStats> each = server.shard_stats();
  ASSERT_EQ(each.size(), shards());
  for (const ShardStats& shard : each) {
    EXPECT_EQ(shard.clients_now, 1U);
    EXPECT_EQ(shard.deliveries, 10U);
  }
  EXPECT_LE(stats.bytes_live, 2 * 65'536U * shards()) << "what each shard writes to, no more";
}

}  // namespace
}  // namespace ringroad::testing
