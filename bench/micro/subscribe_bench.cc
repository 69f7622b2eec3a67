// Question: what does a subscription cost, in time and memory, among many others?
// Method:   rounds of 1,000 vehicles come and go; only one of the two is timed. In the trie alone, and
//           in the fan-out, where each of them is a cohort of one, or all are one cohort, or four are.
#include <malloc.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/micro/fanout_world.h"
#include "bench/micro/fleet_urls.h"
#include "bench/micro/per.h"
#include "shard/subscription_trie.h"

namespace ringroad::bench {
namespace {

constexpr size_t kRound = 1'000;

/// Which round of vehicles comes next, and which one goes. Half of the rounds are always out, so that
/// what comes back was last touched long ago, as it is with real clients; a small fleet has one
/// round, it stays in the cache anyway.
class Rotation {
 public:
  explicit Rotation(size_t population) : rounds_(std::clamp<size_t>(population / 2'000, 1, 50)) {}

  size_t vehicles() const { return rounds_ * kRound; }
  /// The rounds before this one are out at the start.
  size_t first_in() const { return std::max<size_t>(rounds_ / 2, 1); }
  size_t coming() const { return next_ % rounds_; }
  size_t going() const { return (next_ + rounds_ / 2) % rounds_; }
  void advance() { ++next_; }

 private:
  const size_t rounds_;
  size_t next_ = 0;
};

/// A trie of so many vehicles, and the rounds that come and go.
class TrieRounds {
 public:
  explicit TrieRounds(size_t patterns) : rotation_(patterns) {
    const size_t out = rotation_.first_in() * kRound;
    const size_t others = rotation_.vehicles();
    vehicles_ = vehicle_urls(patterns + out, 1);
    ids_.resize(others);
    for (size_t i = out; i < vehicles_.size(); ++i) {
      const shard::PatternId id = trie_.add(vehicles_[i]);
      if (i < others) ids_[i] = id;
    }
    vehicles_.resize(others);
  }
  void add() {
    const size_t first = rotation_.coming() * kRound;
    for (size_t i = first; i < first + kRound; ++i) ids_[i] = trie_.add(vehicles_[i]);
  }
  void remove() {
    const size_t first = rotation_.going() * kRound;
    for (size_t i = first; i < first + kRound; ++i) trie_.remove(ids_[i]);
    rotation_.advance();
  }
  double bytes_per_pattern() const {
    return static_cast<double>(trie_.memory_bytes()) / static_cast<double>(trie_.size());
  }

 private:
  Rotation rotation_;
  shard::SubscriptionTrie trie_;
  std::vector<std::string> vehicles_;  // of all rounds, behind each other
  std::vector<shard::PatternId> ids_;
};

void bm_trie_add(benchmark::State& state) {
  TrieRounds round(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    round.add();
    state.PauseTiming();
    round.remove();
    state.ResumeTiming();
  }
  per(state, "per_pattern", kRound);
  state.counters["bytes_per_pattern"] = round.bytes_per_pattern();
}
BENCHMARK(bm_trie_add)->Arg(1'000)->Arg(100'000)->Arg(250'000);

void bm_trie_remove(benchmark::State& state) {
  TrieRounds round(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    round.add();
    state.ResumeTiming();
    round.remove();
  }
  per(state, "per_pattern", kRound);
}
BENCHMARK(bm_trie_remove)->Arg(1'000)->Arg(100'000)->Arg(250'000);

enum class Own : uint8_t { vehicle, quarter, shared };

/// What so many members subscribe to: each to its own vehicle, or four to each vehicle, in random
/// order, or all to the fleet.
std::vector<std::string> patterns_of(size_t members, Own own) {
  if (own == Own::shared) return std::vector<std::string>(members, "/fleet/");
  if (own == Own::vehicle) return vehicle_urls(members, 1);
  const std::vector<std::string> vehicles = vehicle_urls((members + 3) / 4, 1);
  std::vector<std::string> patterns;
  patterns.reserve(members);
  for (size_t i = 0; i < members; ++i) patterns.push_back(vehicles[i / 4]);
  std::shuffle(patterns.begin(), patterns.end(), std::mt19937_64(2));
  return patterns;
}

/// Members that have subscribed, and rounds of them that come and go.
class MemberRounds {
 public:
  MemberRounds(size_t members, Own own) : rotation_(members) {
    const size_t out = rotation_.first_in() * kRound;
    patterns_ = patterns_of(members + out, own);
    members_.reserve(patterns_.size());
    for (size_t i = 0; i < out; ++i) members_.push_back(&world_.add());
    const size_t before = heap_bytes();
    for (size_t i = out; i < patterns_.size(); ++i) {
      members_.push_back(&world_.add());
      subscribe_one(i);
    }
    bytes_per_member_ = static_cast<double>(heap_bytes() - before) / static_cast<double>(members);
  }
  void subscribe() {
    const size_t first = rotation_.coming() * kRound;
    for (size_t i = first; i < first + kRound; ++i) subscribe_one(i);
  }
  void unsubscribe() {
    const size_t first = rotation_.going() * kRound;
    for (size_t i = first; i < first + kRound; ++i) {
      world_.fanout.unsubscribe(*members_[i], {&patterns_[i], 1});
    }
    rotation_.advance();
  }
  /// Finds everybody who wants the pattern's own URL: how many?
  size_t reach(size_t pattern) { return world_.fanout.publish_quick(patterns_[pattern], {}); }
  /// As the allocator counts them: the member, its cohort, its pattern. 0 under sanitizers.
  double bytes_per_member() const { return bytes_per_member_; }

 private:
  static size_t heap_bytes() {
    const auto heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;  // large vectors are mapped
  }
  void subscribe_one(size_t i) { world_.fanout.subscribe(*members_[i], {&patterns_[i], 1}); }

  Rotation rotation_;
  FanoutWorld world_;
  std::vector<std::string> patterns_;
  std::vector<NullMember*> members_;
  double bytes_per_member_ = 0;
};

void subscribe(benchmark::State& state, Own own) {
  MemberRounds round(static_cast<size_t>(state.range(0)), own);
  for (auto _ : state) {
    round.subscribe();
    state.PauseTiming();
    round.unsubscribe();
    state.ResumeTiming();
  }
  per(state, "per_subscribe", kRound);
  state.counters["bytes_per_member"] = round.bytes_per_member();
  state.counters["of_that_the_member"] = sizeof(NullMember);
}

void unsubscribe(benchmark::State& state, Own own) {
  MemberRounds round(static_cast<size_t>(state.range(0)), own);
  for (auto _ : state) {
    state.PauseTiming();
    round.subscribe();
    state.ResumeTiming();
    round.unsubscribe();
  }
  per(state, "per_unsubscribe", kRound);
}

void member_counts(benchmark::internal::Benchmark* benchmark) {
  for (const int count : {1'000, 100'000, 250'000}) benchmark->Arg(count);
}

// So many members take long to set up: once per repetition, not for each guess how often to repeat.
void million(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1'000'000)->Iterations(100);
}

void bm_subscribe_own(benchmark::State& state) {
  subscribe(state, Own::vehicle);
}
BENCHMARK(bm_subscribe_own)->Apply(member_counts);
void bm_unsubscribe_own(benchmark::State& state) {
  unsubscribe(state, Own::vehicle);
}
BENCHMARK(bm_unsubscribe_own)->Apply(member_counts);
void bm_subscribe_shared(benchmark::State& state) {
  subscribe(state, Own::shared);
}
BENCHMARK(bm_subscribe_shared)->Apply(member_counts);
void bm_unsubscribe_shared(benchmark::State& state) {
  unsubscribe(state, Own::shared);
}
BENCHMARK(bm_unsubscribe_shared)->Apply(member_counts);
// Four members per pattern.
void bm_subscribe_quarter(benchmark::State& state) {
  subscribe(state, Own::quarter);
}
BENCHMARK(bm_subscribe_quarter)->Arg(1'000)->Apply(million);
void bm_unsubscribe_quarter(benchmark::State& state) {
  unsubscribe(state, Own::quarter);
}
BENCHMARK(bm_unsubscribe_quarter)->Arg(1'000)->Apply(million);

// From a URL to its four members, up to the call that would send: not published lately, or lately.
void reach(benchmark::State& state, size_t urls) {
  MemberRounds round(static_cast<size_t>(state.range(0)), Own::quarter);
  size_t next = 0;
  size_t reached = 0;
  for (auto _ : state) {
    reached += round.reach(next);
    next = next + 1 == urls ? 0 : next + 1;
  }
  CHECK(reached > 0);
  per(state, "per_publish", 1);
}
void bm_reach_cold(benchmark::State& state) {
  reach(state, static_cast<size_t>(state.range(0)));
}
BENCHMARK(bm_reach_cold)->Arg(1'000'000)->Iterations(1'000'000);
void bm_reach_hot(benchmark::State& state) {
  reach(state, 64);
}
BENCHMARK(bm_reach_hot)->Arg(1'000'000)->Iterations(1'000'000);

}  // namespace
}  // namespace ringroad::bench
