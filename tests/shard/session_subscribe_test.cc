// Property: SUBSCRIBE, UNSUBSCRIBE and who gets a publish are as the table of docs/WIRE.md says (D); the
// directory of patterns says the same at every moment. Method: one row per test, against a fake
// shard.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "tests/support/fake_session_host.h"

namespace ringroad::shard {
namespace {

using proto::OwnedPacket;
using proto::PacketSpec;
using proto::PacketType;

class SessionSubscribe : public testing::Test {
 protected:
  uint32_t ask(PacketType type, std::string_view url, std::string_view param = {}) {
    client_.send({.type = type, .seqno = ++seqno_, .url = url, .param = param});
    host_.retry_relay();  // goes on after a dear request
    host_.settle();
    const OwnedPacket reply = client_.received_one();
    EXPECT_EQ(reply.type, static_cast<uint32_t>(type));
    EXPECT_EQ(reply.flags, proto::kFlagReply);
    EXPECT_EQ(reply.seqno, seqno_);
    EXPECT_EQ(reply.url + reply.param + reply.data, "");
    return reply.status;
  }
  uint32_t subscribe(std::string_view url, std::string_view param = {}) {
    return ask(PacketType::subscribe, url, param);
  }
  uint32_t unsubscribe(std::string_view url, std::string_view param = {}) {
    return ask(PacketType::unsubscribe, url, param);
  }
  /// How many copies come; both channels, and the directory, must say the same.
  size_t copies(const std::string& url) {
    host_.publish(url, "data");
    client_.quick_packets.clear();
    host_.publish(url, "data", Channel::quick);
    host_.settle();
    const auto packets = client_.received();
    for (const OwnedPacket& packet : packets) {
      EXPECT_EQ(packet.type, static_cast<uint32_t>(PacketType::publish));
      EXPECT_EQ(packet.flags + packet.seqno + packet.status, 0U) << "D25";
      EXPECT_EQ(packet.url, url);
    }
    EXPECT_EQ(client_.quick_packets.size(), packets.size()) << "D21";
    EXPECT_EQ(host_.is_subscribed(url), !packets.empty());
    return packets.size();
  }
  std::vector<std::string> patterns() {
    auto patterns = host_.fanout().patterns_of(client_.session());
    std::sort(patterns.begin(), patterns.end());
    return patterns;
  }

