// Property: datagrams under relay_prefix of accepted clients are published, on the channel they came
//           by; a full shard makes the producer wait, and what TCP has accepted is delivered once
//           and in order all the same.
// Method: clients on chosen shards; a shard is made busy by a handler that waits for a latch, so
//         that its mailbox fills up.
#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

using support::WirePacket;

constexpr uint32_t kShards = 2;

ServerOptions relay_options(const std::string& prefix) {
  ServerOptions options = live_options(kShards);
  options.relay_prefix = prefix;
  options.mailbox_bytes = 1'048'576;          // the smallest
  options.queue_bytes_max = 256 * 1'048'576;  // nobody is slow here
  return options;
}

TEST(RelayTest, OnTheChannelItCameBy) {
  Server server(relay_options("/"));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  ClientLoop loop;
  auto subscribers = subscribers_on_all_shards(server, kShards, loop, "/");
  ASSERT_EQ(subscribers.size(), kShards);
  LiveClient producer(loop);
  ASSERT_TRUE(is_ok(producer->connect(url_of(server))));
  for (const Channel channel : {Channel::normal, Channel::quick}) {
    const std::string url = channel == Channel::quick ? "/quick" : "/normal";
    ASSERT_TRUE(is_ok(producer->datagram(url, {.param = "[1]", .data = "d"}, channel)));
    for (const auto& subscriber : subscribers) {
      EXPECT_TRUE(wait_until([&] { return subscriber->messages.last().url == url; }));
      const Inbox::Message message = subscriber->messages.last();
      EXPECT_EQ(message.channel, channel);
      EXPECT_EQ(message.param, "[1]");
      EXPECT_EQ(message.data, "d");
    }
  }
  for (const auto& subscriber : subscribers) EXPECT_EQ(subscriber->messages.size(), 2U);
  EXPECT_TRUE(wait_until([&] { return server.stats().relayed == 2U; }));
  EXPECT_EQ(server.stats().publishes, 0U) << "those of the program only";
}

TEST(RelayTest, OnlyUnderThePrefixAndTheProgramSeesAll) {
  Server server(relay_options("/t/"));
  Inbox data;
  server.on_data([&](RemoteClient, std::string_view url, const PayloadView& payload,
                     Channel channel) { data.add(url, payload, channel); });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  ClientLoop loop;
  LiveClient subscriber(loop);
  ASSERT_TRUE(is_ok(subscriber->connect(url_of(server))));
  ASSERT_TRUE(is_ok(subscriber->subscribe("/")));
  RawClient producer(server);
  ASSERT_NE(producer.shake_hands(), 0U);
  const std::vector<std::string> urls = {"/t",  "/ta",    "/t/",  "",    "/",
                                         "t/a", "/t/a/b", "/T/a", "/t/z"};
  for (const std::string& url : urls) {
    ASSERT_TRUE(producer.socket().write({.type = client::kDatagram, .url = url}));
  }
  // C8: a reply is nobody's datagram.
  ASSERT_TRUE(producer.socket().write(
      {.type = client::kDatagram, .flags = client::kReply, .url = "/t/reply"}));
  ASSERT_TRUE(producer.socket().write({.type = client::kDatagram, .url = "/t/end"}));
  EXPECT_TRUE(wait_until([&] { return subscriber.messages.last().url == "/t/end"; }));
  std::vector<std::string> relayed;
  for (const Inbox::Message& message : subscriber.messages.all()) relayed.push_back(message.url);
  EXPECT_EQ(relayed, (std::vector<std::string>{"/t", "/t/", "/t/a/b", "/t/z", "/t/end"}));
  // The program hears of each behind its relaying.
  EXPECT_TRUE(wait_until([&] { return data.size() >= urls.size() + 1; }));
  EXPECT_EQ(data.size(), urls.size() + 1);
}

