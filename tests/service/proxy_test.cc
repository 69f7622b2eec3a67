// Property: what a proxy has below a prefix behaves as it does on its own server; what does not get
//           there is answered with status 7.
// Method: two or three live servers.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/service/proxy_front.h"
#include "tests/support/own_loopback.h"

namespace ringroad::testing {
namespace {

class ProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EXPECT_TRUE(is_ok(behind_.command("/", [](Call& call) {
      const std::string text = std::string(call.url()) + " " + std::string(call.payload().param);
      (void)call.reply(
          {.status = call.method() == Method::set ? ReplyStatus{200} : ReplyStatus::success,
           .data = text});
    })));
    behind_.on_data([this](const RemoteClient&, std::string_view url, const PayloadView& payload,
                           Channel channel) { data_.add(url, payload, channel); });
    ASSERT_TRUE(is_ok(behind_.listen("127.0.0.1:0")));
  }

  Server behind_{live_options(1)};
  Inbox data_;
};

TEST_F(ProxyTest, X4_CallsGoThereWithoutThePrefixAndAllComesBack) {
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/site/3", url_of(behind_)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  const Result<Reply> got = front.client->fetch("/site/3/lamp", {.param = "[1]"});
  ASSERT_TRUE(is_ok(got.status()));
  EXPECT_EQ(got->status, ReplyStatus::success);
  EXPECT_EQ(got->payload.data, "/lamp [1]");
  const Result<Reply> set = front.client->fetch("/site/3", {.method = Method::set});
  ASSERT_TRUE(is_ok(set.status()));
  EXPECT_EQ(set->status, ReplyStatus{200});
  EXPECT_EQ(set->payload.data, "/ ");
  const Result<Reply> other = front.client->fetch("/site/33");
  ASSERT_TRUE(is_ok(other.status()));
  EXPECT_EQ(other->status, ReplyStatus::invalid_url);
  EXPECT_EQ(front.proxy.stats().calls, 2U);
}

TEST_F(ProxyTest, X4_PublishesComeOnTheirChannelWithThePrefix) {
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(behind_)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  ASSERT_TRUE(is_ok(front.client->subscribe("/a/")));
  ASSERT_TRUE(wait_until([&] { return behind_.is_subscribed("/x"); }));
  ASSERT_TRUE(is_ok(behind_.publish("/x", {.param = "1"})));
  ASSERT_TRUE(wait_until([&] { return front.client.messages.size() == 1; }));
  EXPECT_EQ(front.client.messages.last().url, "/a/x");
  EXPECT_EQ(front.client.messages.last().channel, Channel::normal);
  ASSERT_TRUE(is_ok(behind_.publish("/q", {.param = "2"}, Channel::quick)));
  ASSERT_TRUE(wait_until([&] { return front.client.messages.size() == 2; }));
  EXPECT_EQ(front.client.messages.last().url, "/a/q");
  EXPECT_EQ(front.client.messages.last().channel, Channel::quick);
}

TEST_F(ProxyTest, X4_DatagramsGoThere) {
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(behind_)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  ASSERT_TRUE(is_ok(front.client->datagram("/a/b", {.data = "x"})));
  ASSERT_TRUE(is_ok(front.client->datagram("/own", {.data = "y"})));
  ASSERT_TRUE(wait_until([&] { return data_.size() == 1 && front.kept == 1; }));
  EXPECT_EQ(data_.last().url, "/b");
  EXPECT_EQ(data_.last().data, "x");
}

/// What a stream brought, and whether it has ended.
struct Catch {
  std::mutex mutex;
  std::string bytes;
  std::atomic<bool> linked{false};
  std::atomic<bool> ended{false};

  StreamOptions options() {
    StreamOptions options;
    options.on_link = [this](const Stream&, bool connected) {
      (connected ? linked : ended) = true;
    };
    options.on_data = [this](const Stream&, std::string_view more) {
      const std::lock_guard lock(mutex);
      bytes += more;
    };
    return options;
  }
  size_t size() {
    const std::lock_guard lock(mutex);
    return bytes.size();
  }
};

