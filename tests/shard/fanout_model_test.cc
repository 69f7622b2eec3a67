// Property: every client gets exactly the packets that a list of subscriptions says, in order,
//         whole, once; of one that conflates and lags, newer publishes may have replaced older ones
//         of their URL, in their place. What is offered is sent, dropped, conflated or pending at
//         every step; nobody's queue is ever above its bound or pins much more than it holds, and
//         who would be above is the only one that is closed.
//         In each turn nobody is sent to before anybody of a higher priority.
// Method: seeded subscribe, unsubscribe, mute, publish, push_ordered, set_backlog, set_priority, stall
//         and partial sends next to a naive model of each client.
// tidy: long file: a model, its steps and its shapes are read together.
// Campaign: RINGROAD_SEEDS=5000; RINGROAD_SEED=S alone (docs/TESTING.md).
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "proto/packet.h"
#include "proto/url.h"
#include "shard/fanout.h"
#include "shard/interest_filter.h"
#include "tests/support/delivery_model.h"
#include "tests/support/fake_member.h"
#include "tests/support/seeds.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

constexpr size_t kQueueBytesMax = base::kQueueBytesMin;
const std::vector<std::string> kPatterns = {"/",      "/a",  "/a/",  "/a/b", "/a/b/",
                                            "/a/b/c", "/ab", "/ab/", "/c/",  "/c/d"};
const std::vector<std::string> kUrls = {"/",   "/a",    "/a/", "/a/b", "/a/b/c", "/a/bb",
                                        "/ab", "/ab/x", "/c",  "/c/d", "/e"};

struct Client {
  Client(FakeTurn& turn, Backlog policy) : member(turn), backlog(policy) {
    turn.fanout().set_backlog(member, policy);
  }

  FakeMember member;
  test::DeliveryModel model;
  std::set<std::string> patterns;
  Backlog backlog;
  bool lagging = false;  // from a quarter of its bound on, until nothing waits
  bool muted = false;
  bool stalled = false;
  bool open = true;

  bool wants(const std::string& url) const {
    if (muted || member.gone()) return false;
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return proto::url_matches(pattern, url);
    });
  }
};

enum class Policies : uint8_t { close, mixed };

struct Shape {
  size_t clients;
  size_t packet_bytes_max;
  int steps;
  size_t take_bytes_max = 60'000;  // at once
  Policies policies = Policies::close;
  uint32_t ranks = 1;  // priorities: 0 to below
};

class World {
 public:
  World(uint64_t seed, const Shape& shape) : random_(seed), shape_(shape) {
    for (size_t i = 0; i < shape.clients; ++i) add_client();
  }

  void step() {
    Client& client = *clients_[random_() % clients_.size()];
    look_at(client);
    switch (random_() % 18) {
      case 0:
        return subscribe(client);
      case 1:
        return unsubscribe(client);
      case 2:
        return mute(client);
      case 3:
        return push_ordered(client);
      case 16:
        return change_backlog(client);
      case 17:
        return prioritise(client);
      case 4:
        client.stalled = !client.stalled && random_() % 2 == 0;
        return;
      case 5:
        if (random_() % 8 == 0) leave(client);
        return replace_gone();
      case 6:
      case 7:
        return flush(random_() % 4);
      case 8:
        return flush(SIZE_MAX);
      case 9:
      case 10:
      case 11:
        return client.member.take(client.stalled ? 0 : 1 + random_() % shape_.take_bytes_max);
      default:
        return publish();
    }
  }

