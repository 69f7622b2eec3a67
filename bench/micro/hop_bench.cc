// Question: what does it cost that a publish crosses to other shards, and what do two shards bring?
// Method:   shards on NullIo; a client of shard 0 sends DATAGRAMs, 32 in a receive, which are relayed.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "bench/micro/per.h"
#include "bench/micro/shard_world.h"

namespace ringroad::bench {
namespace {

constexpr size_t kPublishes = 32;
constexpr size_t kClients = 2'000;  // of all shards together
constexpr std::string_view kUrl = "/relay/fleet/north/KAB3DE/pos";
const std::string kPattern = "/relay/";
const std::string kData(128, 'd');

std::vector<std::byte> publishes() {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < kPublishes; ++i) {
    append(bytes, {.type = proto::PacketType::datagram, .url = kUrl, .data = kData});
  }
  return bytes;
}

const size_t kBytesEach =
    proto::packet_bytes({.type = proto::PacketType::publish, .url = kUrl, .data = kData});

// So many shards, of which so many (those with the lowest index) have one subscriber. One thread
// runs them all: the processor time of a hop at both of its ends.
void bm_hop(benchmark::State& state) {
  const auto shards = static_cast<uint32_t>(state.range(0));
  const auto interested = static_cast<uint32_t>(state.range(1));
  ShardWorld world(shards);
  for (uint32_t i = 0; i < interested; ++i) world.add_client({&kPattern, 1}, i);
  const engine::Socket publisher = world.add_client({});
  const std::vector<std::byte> bytes = publishes();
  uint64_t before = 0;
  for (uint32_t i = 0; i < shards; ++i) before += world.io(i).sent_bytes();
  for (auto _ : state) {
    world.io().deliver(publisher, bytes);
    for (uint32_t i = 0; i < interested; ++i) world.run(i);
  }
  uint64_t after = 0;
  for (uint32_t i = 0; i < shards; ++i) after += world.io(i).sent_bytes();
  CHECK(after - before == interested * kPublishes * kBytesEach * state.iterations());
  per(state, "per_publish", kPublishes);
}
BENCHMARK(bm_hop)->Args({1, 1})->Args({2, 1})->Args({16, 1})->Args({2, 2})->Args({4, 4})->Args(
    {16, 16});

/// What the threads of one run share; made and destroyed by thread 0, outside of the timed loop.
struct Crew {
  explicit Crew(uint32_t shards) : world(shards), rounds(shards) {}
  ShardWorld world;
  std::vector<std::atomic<uint64_t>> rounds;  // by shard: those it has sent
};
std::unique_ptr<Crew> crew;

constexpr uint64_t kAheadMax = 4;  // rounds that shard 0 publishes before the slowest has sent them

// A thread for each shard, and as many clients in all whatever their number.
void bm_shards(benchmark::State& state) {
  const auto self = static_cast<uint32_t>(state.thread_index());
  const auto shards = static_cast<uint32_t>(state.threads());
  const std::vector<std::byte> bytes = publishes();
  engine::Socket publisher;
  if (self == 0) {
    crew = std::make_unique<Crew>(shards);
    for (size_t i = 0; i < kClients; ++i) {
      crew->world.add_client({&kPattern, 1}, static_cast<uint32_t>(i % shards));
    }
    publisher = crew->world.add_client({});
  }
  uint64_t due = 0;
  uint64_t round = 0;
  for (auto _ : state) {
    ShardWorld& world = crew->world;
    if (round == 0) due = world.io(self).sent_bytes();
    due += kClients / shards * kPublishes * kBytesEach;
    ++round;
    if (self == 0) {
      for (uint32_t i = 1; i < shards; ++i) {
        while (crew->rounds[i].load(std::memory_order_acquire) + kAheadMax < round) {
          std::this_thread::yield();
        }
      }
      world.io().deliver(publisher, bytes);
    }
    while (world.io(self).sent_bytes() < due) {
      world.run(self);
    }
    crew->rounds[self].store(round, std::memory_order_release);
  }
  if (self == 0) {
    state.counters["per_delivery"] =
        benchmark::Counter(static_cast<double>(kClients * kPublishes * round),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    crew.reset();
  }
}
BENCHMARK(bm_shards)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace ringroad::bench
