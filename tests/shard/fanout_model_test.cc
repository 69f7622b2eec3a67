// Property: every client gets exactly the packets that a list of subscriptions says, in order,
//         whole, once; what is offered is sent, dropped or pending at every step; nobody's queue
//         is ever above its bound, and who would be is the only one that is closed.
// Method: seeded subscribe, unsubscribe, mute, publish, push_ordered, stall and partial sends
//         next to a naive model of each client.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "proto/url.h"
#include "shard/fanout.h"
#include "shard/interest_filter.h"
#include "tests/support/fake_member.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

constexpr size_t kQueueBytesMax = base::kQueueBytesMin;
const std::vector<std::string> kPatterns = {"/",      "/a",  "/a/",  "/a/b", "/a/b/",
                                            "/a/b/c", "/ab", "/ab/", "/c/",  "/c/d"};
const std::vector<std::string> kUrls = {"/",   "/a",    "/a/", "/a/b", "/a/b/c", "/a/bb",
                                        "/ab", "/ab/x", "/c",  "/c/d", "/e"};

struct Client {
  explicit Client(FakeTurn& turn) : member(turn) {}

  FakeMember member;
  std::set<std::string> patterns;
  bool muted = false;
  bool stalled = false;
  bool open = true;
  std::string expected;  // all that it is to receive

  size_t pending() const { return expected.size() - member.composed_bytes(); }
  bool wants(const std::string& url) const {
    if (muted || member.gone()) return false;
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return proto::url_matches(pattern, url);
    });
  }
};

class World {
 public:
  World(uint64_t seed, size_t clients, size_t packet_bytes_max)
      : random_(seed), packet_bytes_max_(packet_bytes_max) {
    for (size_t i = 0; i < clients; ++i) add_client();
  }

  void step() {
    Client& client = *clients_[random_() % clients_.size()];
    switch (random_() % 16) {
      case 0:
        return subscribe(client);
      case 1:
        return unsubscribe(client);
      case 2:
        return mute(client);
      case 3:
        return push_ordered(client);
      case 4:
        client.stalled = !client.stalled && random_() % 2 == 0;
        return;
      case 5:
        if (random_() % 8 == 0) leave(client);
        return replace_gone();
      case 6:
      case 7:
        turn_.flush(random_() % 4);
        return;
      case 8:
        turn_.flush(SIZE_MAX);
        return;
      case 9:
      case 10:
      case 11:
        return client.member.take(client.stalled ? 0 : 1 + random_() % 60'000);
      default:
        return publish();
    }
  }

  void check() {
    uint64_t pending = 0;
    for (const auto& client : clients_) {
      const FakeMember& member = client->member;
      ASSERT_EQ(client->expected.compare(0, member.received().size(), member.received()), 0);
      if (member.gone()) continue;
      ASSERT_EQ(fanout_.pending_bytes(member), client->pending());
      ASSERT_LE(fanout_.pending_bytes(member), kQueueBytesMax);
      pending += fanout_.pending_packets(member);
      const std::vector<std::string> patterns = fanout_.patterns_of(member);
      ASSERT_EQ(std::set<std::string>(patterns.begin(), patterns.end()), client->patterns);
      ASSERT_EQ(patterns.size(), client->patterns.size());
    }
    const Fanout::Stats& stats = fanout_.stats();
    ASSERT_EQ(stats.offered.get(), offered_);
    ASSERT_EQ(stats.offered.get(), stats.sent.get() + stats.dropped.get() + pending);
    ASSERT_EQ(stats.overflows.get(), overflows_);
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
    for (const auto& client : clients_) {
      if (client->member.gone()) continue;
      // Not ASSERT_EQ: nobody reads a megabyte.
      ASSERT_EQ(client->member.received().size(), client->expected.size());
      ASSERT_TRUE(client->member.received() == client->expected);
    }
  }

  uint64_t overflows() const { return overflows_; }

 private:
  void add_client() { clients_.push_back(std::make_unique<Client>(turn_)); }
  void replace_gone() {
    const size_t gone = std::erase_if(
        clients_, [](const std::unique_ptr<Client>& client) { return client->member.gone(); });
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
    client.member.leave();
    client.open = false;
  }
  void mute(Client& client) {
    if (client.member.gone()) return;
    client.muted = !client.muted;
    fanout_.set_audience(client.member, client.muted ? Audience::muted : Audience::listening);
  }
  void push_ordered(Client& client) {
    const std::string marker = "<reply " + std::to_string(++packets_) + ">";
    if (client.member.gone() || client.pending() + marker.size() > kQueueBytesMax) return;
    client.expected += marker;
    fanout_.push_ordered(client.member, test::slice_of(replies_, marker));
  }
  void publish() {
    const std::string url = kUrls[random_() % kUrls.size()];
    std::string packet = "<" + std::to_string(++packets_) + url;
    const size_t bytes = random_() % 8 == 0 ? packet_bytes_max_ : 100;
    packet.resize(packet.size() + random_() % bytes, static_cast<char>('a' + packets_ % 26));
    packet += '>';
    uint64_t wanting = 0;
    std::set<const Client*> over;
    for (const auto& client : clients_) {
      if (!client->wants(url)) continue;
      ++wanting;
      if (client->pending() + packet.size() > kQueueBytesMax) {
        over.insert(client.get());
      } else {
        client->expected += packet;
      }
    }
    offered_ += wanting;
    overflows_ += over.size();
    const engine::Slice slice = test::slice_of(random_() % 5 == 0 ? replies_ : writer_, packet);
    EXPECT_EQ(fanout_.publish(url, slice), wanting);
    for (const auto& client : clients_) {
      const bool expected = over.count(client.get()) > 0;
      EXPECT_TRUE(!expected || client->member.overflowed()) << "its queue is full";
      EXPECT_TRUE(expected || client->open == !client->member.gone()) << "nobody else's is";
      client->open = !client->member.gone();
    }
  }

  std::mt19937_64 random_;
  const size_t packet_bytes_max_;
  InterestFilter filter_;
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  engine::BlockWriter replies_{pool_};
  Fanout fanout_{pool_, filter_, kQueueBytesMax};
  FakeTurn turn_{fanout_};
  std::vector<std::unique_ptr<Client>> clients_;
  uint64_t packets_ = 0;
  uint64_t offered_ = 0;
  uint64_t overflows_ = 0;
};

/// Returns how many queues overflowed.
uint64_t run(uint64_t seed, size_t clients, size_t packet_bytes_max, int steps) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  auto world = std::make_unique<World>(seed, clients, packet_bytes_max);
  for (int step = 0; step < steps; ++step) {
    world->step();
    if (step % 8 == 0) world->check();
    if (step % 700 == 699) world->drain();
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "step " << step;
      return 0;
    }
  }
  world->drain();
  world->check();
  return world->overflows();
}

TEST(Fanout, SmallPacketsToFewClients) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    run(seed, 3, 300, 2'000);
    if (HasFailure()) return;
  }
}

TEST(Fanout, SmallPacketsToCohortsThatCopy) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    run(seed, 40, 3'000, 3'000);
    if (HasFailure()) return;
  }
}

TEST(Fanout, LargePacketsFillQueues) {
  uint64_t overflows = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    overflows += run(seed, 12, 250'000, 2'000);
    if (HasFailure()) return;
  }
  EXPECT_GT(overflows, 10U) << "the bound was tried";
}

}  // namespace
}  // namespace ringroad::shard