  FakeHost host_;
  FakeClient& client_ = host_.connect_active();
  uint32_t seqno_ = 100;
};

using Patterns = std::vector<std::string>;

TEST_F(SessionSubscribe, D1_NeitherUrlNorList) {
  EXPECT_EQ(subscribe(""), 2U);
  for (const char* param : {"{}", "5", "\"/a\"", "true"}) EXPECT_EQ(subscribe("", param), 2U);
  EXPECT_EQ(patterns(), Patterns{});
}

TEST_F(SessionSubscribe, D2_List) {
  EXPECT_EQ(subscribe("", R"(["/a","/b/"])"), 0U);
  EXPECT_EQ(patterns(), (Patterns{"/a", "/b/"}));
}

TEST_F(SessionSubscribe, D3_GoodElementsAreKept) {
  EXPECT_EQ(subscribe("", R"(["/a",5,"b",null,["/c"],"/d","","/n\u0000"])"), 0U);
  EXPECT_EQ(patterns(), (Patterns{"/a", "/d"}));
  EXPECT_EQ(subscribe("", R"([5,"b"])"), 2U);
}

TEST_F(SessionSubscribe, D4_EmptyList) {
  EXPECT_EQ(subscribe("", "[]"), 0U);
  EXPECT_EQ(patterns(), Patterns{});
}

TEST_F(SessionSubscribe, D5_UrlWins) {
  EXPECT_EQ(subscribe("/a", R"(["/b"])"), 0U);
  EXPECT_EQ(patterns(), Patterns{"/a"});
  EXPECT_EQ(unsubscribe("/x", R"(["/a"])"), 0U);
  EXPECT_EQ(patterns(), Patterns{"/a"});
}

TEST_F(SessionSubscribe, D6_WithoutSlash) {
  EXPECT_EQ(subscribe("a"), 2U);
  EXPECT_EQ(patterns(), Patterns{});
}

TEST_F(SessionSubscribe, D7_D8_D9_D10_D11_D12_Matching) {
  EXPECT_EQ(copies("/a"), 0U);
  EXPECT_EQ(subscribe("/tick/"), 0U);
  EXPECT_EQ(copies("/tick"), 1U);
  EXPECT_EQ(copies("/tick/"), 1U);
  EXPECT_EQ(copies("/tick/x/y"), 1U);
  EXPECT_EQ(copies("/tickx"), 0U);
  EXPECT_EQ(subscribe("/only"), 0U);
  EXPECT_EQ(copies("/only"), 1U);
  EXPECT_EQ(copies("/only/"), 0U);
  EXPECT_EQ(subscribe("//"), 0U);
  EXPECT_EQ(copies("//x"), 1U);
  EXPECT_EQ(copies("/"), 1U) << "/ is // without its last slash";
  EXPECT_EQ(copies("/x"), 0U);
  EXPECT_EQ(subscribe("/"), 0U);
  EXPECT_EQ(copies("/x"), 1U);
}

TEST_F(SessionSubscribe, D13_OneCopy) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(subscribe("", R"(["/a","/","/a/","/a","/a/b"])"), 0U);
  EXPECT_EQ(patterns().size(), 4U);
  EXPECT_EQ(copies("/a"), 1U);
  EXPECT_EQ(copies("/a/b"), 1U);
}

TEST_F(SessionSubscribe, W14_D14_UnsubscribeWithNeitherRemovesAll) {
  EXPECT_EQ(subscribe("", R"(["/a","/b"])"), 0U);
  EXPECT_EQ(unsubscribe(""), 0U);
  EXPECT_EQ(patterns(), Patterns{});
  EXPECT_EQ(copies("/a"), 0U);
  EXPECT_EQ(unsubscribe(""), 0U);
}

TEST_F(SessionSubscribe, D15_D16_D17_D18_D19_OnlyTheNamedAreRemoved) {
  EXPECT_EQ(subscribe("", R"(["/a","/b","/tick"])"), 0U);
  EXPECT_EQ(unsubscribe("", "[]"), 0U);
  EXPECT_EQ(unsubscribe("/"), 0U);
  EXPECT_EQ(unsubscribe("/stranger"), 0U);
  EXPECT_EQ(unsubscribe("tick"), 2U);
  EXPECT_EQ(patterns().size(), 3U);
  EXPECT_EQ(unsubscribe("", R"(["/x","/a","/a",7])"), 0U);
  EXPECT_EQ(patterns(), (Patterns{"/b", "/tick"}));
  EXPECT_EQ(copies("/a"), 0U);
}

TEST_F(SessionSubscribe, D20_InvalidJson) {
  EXPECT_EQ(subscribe("", R"(["/a")"), 2U);
  EXPECT_EQ(subscribe("/a"), 0U);
  EXPECT_EQ(unsubscribe("", R"(["/a")"), 2U);
  EXPECT_EQ(patterns(), Patterns{"/a"});
}

TEST_F(SessionSubscribe, D22_NoTunnelNoQuick) {
  FakeClient& client = host_.connect();
  client.send({.type = PacketType::servinfo});
  client.send({.type = PacketType::subscribe, .url = "/a"});
  host_.publish("/a", "x", Channel::quick);
  EXPECT_TRUE(client.quick_packets.empty());
}

TEST_F(SessionSubscribe, V29_AuthedFlips) {
  EXPECT_EQ(subscribe("/a"), 0U);
  for (int i = 0; i < 3; ++i) {
    client_.session().set_authed(Authed::no);
    client_.session().set_authed(Authed::no);
    EXPECT_EQ(copies("/a"), 0U);
    EXPECT_EQ(subscribe("/b"), 0U) << "it may still ask";
    EXPECT_EQ(copies("/b"), 0U);
    client_.session().set_authed(Authed::yes);
    EXPECT_EQ(copies("/a"), 1U);
    EXPECT_EQ(copies("/b"), 1U);
    EXPECT_EQ(unsubscribe("/b"), 0U);
  }
}

TEST_F(SessionSubscribe, V29_WhatIsPendingWhenItIsClearedStillGoes) {
  EXPECT_EQ(subscribe("/a"), 0U);
  host_.publish("/a", "before");
  client_.session().set_authed(Authed::no);
  host_.publish("/a", "after");
  host_.settle();
  EXPECT_EQ(client_.received_one().data, "before");
}

TEST_F(SessionSubscribe, RepliesDoNotOvertakeWhatWasPublishedBefore) {
  EXPECT_EQ(subscribe("/a"), 0U);
  host_.publish("/a", "1");
  client_.send({.type = PacketType::unsubscribe, .url = "/a"});
  host_.publish("/a", "2");
  client_.send({.type = PacketType::subscribe, .url = "/a"});
  host_.publish("/a", "3");
  host_.settle();
  const auto packets = client_.received();
  ASSERT_EQ(packets.size(), 4U);
  EXPECT_EQ(packets[0].data, "1");
  EXPECT_EQ(packets[1].type, static_cast<uint32_t>(PacketType::unsubscribe));
  EXPECT_EQ(packets[2].type, static_cast<uint32_t>(PacketType::subscribe));
  EXPECT_EQ(packets[3].data, "3");
}

TEST_F(SessionSubscribe, AReplyAfterAPublishOfTheSameHandlerFollowsIt) {
  EXPECT_EQ(subscribe("/a"), 0U);
  host_.on_call = [this](Session& session, const proto::PacketView& packet) {
    if (packet.header.set()) host_.publish("/a", "published");
    return session.reply(packet.header.seqno, {}).ok();
  };
  host_.publish("/a", "earlier");
  client_.send({.type = PacketType::rpc, .flags = proto::kFlagSet, .url = "/x"});
  host_.settle();
  auto packets = client_.received();
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[0].data, "earlier");
  EXPECT_EQ(packets[1].data, "published");
  EXPECT_EQ(packets[2].type, static_cast<uint32_t>(PacketType::rpc));
}