  void check() {
    uint64_t pending = 0;
    uint64_t pinned = 0;
    for (const auto& client : clients_) {
      const FakeMember& member = client->member;
      client->model.read(member.received());
      if (member.gone()) continue;
      const size_t bytes = fanout_.pending_bytes(member);
      ASSERT_LE(bytes, kQueueBytesMax);
      if (client->model.exact()) {
        ASSERT_EQ(bytes, client->model.offered_bytes() - member.composed_bytes());
      }
      ASSERT_LE(member.pinned_bytes_, bytes + bytes / base::kPinnedWasteShare +
                                          base::kPinnedExcessMax + base::kBlockBytes);
      pinned += member.pinned_bytes_;
      pending += fanout_.pending_packets(member);
      const std::vector<std::string> patterns = fanout_.patterns_of(member);
      ASSERT_EQ(std::set<std::string>(patterns.begin(), patterns.end()), client->patterns);
      ASSERT_EQ(patterns.size(), client->patterns.size());
    }
    const Fanout::Stats& stats = fanout_.stats();
    ASSERT_EQ(stats.offered.get(), offered_);
    ASSERT_EQ(stats.offered.get(),
              stats.sent.get() + stats.dropped.get() + stats.conflated.get() + pending);
    ASSERT_EQ(stats.overflows.get(), overflows_);
    ASSERT_EQ(stats.pinned_bytes.get(), pinned);
  }

