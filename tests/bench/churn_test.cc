// Property: subscriptions change at the rate that was asked for, a refused change ends the round,
//           and what is measured beside it loses nothing.
// Method:   a real server in this process; everything runs until enough has happened.
#include <gtest/gtest.h>

#include <chrono>

#include "bench/macro/load.h"
#include "ringroad/server.h"

namespace ringroad::bench {
namespace {

constexpr uint64_t kChanges = 300;  // several by each

uint16_t port_of(const Server& server) {
  const std::string address = server.address();
  return static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

TEST(Churn, ChangesSubscriptionsBesideTheLoad) {
  Server server({.shards = 1, .pin_shards = false, .relay_prefix = "/"});
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  Load load(make_dialect(Protocol::vsoa, 128), Drive::window,
            {.subscribers = 3, .window = 4, .churn_per_second = 2000});
  Status status = load.connect(port_of(server));
  ASSERT_TRUE(status.ok()) << status.message();
  while (status.ok() && load.counts().changes < kChanges) {
    status = load.run_until(Load::Clock::now() + std::chrono::milliseconds(5));
  }
  ASSERT_TRUE(status.ok()) << status.message();
  const Result<uint64_t> missing = load.finish();
  ASSERT_TRUE(missing.ok()) << missing.status().message();
  EXPECT_EQ(*missing, 0u);
  EXPECT_GT(load.counts().published, 0u);
  // Those of the topic got its messages, too: somebody joined and left the audience.
  EXPECT_GT(server.stats().deliveries, 3 * load.counts().published);
}

TEST(Churn, DoesNotRunAheadOfTheServer) {
  Server server({.shards = 1, .pin_shards = false, .relay_prefix = "/"});
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  const Watch watch;
  Churn churn(make_dialect(Protocol::vsoa, 128), 1e6);
  ASSERT_TRUE(churn.connect(port_of(server), kLoopback, watch, 0).ok());
  // However late it is: each has one change under way.
  ASSERT_TRUE(churn.run(Churn::Clock::now() + std::chrono::seconds(1)).ok());
  ASSERT_TRUE(churn.run(Churn::Clock::now() + std::chrono::seconds(2)).ok());
  EXPECT_EQ(churn.changes(), 0u);
  while (churn.changes() < Churn::kChurners) {
    for (size_t i = 0; i < Churn::kChurners; ++i) ASSERT_TRUE(churn.receive(i).ok());
  }
  EXPECT_EQ(churn.changes(), Churn::kChurners);
}

}  // namespace
}  // namespace ringroad::bench