std::string list(size_t first, size_t count, size_t pad = 0) {
  std::string text = "[";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += "\"/" + std::to_string(first + i) + std::string(pad, 'x') + '"';
  }
  return text + ']';
}

TEST_F(SessionSubscribe, LimitOfSubscriptions) {
  constexpr size_t kPart = base::kSubscriptionsPerClientMax / 4;
  for (size_t i = 0; i < 4; ++i) ASSERT_EQ(subscribe("", list(i * kPart, kPart)), 0U);
  EXPECT_EQ(host_.fanout().subscription_count(client_.session()), base::kSubscriptionsPerClientMax);
  EXPECT_EQ(subscribe("/one/more"), 6U);
  EXPECT_EQ(subscribe("/0"), 0U) << "it has that already";
  EXPECT_EQ(subscribe("", list(kPart, kPart)), 0U) << "and those";
  EXPECT_EQ(unsubscribe("/0"), 0U);
  EXPECT_EQ(subscribe("/one/more"), 0U);
  EXPECT_EQ(copies("/77"), 1U);
  EXPECT_EQ(unsubscribe(""), 0U);
  EXPECT_EQ(subscribe("", list(0, kPart)), 0U);
}

TEST_F(SessionSubscribe, LimitOfBytes) {
  constexpr size_t kUrlBytes = 60'000;
  constexpr size_t kFit = base::kSubscriptionBytesPerClientMax / kUrlBytes;
  const auto url = [](size_t number) {
    std::string text = "/" + std::to_string(number);
    text.resize(kUrlBytes, 'u');
    return text;
  };
  for (size_t i = 0; i < kFit; ++i) ASSERT_EQ(subscribe(url(i)), 0U);
  EXPECT_EQ(subscribe(url(kFit)), 6U);
  EXPECT_EQ(subscribe(url(0)), 0U);
  EXPECT_EQ(unsubscribe(url(0)), 0U);
  EXPECT_EQ(subscribe(url(kFit)), 0U);
}

