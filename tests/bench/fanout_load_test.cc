// Property: a fan-out load's outcome is what the server did: whole streams are perfect, messages
//         that a server keeps back are lost, doubled ones duplicates, foreign ones strays.
// Method: servers in this test that publish what they get as they like; the sums are known.
#include "bench/load/fanout_load.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "ringroad/server.h"

namespace ringroad::bench {
namespace {

using Relay = std::function<void(Server& server, uint64_t count, std::string_view url,
                                 const PayloadView& payload)>;

constexpr uint64_t kMessages = 50;
constexpr auto kFinish = std::chrono::milliseconds(300);  // of waiting for what never comes
constexpr auto kPatience = std::chrono::seconds(10);      // as many come as are waited for

FanoutPlan plan_for_two_topics(const Server& server) {
  FanoutPlan plan;
  plan.server = "vsoa://" + server.address();
  plan.topics = {"/a/1", "/a/2"};
  plan.subscribers = {{"/a/1", 0, 1}, {"/a/2", 1, 1}, {"/a/", 0, 2}};
  plan.publishers = 2;
  plan.per_second = 1000;
  return plan;
}

FanoutOutcome run_through(const Relay& relay, std::chrono::milliseconds limit) {
  Server server({.shards = 1, .pin_shards = false});
  uint64_t count = 0;  // one shard: its thread only
  server.on_data([&](RemoteClient, std::string_view url, const PayloadView& payload, Channel) {
    relay(server, count++, url, payload);
  });
  EXPECT_TRUE(server.listen("127.0.0.1:0").ok());
  FanoutLoad load(plan_for_two_topics(server));
  size_t told = 0;
  const Status status = load.connect([&](size_t connected, size_t) { told = connected; });
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(told, 5u);
  load.start_measuring();
  while (load.published() < kMessages) {
    load.run_until(FanoutLoad::Clock::now() + std::chrono::milliseconds(5));
  }
  const FanoutOutcome outcome = load.finish(limit);
  // Some were due before measuring began.
  EXPECT_LE(load.latency().count(), load.received());
  EXPECT_EQ(outcome.published, load.published());
  EXPECT_EQ(outcome.refused, 0u);
  return outcome;
}

TEST(FanoutLoad, AWholeStreamIsPerfect) {
  const FanoutOutcome outcome = run_through(
      [](Server& server, uint64_t, std::string_view url, const PayloadView& payload) {
        EXPECT_TRUE(server.publish(url, payload).ok());
      },
      kPatience);
  EXPECT_TRUE(outcome.completeness.perfect());
  EXPECT_EQ(outcome.completeness.received, 2 * outcome.published);  // each topic has two receivers
  EXPECT_EQ(outcome.strays, 0u);
}

TEST(FanoutLoad, SeesWhatIsKeptBackAndWhatIsDoubled) {
  const FanoutOutcome outcome = run_through(
      [](Server& server, uint64_t count, std::string_view url, const PayloadView& payload) {
        if (count == 0) return;
        for (uint64_t times = count == 1 ? 2 : 1; times > 0; --times) {
          EXPECT_TRUE(server.publish(url, payload).ok());
        }
      },
      kPatience);
  EXPECT_EQ(outcome.completeness.lost, 2u);
  EXPECT_EQ(outcome.completeness.duplicates, 2u);
  EXPECT_EQ(outcome.completeness.reordered, 0u);
}

TEST(FanoutLoad, SeesStrays) {
  const FanoutOutcome outcome = run_through(
      [](Server& server, uint64_t, std::string_view, const PayloadView& payload) {
        EXPECT_TRUE(server.publish("/a/2", payload).ok());  // whatever it was
      },
      kFinish);
  EXPECT_GT(outcome.strays, 0u);
  EXPECT_GT(outcome.completeness.lost, 0u);
}

TEST(FanoutLoad, SaysWhyItCannotConnect) {
  FanoutPlan plan;
  plan.server = "vsoa://127.0.0.1:1";
  plan.topics = {"/a"};
  plan.subscribers = {{"/a", 0, 1}};
  FanoutLoad load(std::move(plan));
  EXPECT_EQ(load.connect([](size_t, size_t) {}).code(), StatusCode::unreachable);
}

}  // namespace
}  // namespace ringroad::bench
