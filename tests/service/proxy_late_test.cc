// Property: an answer of the server behind a proxy is not lost because the caller's shard has no room when
//           it comes.
// Method: two live servers; the caller's shard is held while its mailbox is full.
#include <gtest/gtest.h>

#include "tests/client/play_server.h"
#include "tests/service/full_shard.h"
#include "tests/service/proxy_front.h"

namespace ringroad::testing {
namespace {

/// A call that the server behind has got and not answered; the caller's shard is full.
class ProxyLate : public ::testing::Test {
 protected:
  struct Asked {
    RemoteClient client;
    uint32_t seqno = 0;
  };

  void SetUp() override {
    ASSERT_TRUE(is_ok(behind_.command("/later", [this](Call& call) {
      asked_.set({call.client(), call.seqno()});
    })));
    ASSERT_TRUE(is_ok(behind_.listen("127.0.0.1:0")));
    shard_.add(front_.server);
    ASSERT_TRUE(is_ok(front_.proxy.add(rule_for("/a", url_of(behind_)))));
    ASSERT_NO_FATAL_FAILURE(front_.open(1));
    ASSERT_TRUE(is_ok(front_.client->call("/a/later", {}, [this](const Result<Reply>& reply) {
      answer_.set(reply.ok() ? *reply : Reply{.status = ReplyStatus::no_memory});
    })));
    request_ = asked_.get();
    shard_.fill(*front_.client.operator->(), front_.server.clients().at(0));
  }
  void TearDown() override {
    shard_.open();
    front_.client->disconnect();
  }

  client::Answer<Asked> asked_;
  client::Answer<Reply> answer_;
  Server behind_{live_options(1)};
  Front front_;
  FullShard shard_;
  Asked request_;
};

TEST_F(ProxyLate, X4_V35_AnAnswerWaitsForRoom) {
  ASSERT_TRUE(is_ok(request_.client.reply(request_.seqno, {.param = "1", .data = "x"})));
  EXPECT_TRUE(wait_until([&] { return front_.proxy.stats().replies_late == 1; }));
  shard_.open();
  const Reply reply = answer_.get();
  EXPECT_EQ(reply.status, ReplyStatus::success);
  EXPECT_EQ(reply.payload.param, "1");
  EXPECT_EQ(reply.payload.data, "x");
  EXPECT_EQ(front_.proxy.stats().replies_lost, 0U);
}

TEST_F(ProxyLate, X4_V35_TheAnswerThatThereIsNone) {
  behind_.stop();  // which ends the call
  EXPECT_TRUE(wait_until([&] { return front_.proxy.stats().replies_late == 1; }));
  shard_.open();
  EXPECT_EQ(answer_.get().status, ReplyStatus::proxy);
  EXPECT_EQ(front_.proxy.stats().calls_failed, 1U);
}

}  // namespace
}  // namespace ringroad::testing