TEST_F(SessionSubscribe, WhoChangesALargeSetLetsOthersGoFirst) {
  std::string list = "[";
  for (size_t i = 0; i < base::kDearSetPatterns; ++i) list += "\"/p/" + std::to_string(i) + "\",";
  list.back() = ']';
  client_.send({.type = PacketType::subscribe, .seqno = 1, .param = list});
  EXPECT_TRUE(client_.paused());
  client_.send({.type = PacketType::subscribe, .seqno = 2, .url = "/q"});
  host_.retry_relay();
  EXPECT_TRUE(client_.paused()) << "each such change ends a turn of its own";
  host_.retry_relay();
  EXPECT_FALSE(client_.paused());
  host_.settle();
  EXPECT_EQ(client_.received().size(), 2U);
}

// ---- What the application hears

using Urls = std::vector<std::string>;

TEST_F(SessionSubscribe, V40_TheUrlsThatAreNewAreTold) {
  subscribe("/a");
  subscribe("", R"(["/b","/a","bad","/c","/b"])");
  ASSERT_EQ(host_.changes.size(), 2U);
  EXPECT_EQ(host_.changes[0].second, Urls{"/a"});
  EXPECT_EQ(host_.changes[1].first, SubscriptionChange::added);
  EXPECT_EQ(host_.changes[1].second, (Urls{"/b", "/c"}));
}

TEST_F(SessionSubscribe, V40_V41_NothingNewIsNotTold) {
  subscribe("/a");
  host_.changes.clear();
  subscribe("/a");
  subscribe("", "[]");
  subscribe("bad");
  unsubscribe("/b");
  unsubscribe("", R"(["/b","/c"])");
  unsubscribe("", "[]");
  EXPECT_TRUE(host_.changes.empty());
}

TEST_F(SessionSubscribe, V41_TheUrlsThatAreGoneAreTold) {
  subscribe("", R"(["/a","/b","/c","/d"])");
  host_.changes.clear();
  unsubscribe("/b");
  unsubscribe("", R"(["/x","/a"])");
  unsubscribe("");  // D14: all
  unsubscribe("");
  ASSERT_EQ(host_.changes.size(), 3U);
  for (const auto& change : host_.changes) EXPECT_EQ(change.first, SubscriptionChange::removed);
  EXPECT_EQ(host_.changes[0].second, Urls{"/b"});
  EXPECT_EQ(host_.changes[1].second, Urls{"/a"});
  std::sort(host_.changes[2].second.begin(), host_.changes[2].second.end());
  EXPECT_EQ(host_.changes[2].second, (Urls{"/c", "/d"}));
}

TEST_F(SessionSubscribe, V40_B10_EarlyOnesAreToldAfterTheHandshake) {
  FakeClient& client = host_.connect();
  client.send({.type = PacketType::subscribe, .url = "/early"});
  EXPECT_TRUE(host_.changes.empty());
  client.send({.type = PacketType::servinfo});
  ASSERT_EQ(host_.changes.size(), 1U);
  EXPECT_EQ(host_.changes[0].second, Urls{"/early"});
  client.send({.type = PacketType::servinfo});
  EXPECT_EQ(host_.changes.size(), 1U) << "once";
  host_.settle();
}

}  // namespace
}  // namespace ringroad::shard
