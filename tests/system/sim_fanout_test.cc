// Property: whatever clients, shards, sockets and time do, every client gets exactly the publishes
//         that match its subscriptions, whole, once, in order per publisher; a client that ends
//         loses a tail and nobody else anything.
//         Priorities that change meanwhile change nothing of that.
// Method: random subscribe, unsubscribe, publish, relay, stall, resume, close and reset over
//         seeds against a naive model, all shards in one thread on the simulator.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "tests/system/sim_cluster.h"
#include "tests/system/sim_subscriber.h"

namespace ringroad::testing {
namespace {

using std::chrono::milliseconds;

struct Setting {
  const char* name;
  uint32_t shards;
  ZeroCopy zero_copy;
};

class FanoutRun {
 public:
  FanoutRun(uint64_t seed, const Setting& setting)
      : network_({.seed = seed}),
        random_(seed * 977 + setting.shards),
        cluster_(network_,
                 {.session = {.relay_prefix = "/", .queue_bytes_max = base::kQueueBytesMin},
                  .shards = setting.shards,
                  .zero_copy = setting.zero_copy}) {
    for (int i = 0; i < 8; ++i) add_client();
    cluster_.run_for(milliseconds(200));
  }

  void round() {
    const uint64_t steps = 5 + random_.below(30);
    for (uint64_t i = 0; i < steps; ++i) {
      act();
      if (random_.percent(50)) cluster_.turn_all();
    }
    for (auto& client : clients_) {
      if (client->stalled && !client->ended()) client->peer().resume();
      client->stalled = false;
    }
    cluster_.run_for(milliseconds(500));
    std::set<uint32_t> gone;
    for (auto& client : clients_) {
      if (client->ended()) gone.insert(client->id());
    }
    for (auto& client : clients_) client->settle(gone);
    std::erase_if(clients_, [](const auto& client) { return client->ended(); });
    while (clients_.size() < 8) add_client();
    cluster_.run_for(milliseconds(100));
    check_accounts();
  }