std::string pattern(size_t size) {
  std::string text(size, ' ');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + (i >> 8));
  return text;
}

TEST_F(ProxyTest, X4_StreamsAreCarriedOnBothWays) {
  Catch there;
  std::promise<Stream> offered;
  Server behind(live_options(1));  // ends before what its handlers use
  ASSERT_TRUE(is_ok(behind.command("/open", [&](Call& call) {
    Result<Stream> stream = call.create_stream(there.options());
    ASSERT_TRUE(is_ok(stream.status()));
    (void)call.reply({.param = "[1]", .tunnel_id = stream->tunnel_id()});
    offered.set_value(*stream);
  })));
  ASSERT_TRUE(is_ok(behind.listen("127.0.0.1:0")));
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(behind)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  const Result<Reply> reply = front.client->fetch("/a/open");
  ASSERT_TRUE(is_ok(reply.status()));
  EXPECT_EQ(reply->payload.param, "[1]");
  Stream far = offered.get_future().get();
  ASSERT_NE(reply->tunnel_id, 0);
  EXPECT_NE(reply->tunnel_id, far.tunnel_id()) << "a stream of the front's own";
  Catch here;
  Result<Stream> near = front.client->create_stream(reply->tunnel_id, here.options());
  ASSERT_TRUE(is_ok(near.status()));
  ASSERT_TRUE(wait_until([&] { return here.linked && there.linked; }));
  const std::string up = pattern(3'000'000);
  const std::string down = pattern(5'000'001);
  std::thread sender([&] { EXPECT_EQ(*far.send(down), down.size()); });
  EXPECT_EQ(*near->send(up), up.size());
  sender.join();
  EXPECT_TRUE(wait_until([&] { return here.size() == down.size() && there.size() == up.size(); }));
  EXPECT_TRUE(here.bytes == down) << "the bytes differ";
  EXPECT_TRUE(there.bytes == up) << "the bytes differ";
  EXPECT_FALSE(here.ended);
  near->close();
  EXPECT_TRUE(wait_until([&] { return there.ended && here.ended; }));
  EXPECT_EQ(front.proxy.stats().streams, 1U);
}

TEST_F(ProxyTest, X4_WhatAStreamBroughtBeforeItsEndArrives) {
  const std::string all = pattern(2'000'000);
  Server behind(live_options(1));
  ASSERT_TRUE(is_ok(behind.command("/get", [&](Call& call) {
    StreamOptions options;
    options.send_bytes_max = 4'000'000;
    options.on_link = [&](Stream stream, bool connected) {
      if (!connected) return;
      EXPECT_EQ(*stream.send(all), all.size());
      stream.close();
    };
    Result<Stream> stream = call.create_stream(options);
    ASSERT_TRUE(is_ok(stream.status()));
    (void)call.reply({.tunnel_id = stream->tunnel_id()});
  })));
  ASSERT_TRUE(is_ok(behind.listen("127.0.0.1:0")));
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(behind)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  const Result<Reply> reply = front.client->fetch("/a/get");
  ASSERT_TRUE(is_ok(reply.status()));
  Catch here;
  ASSERT_TRUE(is_ok(front.client->create_stream(reply->tunnel_id, here.options()).status()));
  EXPECT_TRUE(wait_until([&] { return here.ended.load(); }));
  EXPECT_TRUE(here.bytes == all) << here.bytes.size() << " bytes came";
}