TEST(RelayTest, NotBeforeAnAcceptedHandshake) {
  Server server(relay_options("/"));
  Inbox data;
  server.on_data([&](RemoteClient, std::string_view url, const PayloadView& payload,
                     Channel channel) { data.add(url, payload, channel); });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  ClientLoop loop;
  LiveClient subscriber(loop);
  ASSERT_TRUE(is_ok(subscriber->connect(url_of(server))));
  ASSERT_TRUE(is_ok(subscriber->subscribe("/")));
  RawClient producer(server);
  ASSERT_TRUE(producer.socket().write({.type = client::kDatagram, .url = "/early"}));
  ASSERT_NE(producer.shake_hands(), 0U);
  ASSERT_TRUE(producer.socket().write({.type = client::kDatagram, .url = "/late"}));
  EXPECT_TRUE(wait_until([&] { return subscriber.messages.size() >= 1; }));
  EXPECT_EQ(subscriber.messages.all().front().url, "/late");
  EXPECT_TRUE(wait_until([&] { return server.stats().relayed == 1U && data.size() >= 1; }));
  EXPECT_EQ(data.size(), 1U);
}

/// A server whose shard 1 stands still, with a subscriber on each shard.
class FullShardTest : public ::testing::TestWithParam<size_t> {
 protected:
  FullShardTest() : server_(relay_options("/t/")), loop_(loop_options()) {
    EXPECT_TRUE(is_ok(server_.command("/stop", [this](Call& call) {
      stopped_.count_down();
      go_on_.wait();
      (void)call.reply();
    })));
    EXPECT_TRUE(is_ok(server_.command("/echo", [](Call& call) { (void)call.reply(); })));
    EXPECT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
    subscribers_ = subscribers_on_all_shards(server_, kShards, loop_, "/t/");
    EXPECT_EQ(subscribers_.size(), kShards);
    on_free_shard_ = connect_on_shard(server_, 0, kShards, loop_);
    on_full_shard_ = connect_on_shard(server_, 1, kShards, loop_);
    EXPECT_TRUE(on_free_shard_ != nullptr && on_full_shard_ != nullptr);
    while (raw_producers_.size() < 2) {
      auto producer = std::make_unique<RawClient>(server_);
      const uint32_t id = producer->shake_hands();
      if (id != 0 && id % kShards == 0) raw_producers_.push_back(std::move(producer));
    }
    EXPECT_TRUE(is_ok((*on_full_shard_)->call("/stop", {}, nullptr)));
    stopped_.wait();
  }
  ~FullShardTest() override { go_on(); }

