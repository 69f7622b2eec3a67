// Property: a syncer's URL reads, changes and publishes one JSON object: each SET is answered first
//           and published then, in one order for everybody, and what is refused changes nothing.
// Method: a real server with clients on several shards.
#include "ringroad/syncer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ringroad/client.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

class SyncerTest : public ::testing::Test {
 protected:
  SyncerTest() : server_(live_options(2)) {}

  Syncer bound(std::string target, Syncer::Setter setter = {}) {
    Result<Syncer> syncer = Syncer::bind(server_, "/lamp", std::move(target), std::move(setter));
    EXPECT_TRUE(is_ok(syncer.status()));
    EXPECT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
    return std::move(*syncer);
  }
  std::unique_ptr<LiveClient> connected() {
    auto client = std::make_unique<LiveClient>(loop_);
    EXPECT_TRUE(is_ok((*client)->connect(url_of(server_))));
    return client;
  }
  static Reply set(LiveClient& client, const std::string& param) {
    const Result<Reply> reply = client->fetch("/lamp", {.method = Method::set, .param = param});
    EXPECT_TRUE(is_ok(reply.status()));
    return reply.ok() ? *reply : Reply{.status = ReplyStatus::no_responding};
  }
  static std::string get(LiveClient& client) {
    const Result<Reply> reply = client->fetch("/lamp");
    return reply.ok() ? reply->payload.param : "";
  }

  Server server_;
  ClientLoop loop_;
};

TEST_F(SyncerTest, X3_GetAnswersSetMergesAndPublishes) {
  const Syncer syncer = bound(R"({"on":false,"color":{"r":1,"g":2}})");
  auto one = connected();
  auto other = connected();
  ASSERT_TRUE(is_ok((*one)->subscribe("/lamp")));
  ASSERT_TRUE(is_ok((*other)->subscribe("/lamp")));
  EXPECT_EQ(get(*one), R"({"on":false,"color":{"r":1,"g":2}})");
  const Reply reply = set(*one, R"({"on":true,"color":{"g":9}})");
  EXPECT_EQ(reply.status, ReplyStatus::success);
  EXPECT_EQ(reply.payload.param, "");
  const std::string merged = R"({"on":true,"color":{"r":1,"g":9}})";
  for (LiveClient* client : {one.get(), other.get()}) {
    EXPECT_TRUE(wait_until([&] { return client->messages.size() == 1; }));
    EXPECT_EQ(client->messages.last().url, "/lamp");
    EXPECT_EQ(client->messages.last().param, merged);
  }
  EXPECT_EQ(get(*other), merged);
  EXPECT_EQ(syncer.target(), merged);
}

TEST_F(SyncerTest, X3_TheAnswerComesBeforeThePublish) {
  const Syncer syncer = bound("{}");
  RawClient raw(server_);
  ASSERT_NE(raw.shake_hands(), 0U);
  ASSERT_EQ(raw.ask({.type = client::kSubscribe, .url = "/lamp"}).status, 0);
  for (int i = 0; i < 50; ++i) {
    const auto reply = raw.ask({.type = client::kRpc,
                                .flags = client::kSet,
                                .seqno = 9,
                                .url = "/lamp",
                                .param = "{\"n\":" + std::to_string(i) + "}"});
    ASSERT_EQ(reply.type, client::kRpc);
    ASSERT_EQ(raw.socket().read_packet().type, client::kPublish);
  }
}

TEST_F(SyncerTest, X3_WhatIsRefusedChangesNothing) {
  const Syncer syncer = bound(R"({"a":1})");
  auto client = connected();
  ASSERT_TRUE(is_ok((*client)->subscribe("/lamp")));
  for (const char* bad : {"", "[]", "1", "{", "null"}) {
    EXPECT_EQ(set(*client, bad).status, ReplyStatus::arguments) << bad;
  }
  const std::string half = '"' + std::string(140'000, 'x') + '"';
  EXPECT_EQ(set(*client, R"({"b":)" + half + "}").status, ReplyStatus::success);
  EXPECT_EQ(set(*client, R"({"c":)" + half + "}").status, ReplyStatus::no_memory);
  EXPECT_EQ(syncer.target(), R"({"a":1,"b":)" + half + "}");
  EXPECT_EQ(set(*client, R"({"b":0})").status, ReplyStatus::success);
  EXPECT_TRUE(wait_until([&] { return client->messages.size() == 2; }));
}

TEST_F(SyncerTest, X3_ASetterDecides) {
  const Syncer syncer = bound("[0]", [](const PayloadView& change, std::string& target) {
    target = "broken";
    if (change.param == "no") return ReplyStatus::no_permissions;
    if (change.param != "lie") target = "[" + std::string(change.param) + "]";
    return ReplyStatus::success;
  });
  auto client = connected();
  EXPECT_EQ(set(*client, "no").status, ReplyStatus::no_permissions);
  EXPECT_EQ(set(*client, "lie").status, ReplyStatus::arguments);
  EXPECT_EQ(syncer.target(), "[0]");
  EXPECT_EQ(set(*client, "7").status, ReplyStatus::success);
  EXPECT_EQ(syncer.target(), "[7]");
}

TEST_F(SyncerTest, X3_EverybodySeesOneOrder) {
  const Syncer syncer = bound("{}");
  std::vector<std::unique_ptr<LiveClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(connected());
    ASSERT_TRUE(is_ok((*clients.back())->subscribe("/lamp")));
  }
  constexpr size_t kRounds = 50;
  for (size_t round = 0; round < kRounds; ++round) {
    for (auto& client : clients) {
      ASSERT_TRUE(is_ok((*client)->call(
          "/lamp", {.method = Method::set, .param = "{\"n\":" + std::to_string(round) + "}"},
          [](const Result<Reply>&) {})));
    }
  }
  const size_t all = kRounds * clients.size();
  for (auto& client : clients)
    EXPECT_TRUE(wait_until([&] { return client->messages.size() == all; }));
  for (auto& client : clients) EXPECT_EQ(client->messages.params(), clients[0]->messages.params());
  EXPECT_EQ(syncer.publishes_lost(), 0U);
}

TEST_F(SyncerTest, X3_TheProgramMaySetIt) {
  Syncer syncer = bound("{}");
  auto client = connected();
  ASSERT_TRUE(is_ok((*client)->subscribe("/lamp")));
  EXPECT_TRUE(is_ok(syncer.set(R"({"a":1})")));
  EXPECT_TRUE(wait_until([&] { return client->messages.size() == 1; }));
  EXPECT_EQ(syncer.target(), R"({"a":1})");
  EXPECT_EQ(syncer.set("no JSON").code(), StatusCode::invalid_argument);
}

TEST_F(SyncerTest, X3_WrongTargetsAndUrlsAreRefused) {
  EXPECT_EQ(Syncer::bind(server_, "/a", "5").status().code(), StatusCode::invalid_argument);
  EXPECT_EQ(Syncer::bind(server_, "/a", "").status().code(), StatusCode::invalid_argument);
  EXPECT_EQ(Syncer::bind(server_, "a", "{}").status().code(), StatusCode::invalid_argument);
}

TEST_F(SyncerTest, X3_MayGoBeforeItsServer) {
  auto syncer = std::make_unique<Syncer>(bound("{}"));
  auto client = connected();
  EXPECT_EQ(get(*client), "{}");
  syncer.reset();
  const Result<Reply> reply = (*client)->fetch("/lamp");
  ASSERT_TRUE(is_ok(reply.status()));
  EXPECT_EQ(reply->status, ReplyStatus::no_responding);
}

}  // namespace
}  // namespace ringroad::testing