TEST_F(ProxyTest, X4_TheLongestPrefixCounts) {
  Server other(live_options(1));
  ASSERT_TRUE(is_ok(other.command("/", [](Call& call) { (void)call.reply({.data = "other"}); })));
  ASSERT_TRUE(is_ok(other.listen("127.0.0.1:0")));
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(behind_)))));
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a/b", url_of(other)))));
  ASSERT_NO_FATAL_FAILURE(front.open(2));
  EXPECT_EQ(front.client->fetch("/a/b/c")->payload.data, "other");
  EXPECT_EQ(front.client->fetch("/a/c")->payload.data, "/c ");
  ASSERT_TRUE(is_ok(front.client->datagram("/a/b/c", {})));
  ASSERT_TRUE(is_ok(front.client->datagram("/a/c", {})));
  EXPECT_TRUE(wait_until([&] { return data_.size() == 1; }));
  EXPECT_EQ(data_.last().url, "/c");
}

TEST_F(ProxyTest, X4_WithoutItsServerACallIsAnsweredWithStatus7AtOnceAndComesBackWithIt) {
  Server once(live_options(1));
  ASSERT_TRUE(is_ok(once.listen(support::own_loopback() + ":0")));
  const std::string address = once.address();
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(once)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  once.stop();
  ASSERT_TRUE(wait_until([&] { return front.proxy.stats().connected_now == 0; }));
  const Result<Reply> refused = front.client->fetch("/a/x");
  ASSERT_TRUE(is_ok(refused.status()));
  EXPECT_EQ(refused->status, ReplyStatus::proxy);
  EXPECT_EQ(refused->payload.param.rfind(R"({"error":")", 0), 0U) << refused->payload.param;
  EXPECT_EQ(front.proxy.stats().calls_failed, 1U);
  Server again(live_options(1));
  ASSERT_TRUE(is_ok(again.command("/", [](Call& call) { (void)call.reply({.data = "again"}); })));
  ASSERT_TRUE(is_ok(again.listen(address)));
  ASSERT_TRUE(wait_until([&] { return front.proxy.stats().connected_now == 1; }));
  EXPECT_EQ(front.client->fetch("/a/x")->payload.data, "again");
  EXPECT_TRUE(wait_until([&] { return again.is_subscribed("/x"); }))
      << "it asks for publishes anew";
}

TEST_F(ProxyTest, X4_ACallUnderWayWhenTheServerGoesIsAnswered) {
  std::atomic<bool> asked{false};
  Server holding(live_options(1));
  ASSERT_TRUE(is_ok(holding.command("/", [&](Call&) { asked = true; })));
  ASSERT_TRUE(is_ok(holding.listen("127.0.0.1:0")));
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(holding)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  std::thread stopper([&] {
    EXPECT_TRUE(wait_until([&] { return asked.load(); }));
    holding.stop();
  });
  const Result<Reply> reply = front.client->fetch("/a/x");
  stopper.join();
  ASSERT_TRUE(is_ok(reply.status()));
  EXPECT_EQ(reply->status, ReplyStatus::proxy);
}

TEST_F(ProxyTest, X4_A13_ParamsThatAreNotJsonStayHere) {
  Front front;
  ASSERT_TRUE(is_ok(front.proxy.add(rule_for("/a", url_of(behind_)))));
  ASSERT_NO_FATAL_FAILURE(front.open(1));
  EXPECT_EQ(front.client->fetch("/a/x", {.param = "xyz"})->status, ReplyStatus::arguments);
  ASSERT_TRUE(is_ok(front.client->datagram("/a/x", {.param = "{"})));
  ASSERT_TRUE(is_ok(front.client->subscribe("/a/")));
  ASSERT_TRUE(wait_until([&] { return behind_.is_subscribed("/x"); }));
  ASSERT_TRUE(is_ok(behind_.publish("/x", {.param = "no json"})));
  ASSERT_TRUE(is_ok(behind_.publish("/x", {.param = "1"})));
  EXPECT_TRUE(wait_until([&] { return front.client.messages.size() == 1; }));
  EXPECT_EQ(front.client.messages.last().param, "1");
  EXPECT_TRUE(wait_until([&] { return front.proxy.stats().datagrams_dropped == 1; }));
  EXPECT_EQ(front.proxy.stats().publishes_dropped, 1U);
  EXPECT_EQ(data_.size(), 0U);
}

}  // namespace
}  // namespace ringroad::testing
