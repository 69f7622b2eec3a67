// Property: a client that acknowledges nothing for the send timeout, while something waits, is reset
//           then and not before; one that takes a little now and then is not, nor is an idle one.
// Method: whole shards on the simulator, where time is virtual; stalls that are measured.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/log.h"
#include "tests/system/sim_cluster.h"
#include "tests/system/sim_subscriber.h"

namespace ringroad::testing {
namespace {

using engine::CloseCause;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SimSendTimeout : public ::testing::Test {
 protected:
  void start(engine::Duration timeout) {
    base::set_log_level(base::LogLevel::off);  // stalled clients are on purpose
    cluster_ = std::make_unique<SimCluster>(
        network_,
        shard::ShardConfig{.session = {.queue_bytes_max = 4 * 1'048'576}, .send_timeout = timeout});
    client_ = add();
  }
  std::unique_ptr<SimSubscriber> add() {
    auto client = std::make_unique<SimSubscriber>(network_, cluster_->address());
    client->subscribe({"/a"});
    cluster_->run_for(milliseconds(200));
    return client;
  }
  void TearDown() override {
    client_.reset();
    cluster_->run_for(seconds(10));
    cluster_->stop();
  }
  void publish(size_t bytes) {
    const std::string param = "0-" + std::to_string(++published_);
    const std::string data(bytes, 'x');
    const proto::PacketSpec packet{
        .type = proto::PacketType::publish, .url = "/a", .param = param, .data = data};
    ASSERT_TRUE(cluster_->router().publish(packet, Channel::normal).ok());
    client_->offer(0, published_, "/a");
  }
  void publish_more_than_the_network_holds() {
    for (int i = 0; i < 3; ++i) publish(200'000);
  }
  uint64_t stalled() const { return cluster_->closed_by(CloseCause::stalled); }
  void post(shard::ShardMessage message) {
    ASSERT_TRUE(cluster_->router().post_to_all(message).ok());
  }

  sim::SimNetwork network_{{.seed = 7}};
  std::unique_ptr<SimCluster> cluster_;
  std::unique_ptr<SimSubscriber> client_;
  uint64_t published_ = 0;
};

TEST_F(SimSendTimeout, V21_WhoTakesNothingIsReset) {
  start(seconds(5));
  client_->peer().stall();
  publish_more_than_the_network_holds();
  cluster_->run_for(milliseconds(4'900));
  EXPECT_EQ(stalled(), 0U);
  cluster_->run_for(milliseconds(300));
  EXPECT_EQ(stalled(), 1U);
  client_->peer().resume();
  cluster_->run_for(milliseconds(100));
  EXPECT_TRUE(client_->peer().was_reset());
}

TEST_F(SimSendTimeout, V21_WhoTakesALittleNowAndThenStays) {
  start(seconds(5));
  client_->peer().stall();
  publish_more_than_the_network_holds();
  for (int i = 0; i < 8; ++i) {
    cluster_->run_for(milliseconds(4'000));
    client_->peer().resume();
    for (int turn = 0; turn < 3; ++turn) cluster_->turn_all();
    client_->peer().stall();
  }
  EXPECT_EQ(stalled(), 0U);
  client_->peer().resume();
  cluster_->run_for(seconds(1));
  client_->settle({});  // and has lost nothing
}

TEST_F(SimSendTimeout, V21_WhatTheNetworkHoldsIsNobodysFault) {
  start(seconds(5));
  client_->peer().stall();
  publish(1'000);
  cluster_->run_for(seconds(60));
  EXPECT_EQ(stalled(), 0U);
  client_->peer().resume();
  cluster_->run_for(seconds(1));
  client_->settle({});
}

TEST_F(SimSendTimeout, V21_ZeroIsNever) {
  start(engine::Duration::zero());
  client_->peer().stall();
  publish_more_than_the_network_holds();
  cluster_->run_for(seconds(60));
  EXPECT_EQ(stalled(), 0U);
  client_->peer().resume();
  cluster_->run_for(seconds(1));
  client_->settle({});
}

TEST_F(SimSendTimeout, V21_AChangeReachesWhomItShall) {
  start(seconds(60));
  client_->peer().stall();
  publish_more_than_the_network_holds();
  cluster_->run_for(seconds(1));
  post({.kind = shard::ShardMessage::Kind::send_timeout_new, .value = 10});
  cluster_->run_for(seconds(5));
  EXPECT_EQ(stalled(), 0U) << "it was here before";
  post({.kind = shard::ShardMessage::Kind::send_timeout_all, .value = 10});
  cluster_->run_for(milliseconds(900));
  EXPECT_EQ(stalled(), 0U) << "it gets all of the new time";
  cluster_->run_for(milliseconds(300));
  EXPECT_EQ(stalled(), 1U);

  client_ = add();  // has the new one from the beginning
  client_->peer().stall();
  publish_more_than_the_network_holds();
  cluster_->run_for(milliseconds(900));
  EXPECT_EQ(stalled(), 1U);
  cluster_->run_for(milliseconds(300));
  EXPECT_EQ(stalled(), 2U);
}

TEST_F(SimSendTimeout, V21_MayBeSwitchedOffWhileItRuns) {
  start(seconds(5));
  client_->peer().stall();
  publish_more_than_the_network_holds();
  cluster_->run_for(seconds(3));
  post({.kind = shard::ShardMessage::Kind::send_timeout_all, .value = 0});
  cluster_->run_for(seconds(60));
  EXPECT_EQ(stalled(), 0U);
}

}  // namespace
}  // namespace ringroad::testing