  /// Everybody reads: nothing may be left behind.
  void drain() {
    for (int round = 0; round < 10'000; ++round) {
      turn_.flush(SIZE_MAX);
      bool moved = false;
      for (const auto& client : clients_) {
        moved |= client->member.sending();
        client->member.take(100'000);
      }
      if (!moved) break;
    }
    uint64_t replaced = replaced_by_the_gone_;
    for (const auto& client : clients_) {
      if (client->member.gone()) {
        client->model.read(client->member.received());
        continue;
      }
      client->model.expect_all(client->member.received());
      ASSERT_EQ(fanout_.pending_bytes(client->member), 0U);
      replaced += client->model.replaced();
    }
    ASSERT_LE(replaced, fanout_.stats().conflated.get());
    if (overflows_ + leaves_ == 0) {
      ASSERT_EQ(replaced, fanout_.stats().conflated.get());
    }
  }

  uint64_t conflated() const { return fanout_.stats().conflated.get(); }
  uint64_t overflows() const { return overflows_; }

 private:
  void add_client() {
    const bool conflates = shape_.policies == Policies::mixed && random_() % 2 == 0;
    clients_.push_back(
        std::make_unique<Client>(turn_, conflates ? Backlog::conflate : Backlog::close));
  }
  /// Before anything is done to it.
  void look_at(Client& client) {
    if (client.member.gone()) return;
    const size_t pending = fanout_.pending_bytes(client.member);
    if (pending == 0) client.lagging = false;
    if (client.backlog == Backlog::conflate && pending > kQueueBytesMax / 4) client.lagging = true;
    if (client.lagging) client.model.let_replace();
  }
  void change_backlog(Client& client) {
    if (client.member.gone() || shape_.policies == Policies::close) return;
    client.backlog = client.backlog == Backlog::close ? Backlog::conflate : Backlog::close;
    if (client.backlog == Backlog::close) client.lagging = false;
    fanout_.set_backlog(client.member, client.backlog);
  }
  void prioritise(Client& client) {
    if (client.member.gone() || shape_.ranks == 1) return;
    fanout_.set_priority(client.member, static_cast<uint8_t>(random_() % shape_.ranks));
  }
  void flush(size_t sends) {
    const bool done = turn_.flush(sends);
    EXPECT_EQ(done, fanout_.flushed());
    for (size_t i = 1; i < turn_.sent.size(); ++i) {
      ASSERT_LE(turn_.sent[i]->priority_, turn_.sent[i - 1]->priority_);
    }
  }
  void replace_gone() {
    const size_t gone = std::erase_if(clients_, [this](const std::unique_ptr<Client>& client) {
      if (client->member.gone()) {
        client->model.read(client->member.received());
        replaced_by_the_gone_ += client->model.replaced();
      }
      return client->member.gone();
    });
    for (size_t i = 0; i < gone; ++i) add_client();
  }

  std::vector<std::string> some_patterns() {
    std::vector<std::string> some;
    do some.push_back(kPatterns[random_() % kPatterns.size()]);
    while (random_() % 3 == 0);
    return some;
  }
  void subscribe(Client& client) {
    if (client.member.gone()) return;
    const std::vector<std::string> wanted = some_patterns();
    std::set<std::string> news;
    for (const std::string& pattern : wanted) {
      if (client.patterns.insert(pattern).second) news.insert(pattern);
    }
    const auto added = fanout_.subscribe(client.member, wanted);
    EXPECT_EQ(std::set<std::string>(added.begin(), added.end()), news);
    EXPECT_EQ(added.size(), news.size());
  }
  void unsubscribe(Client& client) {
    if (client.member.gone()) return;
    std::set<std::string> gone;
    std::vector<std::string> removed;
    if (random_() % 6 == 0) {
      std::swap(gone, client.patterns);
      removed = fanout_.unsubscribe_all(client.member);
    } else {
      const std::vector<std::string> unwanted = some_patterns();
      for (const std::string& pattern : unwanted) {
        if (client.patterns.erase(pattern) > 0) gone.insert(pattern);
      }
      removed = fanout_.unsubscribe(client.member, unwanted);
    }
    EXPECT_EQ(std::set<std::string>(removed.begin(), removed.end()), gone);
    EXPECT_EQ(removed.size(), gone.size());
  }
  void leave(Client& client) {
    if (!client.member.gone()) ++leaves_;
    client.member.leave();
    client.open = false;
  }
  void mute(Client& client) {
    if (client.member.gone()) return;
    client.muted = !client.muted;
    fanout_.set_audience(client.member, client.muted ? Audience::muted : Audience::listening);
  }
  void push_ordered(Client& client) {
    const auto marker = test::DeliveryModel::encoded(
        {.type = proto::PacketType::subscribe, .flags = proto::kFlagReply, .seqno = ++packets_});
    if (client.member.gone() ||
        fanout_.pending_bytes(client.member) + marker->size() > kQueueBytesMax)
      return;
    client.model.offer_ordered(marker);
    fanout_.push_ordered(client.member, test::slice_of(replies_, *marker));
  }
  test::DeliveryModel::Packet packet_to(const std::string& url) {
    const size_t bytes = random_() % 8 == 0 ? shape_.packet_bytes_max : 100;
    ++packets_;
    const std::string data(random_() % bytes, static_cast<char>('a' + packets_ % 26));
    return test::DeliveryModel::encoded(
        {.type = proto::PacketType::publish, .seqno = packets_, .url = url, .data = data});
  }
  /// Some packets lie in blocks that others fill: what pins much.
  engine::Slice slice_of(const std::string& packet) {
    const uint64_t dice = random_() % 5;
    if (dice == 0) return test::slice_of(replies_, packet);
    if (dice == 1) writer_.reset();
    return test::slice_of(writer_, packet);
  }
  void publish() {
    const std::string url = kUrls[random_() % kUrls.size()];
    const auto packet = packet_to(url);
    uint64_t wanting = 0;
    enum class Fate : uint8_t { stays, may_end, ends };
    std::vector<Fate> fates;
    for (const auto& client : clients_) {
      fates.push_back(Fate::stays);
      if (!client->wants(url)) continue;
      ++wanting;
      look_at(*client);
      const bool over = fanout_.pending_bytes(client->member) + packet->size() > kQueueBytesMax;
      if (over) fates.back() = client->lagging ? Fate::may_end : Fate::ends;
      if (fates.back() == Fate::ends) continue;
      client->model.offer(url, packet);
      if (client->lagging) client->model.let_replace();
    }
    offered_ += wanting;
    EXPECT_EQ(fanout_.publish(url, slice_of(*packet)), wanting);
    for (size_t i = 0; i < clients_.size(); ++i) {
      Client& client = *clients_[i];
      const bool ended = client.open && client.member.overflowed();
      overflows_ += ended ? 1 : 0;
      EXPECT_TRUE(fates[i] != Fate::ends || ended) << "its queue is full";
      EXPECT_TRUE(fates[i] != Fate::stays || !ended) << "its queue is not";
      client.open = !client.member.gone();
    }
  }

  std::mt19937_64 random_;
  const Shape shape_;
  InterestFilter filter_;
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  engine::BlockWriter replies_{pool_};
  Fanout fanout_{pool_, filter_, kQueueBytesMax};
  FakeTurn turn_{fanout_};
  std::vector<std::unique_ptr<Client>> clients_;
  uint32_t packets_ = 0;
  uint64_t offered_ = 0;
  uint64_t overflows_ = 0;
  uint64_t leaves_ = 0;
  uint64_t replaced_by_the_gone_ = 0;
};

struct Outcome {
  uint64_t overflows = 0;
  uint64_t conflated = 0;
  uint64_t runs = 0;
};

void run(uint64_t seed, const Shape& shape, Outcome& outcome) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  auto world = std::make_unique<World>(seed, shape);
  for (int step = 0; step < shape.steps; ++step) {
    world->step();
    if (step % 8 == 0) world->check();
    if (step % 700 == 699) world->drain();
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "step " << step;
      return;
    }
  }
  world->drain();
  world->check();
  ++outcome.runs;
  outcome.overflows += world->overflows();
  outcome.conflated += world->conflated();
}

