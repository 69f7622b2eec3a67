// Question: what does a publish cost inside the fan-out: the append, and the flush per delivery?
// Method:   a Fanout whose members are no sessions; packets come from the shard's own writer, as
//           they do in a shard. Appends alone: the flush between two rounds is not timed.
#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "bench/micro/fanout_world.h"
#include "bench/micro/fleet_urls.h"
#include "bench/micro/per.h"
#include "bench/micro/queue_fanout.h"

namespace ringroad::bench {
namespace {

constexpr std::string_view kUrl = "/fleet/north/KAB3DE/pos";
constexpr size_t kAppends = 512;  // of one round: less than one send takes

std::vector<std::byte> packet_of(size_t data_bytes) {
  const std::string data(data_bytes, 'd');
  return encoded({.type = proto::PacketType::publish, .url = kUrl, .data = data});
}

/// `publishes` rounds to everybody; the packet is copied to the shard's writer as on_message() does.
size_t publish(FanoutWorld& world, std::span<const std::byte> packet, size_t publishes) {
  size_t clients = 0;
  for (size_t i = 0; i < publishes; ++i) {
    clients += world.fanout.publish(kUrl, world.writer.copy(packet));
  }
  return clients;
}

void check(const FanoutWorld& world, size_t packet_bytes) {
  CHECK(world.fanout.stats().offered.get() == world.fanout.stats().sent.get());
  CHECK(world.turn.sent_bytes == world.fanout.stats().sent.get() * packet_bytes);
}

// A publish to one cohort of so many, up to the append.
void bm_append(benchmark::State& state) {
  FanoutWorld world;
  const auto members = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < members; ++i) world.add("/fleet/");
  const std::vector<std::byte> packet = packet_of(128);
  for (auto _ : state) {
    benchmark::DoNotOptimize(publish(world, packet, kAppends));
    state.PauseTiming();
    world.flush();
    state.ResumeTiming();
  }
  check(world, packet.size());
  per(state, "per_publish", kAppends);
}
BENCHMARK(bm_append)->Arg(1)->Arg(1'000)->Arg(10'000);

// The same, with so many bytes of data: the copy to the shard's block.
void bm_append_bytes(benchmark::State& state) {
  FanoutWorld world;
  for (size_t i = 0; i < base::kCopyMembersMin; ++i) world.add("/fleet/");
  const std::vector<std::byte> packet = packet_of(static_cast<size_t>(state.range(0)));
  const size_t appends = std::min(kAppends, base::kSendBytesMax / packet.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(publish(world, packet, appends));
    state.PauseTiming();
    world.flush();
    state.ResumeTiming();
  }
  check(world, packet.size());
  per(state, "per_publish", appends);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(appends * packet.size()));
}
BENCHMARK(bm_append_bytes)->Arg(0)->Arg(1'024)->Arg(4'000);

// The same to so many cohorts of one: each member has a pattern of its own besides. Eleven of them
// fit the memo; more are matched each time.
void bm_append_apart(benchmark::State& state) {
  FanoutWorld world;
  const auto members = static_cast<size_t>(state.range(0));
  for (const std::string& url : vehicle_urls(members, 1)) {
    const std::vector<std::string> patterns = {url, "/fleet/"};
    world.fanout.subscribe(world.add(), patterns);
  }
  CHECK(world.fanout.cohorts() == members);
  const std::vector<std::byte> packet = packet_of(128);
  constexpr size_t kPublishes = 16;
  for (auto _ : state) {
    benchmark::DoNotOptimize(publish(world, packet, kPublishes));
    state.PauseTiming();
    world.flush();
    state.ResumeTiming();
  }
  check(world, packet.size());
  per(state, "per_publish", kPublishes);
  per(state, "per_append", kPublishes * members);
}
BENCHMARK(bm_append_apart)->Arg(11)->Arg(1'000)->Arg(10'000);

// Append and flush: members, publishes before each flush.
void bm_fanout(benchmark::State& state) {
  FanoutWorld world;
  const auto members = static_cast<size_t>(state.range(0));
  const auto publishes = static_cast<size_t>(state.range(1));
  for (size_t i = 0; i < members; ++i) world.add("/fleet/");
  const std::vector<std::byte> packet = packet_of(128);
  for (auto _ : state) {
    benchmark::DoNotOptimize(publish(world, packet, publishes));
    world.flush();
  }
  check(world, packet.size());
  per(state, "per_delivery", members * publishes);
}
BENCHMARK(bm_fanout)->ArgsProduct({{1, 100, 1'000, 10'000}, {1, 32}});

// The same with a queue for each member instead of the cohort's log.
void bm_fanout_queues(benchmark::State& state) {
  const auto members = static_cast<size_t>(state.range(0));
  const auto publishes = static_cast<size_t>(state.range(1));
  QueueFanout queues(members);
  const std::vector<std::byte> packet = packet_of(128);
  uint64_t offered = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < publishes; ++i) offered += queues.publish(queues.writer.copy(packet));
    queues.flush();
  }
  CHECK(queues.sent_bytes() == offered * packet.size());
  per(state, "per_delivery", members * publishes);
}
BENCHMARK(bm_fanout_queues)->ArgsProduct({{100, 1'000, 10'000}, {1, 32}});

// And where the packets of a turn do not lie behind each other: others are published in between.
void bm_fanout_apart(benchmark::State& state) {
  FanoutWorld world;
  const auto members = static_cast<size_t>(state.range(0));
  const auto publishes = static_cast<size_t>(state.range(1));
  for (size_t i = 0; i < members; ++i) world.add("/fleet/");
  const std::vector<std::byte> packet = packet_of(128);
  for (auto _ : state) {
    for (size_t i = 0; i < publishes; ++i) {
      publish(world, packet, 1);
      benchmark::DoNotOptimize(world.writer.copy(packet));
    }
    world.flush();
  }
  check(world, packet.size());
  per(state, "per_delivery", members * publishes);
}
BENCHMARK(bm_fanout_apart)->ArgsProduct({{100, 1'000, 10'000}, {32}});

void bm_fanout_queues_apart(benchmark::State& state) {
  const auto members = static_cast<size_t>(state.range(0));
  const auto publishes = static_cast<size_t>(state.range(1));
  QueueFanout queues(members);
  const std::vector<std::byte> packet = packet_of(128);
  uint64_t offered = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < publishes; ++i) {
      offered += queues.publish(queues.writer.copy(packet));
      benchmark::DoNotOptimize(queues.writer.copy(packet));
    }
    queues.flush();
  }
  CHECK(queues.sent_bytes() == offered * packet.size());
  per(state, "per_delivery", members * publishes);
}
BENCHMARK(bm_fanout_queues_apart)->ArgsProduct({{100, 1'000, 10'000}, {32}});

}  // namespace
}  // namespace ringroad::bench