  void finish() {
    clients_.clear();
    // Longer than a connection may take to end that nobody reads and no release comes for.
    cluster_.run_for(milliseconds(15'000));
    for (auto& shard : cluster_.shards()) {
      lends_ += shard->zero_copy_stats().sends.get();
      refusals_ += shard->zero_copy_stats().refused.get();
      EXPECT_EQ(shard->zero_copy_stats().lent.get(), 0U);
      EXPECT_EQ(shard->stats().connections.get(), 0U);
      EXPECT_EQ(shard->stats().clients.get(), 0U);
      EXPECT_EQ(shard->stats().held_bytes.get(), 0U);
    }
    EXPECT_EQ(cluster_.application().connected, cluster_.application().disconnected);
    EXPECT_FALSE(cluster_.patterns().any_match("/a/b"));
    cluster_.stop();
  }

  uint64_t published() const { return published_; }
  uint64_t lends() const { return lends_; }
  uint64_t refusals() const { return refusals_; }

 private:
  void add_client() {
    clients_.push_back(std::make_unique<SimSubscriber>(network_, cluster_.address()));
  }

  std::string pattern() {
    static const char* const kPatterns[] = {"/",   "/a",  "/a/",  "/a/b", "/a/b/",
                                            "/ab", "/c/", "/c/1", "/c/2", "//"};
    return kPatterns[random_.below(std::size(kPatterns))];
  }
  std::string url() {
    static const char* const kUrls[] = {"/a", "/a/",  "/a/b", "/a/b/x", "/ab",
                                        "/c", "/c/1", "/c/2", "//x",    "/z"};
    return kUrls[random_.below(std::size(kUrls))];
  }
  SimSubscriber& any_client() { return *clients_[random_.below(clients_.size())]; }

  void act() {
    SimSubscriber& client = any_client();
    const uint64_t dice = random_.below(100);
    if (client.ended()) return;
    if (dice < 15) {
      client.subscribe({pattern()});
    } else if (dice < 22) {
      client.subscribe({pattern(), pattern()});
    } else if (dice < 30) {
      client.unsubscribe({pattern()});
    } else if (dice < 32) {
      client.unsubscribe_all();
    } else if (dice < 65) {
      publish();
    } else if (dice < 88) {
      relay(client);
    } else if (dice < 93) {
      stall_or_resume(client);
    } else if (dice < 94) {
      client.id() != 0 && random_.percent(50) ? prioritise(client) : client.peer().reset();
    } else if (dice < 95) {
      client.peer().close();
    } else {
      client.send({.type = proto::PacketType::pingecho, .seqno = 7});
    }
  }

  /// Mostly small, now and then too large for a block, so that stalled clients reach their bound.
  std::string body() {
    return std::string(random_.percent(12) ? 20'000 + random_.below(200'000) : random_.below(300),
                       'x');
  }

  void publish() {
    const std::string to = url();
    const std::string param = "0-" + std::to_string(published_ + 1);
    const std::string data = body();
    const proto::PacketSpec packet{
        .type = proto::PacketType::publish, .url = to, .param = param, .data = data};
    if (!cluster_.router().publish(packet, Channel::normal).ok()) return;
    ++published_;
    for (auto& client : clients_) client->offer(0, published_, to);
  }

  void relay(SimSubscriber& producer) {
    if (producer.id() == 0 || producer.stalled) return;  // not yet welcome
    const std::string to = url();
    const std::string param =
        std::to_string(producer.id()) + "-" + std::to_string(++producer.sent_datagrams);
    const std::string data = body();
    producer.send({.type = proto::PacketType::datagram, .url = to, .param = param, .data = data});
    for (auto& client : clients_) client->offer(producer.id(), producer.sent_datagrams, to);
  }

  void stall_or_resume(SimSubscriber& client) {
    client.stalled ? client.peer().resume() : client.peer().stall();
    client.stalled = !client.stalled;
  }

  void prioritise(const SimSubscriber& client) {
    for (auto& shard : cluster_.shards()) {
      shard->directory().for_each(
          [&](uint32_t slot, uint32_t generation, const shard::ClientEntry& entry) {
            if (entry.wire_id != client.id()) return;
            const shard::ClientKey key{shard->index(), {slot, generation}};
            (void)cluster_.router().post({.kind = shard::ShardMessage::Kind::priority,
                                          .value = static_cast<uint16_t>(random_.below(3)),
                                          .client = key.packed()},
                                         nullptr);
          });
    }
  }

  void check_accounts() {
    for (auto& shard : cluster_.shards()) {
      const shard::Fanout::Stats& stats = shard->fanout_stats();
      EXPECT_EQ(stats.offered.get(), stats.sent.get() + stats.dropped.get() + stats.conflated.get())
          << "at rest nothing is pending";
      EXPECT_EQ(stats.pinned_bytes.get(), 0U);
    }
  }

  sim::SimNetwork network_;
  sim::SimRandom random_;
  SimCluster cluster_;
  std::vector<std::unique_ptr<SimSubscriber>> clients_;
  uint64_t published_ = 0;
  uint64_t lends_ = 0;
  uint64_t refusals_ = 0;
};

class SimFanout : public ::testing::TestWithParam<Setting> {};

TEST_P(SimFanout, AgreesWithTheModel) {
  base::set_log_level(base::LogLevel::off);  // slow clients are on purpose
  uint64_t published = 0;
  uint64_t lends = 0;
  uint64_t refusals = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", shards " + std::to_string(GetParam().shards));
    FanoutRun run(seed, GetParam());
    for (int round = 0; round < 5 && !HasFailure(); ++round) run.round();
    run.finish();
    published += run.published();
    lends += run.lends();
    refusals += run.refusals();
    if (HasFailure()) return;
  }
  EXPECT_GT(published, 2000U);
  if (GetParam().zero_copy == ZeroCopy::off) {
    EXPECT_EQ(lends, 0U);
  } else {
    EXPECT_GT(lends, 1000U);
    EXPECT_GT(refusals, 20U);
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, SimFanout,
                         ::testing::Values(Setting{"one", 1, ZeroCopy::off},
                                           Setting{"two", 2, ZeroCopy::off},
                                           Setting{"four", 4, ZeroCopy::off},
                                           Setting{"two_automatic", 2, ZeroCopy::automatic},
                                           Setting{"two_forced", 2, ZeroCopy::forced}),
                         [](const auto& setting) { return setting.param.name; });

}  // namespace
}  // namespace ringroad::testing