Outcome run_all(uint64_t count, const Shape& shape) {
  Outcome outcome;
  const test::Seeds seeds = test::seeds(count);
  for (uint64_t seed = seeds.first; seed <= seeds.last && !testing::Test::HasFailure(); ++seed)
    run(seed, shape, outcome);
  return outcome;
}

TEST(Fanout, SmallPacketsToFewClients) {
  run_all(100, {.clients = 3, .packet_bytes_max = 300, .steps = 2'000});
}

TEST(Fanout, SmallPacketsToCohortsThatCopy) {
  run_all(30, {.clients = 40, .packet_bytes_max = 3'000, .steps = 3'000});
}

TEST(Fanout, V30_PrioritiesChangeWhilePacketsWait) {
  run_all(100, {.clients = 6, .packet_bytes_max = 3'000, .steps = 2'000, .ranks = 3});
}

TEST(Fanout, V30_PrioritiesInCohortsThatCopy) {
  run_all(30, {.clients = 40, .packet_bytes_max = 3'000, .steps = 3'000, .ranks = 2});
}

TEST(Fanout, V30_PrioritiesOfConflatingClients) {
  run_all(50, {.clients = 12,
               .packet_bytes_max = 100'000,
               .steps = 2'000,
               .take_bytes_max = 4'000,
               .policies = Policies::mixed,
               .ranks = 8});
}

TEST(Fanout, LargePacketsFillQueues) {
  const Outcome outcome = run_all(30, {.clients = 12, .packet_bytes_max = 250'000, .steps = 2'000});
  EXPECT_GE(outcome.overflows, outcome.runs / 3) << "the bound was tried";
}

TEST(Fanout, ConflatingClientsBesideOthers) {
  const Outcome outcome = run_all(100, {.clients = 12,
                                        .packet_bytes_max = 100'000,
                                        .steps = 2'000,
                                        .take_bytes_max = 4'000,
                                        .policies = Policies::mixed});
  EXPECT_GE(outcome.conflated, outcome.runs * 50) << "somebody lagged";
}

TEST(Fanout, ConflatingClientsInCohortsThatCopy) {
  const Outcome outcome = run_all(30, {.clients = 40,
                                       .packet_bytes_max = 60'000,
                                       .steps = 3'000,
                                       .take_bytes_max = 4'000,
                                       .policies = Policies::mixed});
  EXPECT_GE(outcome.conflated, outcome.runs * 50) << "somebody lagged";
}

TEST(Fanout, LargePacketsFillConflatingQueues) {
  const Outcome outcome = run_all(
      50,
      {.clients = 12, .packet_bytes_max = 250'000, .steps = 2'000, .policies = Policies::mixed});
  EXPECT_GE(outcome.overflows, outcome.runs / 3) << "the bound was tried";
}

}  // namespace
}  // namespace ringroad::shard