  static ClientLoopOptions loop_options() {
    ClientLoopOptions options;
    options.queue_bytes_max = 256 * 1'048'576;
    return options;
  }
  void go_on() {
    if (!go_on_.try_wait()) go_on_.count_down();
  }
  std::string data() const { return std::string(GetParam(), 'd'); }
  /// More than the mailbox and what it may point at hold together.
  int count() const { return static_cast<int>(24 * 1'048'576 / (GetParam() + 1'000)); }

  void expect_all_in_order(int count) {
    for (const auto& subscriber : subscribers_) {
      const auto wanted = static_cast<size_t>(count);
      EXPECT_TRUE(wait_until([&] { return subscriber->messages.size() >= wanted; }))
          << subscriber->messages.size() << " of " << count;
      const std::vector<Inbox::Message> all = subscriber->messages.all();
      ASSERT_EQ(all.size(), wanted);
      for (size_t i = 0; i < wanted; ++i) {
        ASSERT_EQ(all[i].param, std::to_string(i));
        ASSERT_EQ(all[i].data.size(), GetParam());
      }
    }
  }

  std::latch stopped_{1};
  std::latch go_on_{1};
  Server server_;
  ClientLoop loop_;
  std::vector<std::unique_ptr<LiveClient>> subscribers_;
  // All on the shard that goes on; the other one takes no new clients meanwhile.
  std::unique_ptr<LiveClient> on_free_shard_;
  std::vector<std::unique_ptr<RawClient>> raw_producers_;
  std::unique_ptr<LiveClient> on_full_shard_;
};

INSTANTIATE_TEST_SUITE_P(DataBytes, FullShardTest, ::testing::Values(1'000, 100'000),
                         ::testing::PrintToStringParamName());

TEST_P(FullShardTest, TheProducerWaitsAndNothingIsLost) {
  Client& producer = *on_free_shard_->operator->();
  for (int i = 0; i < count(); ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(is_ok(producer.datagram("/t/a", {.param = number, .data = data()})));
  }
  EXPECT_TRUE(wait_until([&] { return server_.stats().relay_pauses > 0; }));
  EXPECT_LT(server_.stats().relayed, static_cast<uint64_t>(count()));
  // All or nothing: whom the free shard has it from, the full one will have it from, too.
  EXPECT_TRUE(wait_until([&] { return subscribers_[0]->messages.size() > 0; }));
  // Nobody else on the producer's shard waits for the full one.
  EXPECT_TRUE((*subscribers_[0])->fetch("/echo").ok());
  go_on();
  expect_all_in_order(count());
  EXPECT_TRUE(
      wait_until([&] { return server_.stats().relayed == static_cast<uint64_t>(count()); }));
  EXPECT_TRUE((*on_free_shard_)->fetch("/echo").ok()) << "it is read from again";
}

TEST_P(FullShardTest, ARawProducerThatEndsMeanwhileLosesNothing) {
  support::PeerSocket& producer = raw_producers_[0]->socket();
  bool written = true;
  support::PeerThread writer([&] {
    for (int i = 0; i < count() && written; ++i) {
      WirePacket packet{.type = client::kDatagram, .url = "/t/a", .param = std::to_string(i)};
      packet.data = data();
      written = producer.write(packet);
    }
    producer.shutdown_write();
  });
  EXPECT_TRUE(wait_until([&] { return server_.stats().relay_pauses > 0; }));
  go_on();
  writer.join();
  EXPECT_TRUE(written);
  expect_all_in_order(count());
  EXPECT_EQ(producer.read_to_end(), "");
}

TEST_P(FullShardTest, WhoIsPausedMayBeResetOrOutlivedByTheServer) {
  for (int i = 0; i < count(); ++i) {
    ASSERT_TRUE(is_ok((*on_free_shard_)->datagram("/t/a", {.data = data()})));
  }
  ASSERT_TRUE(wait_until([&] { return server_.stats().relay_pauses == 1; }));
  for (size_t i = 0; i < raw_producers_.size(); ++i) {  // now that it is full, one is enough
    const WirePacket packet{.type = client::kDatagram, .url = "/t/a", .data = data()};
    ASSERT_TRUE(raw_producers_[i]->socket().write(packet));
    ASSERT_TRUE(wait_until([&] { return server_.stats().relay_pauses == i + 2; }));
  }
  raw_producers_[0]->socket().reset();
  EXPECT_TRUE((*subscribers_[0])->fetch("/echo").ok());
  go_on();
  server_.stop();
  EXPECT_EQ(server_.stats().connections_now, 0U);
}

TEST_P(FullShardTest, QuickOnesAreDroppedAndCounted) {
  Client& producer = *on_free_shard_->operator->();
  const std::string some = data().substr(0, 60'000);
  while (server_.stats().relay_dropped == 0) {
    ASSERT_TRUE(is_ok(producer.datagram("/t/q", {.data = some}, Channel::quick)));
    ASSERT_TRUE((*on_free_shard_)->fetch("/echo").ok());  // paced, and never held up
  }
  EXPECT_EQ(server_.stats().relay_pauses, 0U);
}

TEST_P(FullShardTest, PublishIsAllOrNothing) {
  int taken = 0;
  Status status;
  for (; status.ok(); ++taken) {
    status = server_.publish("/t/a", {.param = std::to_string(taken), .data = data()});
  }
  --taken;
  EXPECT_EQ(status.code(), StatusCode::overloaded) << status.message();
  EXPECT_NE(status.message().find("mailbox_bytes"), std::string::npos) << status.message();
  EXPECT_EQ(server_.stats().publishes, static_cast<uint64_t>(taken));
  EXPECT_EQ(server_.stats().publishes_overloaded, 1U);
  go_on();
  expect_all_in_order(taken);
}

}  // namespace
}  // namespace ringroad::testing
