// Property: an answer that finds its client's shard full comes when there is room; what finds none in
//           time, or too many beside it, is counted.
// Method:   a server whose shard is held by a handler while its mailbox is full.
#include "service/late_replies.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "base/log.h"
#include "tests/client/play_server.h"
#include "tests/service/full_shard.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

using client::Answer;
using service::LateReplies;

/// A client with a call that waits for its answer, and its shard, which has no room for one.
class LateRepliesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_log_level(base::LogLevel::off);
    shard_.add(server_);
    ASSERT_TRUE(is_ok(server_.command("/later", [this](Call& call) {
      asked_.set({call.client(), call.seqno()});
    })));
    ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
    ASSERT_TRUE(is_ok(client_.connect(url_of(server_))));
    ASSERT_TRUE(is_ok(client_.call("/later", {}, [this](const Result<Reply>& reply) {
      answer_.set(reply.ok() ? reply->payload.param
                             : std::string(to_string(reply.status().code())));
    })));
    caller_ = asked_.get();
    shard_.fill(client_, caller_.client);
  }
  void TearDown() override {
    shard_.open();
    client_.disconnect();
    server_.stop();
    base::set_log_level(base::LogLevel::warn);
  }
  static std::shared_ptr<LateReplies> replies(const LateReplies::Limits& limits = {}) {
    return std::make_shared<LateReplies>("test", limits);
  }
  void reply(LateReplies& replies, const std::string& param) {
    replies.reply(caller_.client, caller_.seqno, {.param = param});
  }

  struct Caller {
    RemoteClient client;
    uint32_t seqno = 0;
  };

  Answer<Caller> asked_;
  Answer<std::string> answer_;
  Server server_{{.shards = 1, .pin_shards = false}};
  FullShard shard_;
  Client client_;
  Caller caller_;
};

TEST_F(LateRepliesTest, V35_ComesWhenThereIsRoom) {
  const auto replies = this->replies({.patience = std::chrono::minutes(1)});
  reply(*replies, "1");
  EXPECT_EQ(replies->stats().late, 1U);
  EXPECT_EQ(replies->stats().waiting_now, 1U);
  shard_.open();
  EXPECT_EQ(answer_.get(), "1");
  EXPECT_TRUE(wait_until([&] { return replies->stats().waiting_now == 0; }));
  EXPECT_EQ(replies->stats().lost, 0U);
}

TEST_F(LateRepliesTest, V35_AlsoWhenTheServiceHasGoneMeanwhile) {
  auto replies = this->replies({.patience = std::chrono::minutes(1)});
  reply(*replies, "1");
  replies.reset();
  shard_.open();
  EXPECT_EQ(answer_.get(), "1");
}

TEST_F(LateRepliesTest, V35_WhatFindsNoRoomInTimeIsCounted) {
  const auto replies = this->replies({.patience = std::chrono::milliseconds(3)});
  reply(*replies, "1");
  EXPECT_TRUE(wait_until([&] { return replies->stats().lost == 1; }));
  EXPECT_EQ(replies->stats().waiting_now, 0U);
  reply(*replies, "2");  // it is still there for the next one
  EXPECT_TRUE(wait_until([&] { return replies->stats().lost == 2; }));
  EXPECT_EQ(replies->stats().late, 2U);
  shard_.open();
  reply(*this->replies(), "3");
  EXPECT_EQ(answer_.get(), "3");
}

TEST_F(LateRepliesTest, V35_NoMoreThanTheLimitsWait) {
  const auto few = replies({.replies_max = 2, .patience = std::chrono::minutes(1)});
  const auto small = replies({.bytes_max = 1'000, .patience = std::chrono::minutes(1)});
  for (int i = 0; i < 3; ++i) reply(*few, "1");
  EXPECT_EQ(few->stats().waiting_now, 2U);
  EXPECT_EQ(few->stats().late, 3U);
  EXPECT_EQ(few->stats().lost, 1U);
  for (int i = 0; i < 3; ++i) reply(*small, std::string(500, '1'));
  EXPECT_EQ(small->stats().waiting_now, 2U);
  EXPECT_EQ(small->stats().lost, 1U);
  shard_.open();
  for (const auto& replies : {few, small}) {
    EXPECT_TRUE(wait_until([&] { return replies->stats().waiting_now == 0; }));
    EXPECT_EQ(replies->stats().lost, 1U);
  }
  for (int i = 0; i < 2; ++i) reply(*small, std::string(500, '1'));  // the bytes are given back
  EXPECT_TRUE(wait_until([&] { return small->stats().waiting_now == 0; }));
  EXPECT_EQ(small->stats().lost, 1U);
}

TEST_F(LateRepliesTest, V35_NobodysAnswersAreNotLost) {
  const auto replies = this->replies();
  replies->reply(RemoteClient(), 1, {});
  EXPECT_EQ(replies->stats().late, 0U);
  reply(*replies, "1");
  std::thread stopper([this] { server_.stop(); });  // as if it were not held
  EXPECT_TRUE(wait_until([&] { return replies->stats().waiting_now == 0; }));
  EXPECT_EQ(replies->stats().late, 1U);
  EXPECT_EQ(replies->stats().lost, 0U);
  shard_.open();
  stopper.join();
}

TEST_F(LateRepliesTest, V35_WhoMayWaitWaits) {
  const auto replies = this->replies();
  std::thread opener([&] {
    EXPECT_TRUE(wait_until([&] { return replies->stats().late == 1; }));
    shard_.open();
  });
  const Status status = replies->reply_patiently(caller_.client, caller_.seqno, {.param = "1"});
  opener.join();
  EXPECT_TRUE(is_ok(status));
  EXPECT_EQ(answer_.get(), "1");
  EXPECT_EQ(replies->stats().lost, 0U);
}

TEST_F(LateRepliesTest, V35_WhoMayWaitIsToldWhenItIsLost) {
  const auto replies = this->replies();
  const Status status = replies->reply_patiently(caller_.client, caller_.seqno, {.param = "1"});
  EXPECT_EQ(status.code(), StatusCode::overloaded);
  EXPECT_EQ(replies->stats().late, 1U);
  EXPECT_EQ(replies->stats().lost, 1U);
}

}  // namespace
}  // namespace ringroad::testing
