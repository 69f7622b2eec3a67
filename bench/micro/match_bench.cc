// Question: what does it cost to find who wants a URL, with 1,000 to 250,000 patterns?
// Method:   one pattern per vehicle and one per region, each vehicle publishes, in random
//           order; hot: the memo knows the answer.
#include <time.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/micro/fleet_urls.h"
#include "bench/micro/per.h"
#include "bench/micro/prefix_hash.h"
#include "shard/interest_filter.h"
#include "shard/match_memo.h"
#include "shard/route_table.h"
#include "shard/subscription_trie.h"

namespace ringroad::bench {
namespace {

constexpr uint64_t kVersion = 1;

void pattern_counts(benchmark::internal::Benchmark* benchmark) {
  for (const int count : {1'000, 100'000, 250'000}) benchmark->Arg(count);
}

/// A trie of `patterns` vehicles and all regions, and URLs that are published.
struct Fleet {
  explicit Fleet(size_t patterns) : hash(patterns + kRegions.size()) {
    std::vector<std::string> urls = vehicle_urls(patterns, 1);
    for (const std::string_view region : kRegions)
      urls.push_back("/fleet/" + std::string(region) + "/");
    for (const std::string& url : urls) trie.add(url);
    for (const std::string& url : urls) hash.add(url);
    for (const std::string& url : urls) map.add(url);
    urls.resize(patterns);
    std::shuffle(urls.begin(), urls.end(), std::mt19937_64(2));
    // Behind each other, in the order of use: what is measured is the index's memory, not theirs;
    // a server has just received the URL.
    for (const std::string& url : urls) texts += url + "pos";
    const std::string_view all = texts;
    size_t at = 0;
    for (const std::string& url : urls) {
      probes.push_back(all.substr(at, url.size() + 3));
      at += url.size() + 3;
    }
  }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  shard::SubscriptionTrie trie;
  PrefixHash hash;
  PrefixMap map;
  std::string texts;
  std::vector<std::string_view> probes;
};

void bm_match_trie(benchmark::State& state) {
  const Fleet fleet(static_cast<size_t>(state.range(0)));
  size_t next = 0;
  uint64_t matches = 0;
  for (auto _ : state) {
    fleet.trie.match(fleet.probes[next], [&matches](shard::PatternId id) {
      benchmark::DoNotOptimize(id);
      ++matches;
    });
    next = next + 1 == fleet.probes.size() ? 0 : next + 1;
  }
  CHECK(matches == 2 * static_cast<uint64_t>(state.iterations()));
  per(state, "per_match", 1);
  state.counters["bytes_per_pattern"] =
      static_cast<double>(fleet.trie.memory_bytes()) / static_cast<double>(fleet.trie.size());
}
BENCHMARK(bm_match_trie)->Apply(pattern_counts);

uint64_t thread_nanoseconds() {
  timespec now;
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// Asks one index after the other for the next kTurn URLs each.
class Turns {
 public:
  static constexpr size_t kTurn = 512;

  explicit Turns(const Fleet& fleet) : fleet_(fleet) {}

  /// Adds to `total` the nanoseconds it took.
  template <typename Index>
  void take(const Index& index, uint64_t& total) {
    const uint64_t begin = thread_nanoseconds();
    for (size_t i = 0; i < kTurn; ++i) {
      index.match(fleet_.probes[next_], [this](uint32_t id) {
        benchmark::DoNotOptimize(id);
        ++matches_;
      });
      next_ = next_ + 1 == fleet_.probes.size() ? 0 : next_ + 1;
    }
    total += thread_nanoseconds() - begin;
  }
  uint64_t matches() const { return matches_; }

 private:
  const Fleet& fleet_;
  size_t next_ = 0;
  uint64_t matches_ = 0;
};

// The trie and the yardsticks in turns: whatever else the machine does, it does to all of them.
void bm_match_beside(benchmark::State& state) {
  const Fleet fleet(static_cast<size_t>(state.range(0)));
  Turns turns(fleet);
  uint64_t trie_ns = 0;
  uint64_t hash_ns = 0;
  uint64_t map_ns = 0;
  for (auto _ : state) {
    turns.take(fleet.trie, trie_ns);
    turns.take(fleet.hash, hash_ns);
    turns.take(fleet.map, map_ns);
  }
  const uint64_t each = Turns::kTurn * static_cast<uint64_t>(state.iterations());
  CHECK(turns.matches() == 3 * 2 * each);
  const auto seconds = [each](uint64_t ns) {
    return static_cast<double>(ns) / 1e9 / static_cast<double>(each);
  };
  state.counters["trie"] = seconds(trie_ns);
  state.counters["hash"] = seconds(hash_ns);
  state.counters["map"] = seconds(map_ns);
  state.counters["trie_to_hash"] = static_cast<double>(trie_ns) / static_cast<double>(hash_ns);
  state.counters["trie_to_map"] = static_cast<double>(trie_ns) / static_cast<double>(map_ns);
  state.counters["hash_bytes_per_pattern"] =
      static_cast<double>(fleet.hash.memory_bytes()) / static_cast<double>(fleet.hash.size());
}
BENCHMARK(bm_match_beside)->Apply(pattern_counts);

// As Fanout does it for a URL that it has not seen: the memo says no, the trie answers, the memo
// keeps it. A new version each round makes every one of them unknown again.
void bm_match_cold(benchmark::State& state) {
  const Fleet fleet(static_cast<size_t>(state.range(0)));
  auto memo = std::make_unique<shard::MatchMemo>();
  std::vector<uint32_t> ids;
  size_t next = 0;
  uint64_t version = kVersion;
  for (auto _ : state) {
    const std::string_view url = fleet.probes[next];
    benchmark::DoNotOptimize(memo->find(url, version));
    ids.clear();
    fleet.trie.match(url, [&ids](shard::PatternId id) { ids.push_back(id); });
    memo->store(url, version, ids);
    next = next + 1 == fleet.probes.size() ? 0 : next + 1;
    version += next == 0 ? 1 : 0;
  }
  CHECK(memo->hits().get() == 0);
  per(state, "per_match", 1);
}
BENCHMARK(bm_match_cold)->Apply(pattern_counts);

// So many URLs that are published again and again.
void bm_match_hot(benchmark::State& state) {
  auto memo = std::make_unique<shard::MatchMemo>();
  const std::vector<uint32_t> ids = {1, 2};
  std::vector<std::string> urls = vehicle_urls(static_cast<size_t>(state.range(0)), 1);
  for (const std::string& url : urls) memo->store(url, kVersion, ids);
  std::erase_if(urls, [&](const std::string& url) { return memo->find(url, kVersion) == nullptr; });
  size_t next = 0;
  for (auto _ : state) {
    const shard::MatchMemo::Entry* entry = memo->find(urls[next], kVersion);
    CHECK(entry != nullptr);
    benchmark::DoNotOptimize(entry->ids().data());
    next = next + 1 == urls.size() ? 0 : next + 1;
  }
  per(state, "per_match", 1);
}
BENCHMARK(bm_match_hot)->Arg(1)->Arg(64)->Arg(2'048);

// What a publisher asks each shard; the vehicles it asks for are not there.
void bm_interest_no(benchmark::State& state) {
  auto filter = std::make_unique<shard::InterestFilter>();
  for (const std::string& url : vehicle_urls(static_cast<size_t>(state.range(0)), 1))
    filter->add(url);
  const std::vector<std::string> urls = vehicle_urls(4'096, 3);
  size_t next = 0;
  uint64_t maybes = 0;
  for (auto _ : state) {
    maybes += filter->may_match(urls[next]) ? 1 : 0;
    next = next + 1 == urls.size() ? 0 : next + 1;
  }
  per(state, "per_question", 1);
  state.counters["false_maybe"] =
      benchmark::Counter(static_cast<double>(maybes), benchmark::Counter::kAvgIterations);
}
BENCHMARK(bm_interest_no)->Arg(0)->Arg(1'000)->Arg(10'000)->Arg(100'000);

// The handler of a call: so many commands, the one asked for is a prefix of the URL.
void bm_route(benchmark::State& state) {
  shard::RouteTable routes;
  std::vector<std::string> urls = vehicle_urls(static_cast<size_t>(state.range(0)), 1);
  for (const std::string& url : urls) routes.add(url, [](Call&) {});
  for (std::string& url : urls) url += "door/left";
  size_t next = 0;
  for (auto _ : state) {
    const Server::CommandHandler* handler = routes.find(urls[next]);
    CHECK(handler != nullptr);
    benchmark::DoNotOptimize(handler);
    next = next + 1 == urls.size() ? 0 : next + 1;
  }
  per(state, "per_call", 1);
}
BENCHMARK(bm_route)->Arg(10)->Arg(1'000);

}  // namespace
}  // namespace ringroad::bench
