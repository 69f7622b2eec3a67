// Question: what does our own code cost per delivery and per call, from the publisher's encode to
//           the send, without the kernel?
// Method:   one shard on NullIo, as many publishes as the second argument before the shard runs
//           until it would sleep. More publishes in a turn leave in the same send.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/micro/fleet_urls.h"
#include "bench/micro/per.h"
#include "bench/micro/shard_world.h"

namespace ringroad::bench {
namespace {

constexpr std::string_view kUrl = "/relay/fleet/north/KAB3DE/pos";
const std::string kPattern = "/relay/";
const std::string kData(128, 'd');

proto::PacketSpec packet_of(proto::PacketType type, std::string_view url) {
  return {.type = type, .url = url, .data = kData};
}
proto::PacketSpec publish_of(std::string_view url) {
  return packet_of(proto::PacketType::publish, url);
}

void clients_and_publishes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{1, 1'000, 10'000}, {1, 32}});
}

/// Counts from here on, because the handshakes were sent, too.
class Tally {
 public:
  explicit Tally(ShardWorld& world)
      : world_(world), sends_(world.io().sends()), bytes_(world.io().sent_bytes()) {}

  /// Each of `packets` has left.
  void check(size_t packets, size_t packet_bytes) const {
    CHECK(world_.io().sent_bytes() - bytes_ == packets * packet_bytes);
  }
  void report_sends(benchmark::State& state, size_t packets) const {
    state.counters["packets_per_send"] =
        static_cast<double>(packets) / static_cast<double>(world_.io().sends() - sends_);
  }

 private:
  ShardWorld& world_;
  const uint64_t sends_;
  const uint64_t bytes_;
};

void report(benchmark::State& state, const Tally& tally, size_t deliveries) {
  const size_t total = deliveries * static_cast<size_t>(state.iterations());
  tally.check(total, proto::packet_bytes(publish_of(kUrl)));
  tally.report_sends(state, total);
  per(state, "per_delivery", deliveries);
}

void publish_all(benchmark::State& state, ShardWorld& world, size_t clients, size_t publishes) {
  const Tally tally(world);
  for (auto _ : state) {
    for (size_t i = 0; i < publishes; ++i) world.publish(publish_of(kUrl), Channel::normal);
    world.run();
  }
  report(state, tally, clients * publishes);
}

// All clients have the same subscription: one cohort.
void bm_shard_publish(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < clients; ++i) world.add_client({&kPattern, 1});
  publish_all(state, world, clients, static_cast<size_t>(state.range(1)));
}
BENCHMARK(bm_shard_publish)->Apply(clients_and_publishes);

// Each client has a pattern of its own besides: cohorts of one, which all get the publish.
void bm_shard_publish_apart(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  for (const std::string& url : vehicle_urls(clients, 1)) {
    const std::vector<std::string> patterns = {kPattern, url};
    world.add_client(patterns);
  }
  publish_all(state, world, clients, static_cast<size_t>(state.range(1)));
}
BENCHMARK(bm_shard_publish_apart)->ArgsProduct({{1'000}, {1, 32}});

// Each client follows a vehicle of its own, and each publish is for one of them, in random order.
void bm_shard_publish_own(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  const auto publishes = static_cast<size_t>(state.range(1));
  std::vector<std::string> urls = vehicle_urls(clients, 1);
  for (const std::string& url : urls) world.add_client({&url, 1});
  for (std::string& url : urls) url += "pos";
  std::shuffle(urls.begin(), urls.end(), std::mt19937_64(2));
  const Tally tally(world);
  size_t next = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < publishes; ++i) {
      world.publish(publish_of(urls[next]), Channel::normal);
      next = next + 1 == urls.size() ? 0 : next + 1;
    }
    world.run();
  }
  tally.check(publishes * static_cast<size_t>(state.iterations()),
              proto::packet_bytes(publish_of(urls.front())));
  per(state, "per_delivery", publishes);
}
BENCHMARK(bm_shard_publish_own)->ArgsProduct({{1'000, 10'000}, {1, 32}});

// By UDP: a look at each client, and a send_to() that does nothing.
void bm_shard_quick(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < clients; ++i) world.add_client({&kPattern, 1});
  for (auto _ : state) {
    world.publish(publish_of(kUrl), Channel::quick);
    world.run();
  }
  CHECK(world.io().datagrams() == clients * static_cast<size_t>(state.iterations()));
  per(state, "per_delivery", clients);
}
BENCHMARK(bm_shard_quick)->Arg(1)->Arg(1'000);

// The publisher is a client: so many DATAGRAMs in one receive, relayed to all the others.
void bm_shard_relay(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  const auto publishes = static_cast<size_t>(state.range(1));
  for (size_t i = 0; i < clients; ++i) world.add_client({&kPattern, 1});
  const engine::Socket publisher = world.add_client({});
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < publishes; ++i)
    append(bytes, packet_of(proto::PacketType::datagram, kUrl));
  const Tally tally(world);
  for (auto _ : state) {
    world.io().deliver(publisher, bytes);
    world.run();
  }
  report(state, tally, clients * publishes);
}
BENCHMARK(bm_shard_relay)->Apply(clients_and_publishes);

// Calls from so many clients, so many from each in one receive; the handler echoes.
void bm_shard_call(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  const auto calls = static_cast<size_t>(state.range(1));
  std::vector<engine::Socket> sockets;
  for (size_t i = 0; i < clients; ++i) sockets.push_back(world.add_client({}));
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < calls; ++i) append(bytes, packet_of(proto::PacketType::rpc, "/echo"));
  const Tally tally(world);
  for (auto _ : state) {
    for (const engine::Socket socket : sockets) world.io().deliver(socket, bytes);
    world.run();
  }
  const size_t total = clients * calls * static_cast<size_t>(state.iterations());
  tally.check(total, proto::packet_bytes({.type = proto::PacketType::rpc, .data = kData}));
  tally.report_sends(state, total);
  per(state, "per_call", clients * calls);
}
BENCHMARK(bm_shard_call)->ArgsProduct({{1, 1'000}, {1, 32}});

// A client's whole life among so many others: connect, handshake, a pattern of its own, the end.
void bm_shard_connect(benchmark::State& state) {
  ShardWorld world;
  const auto clients = static_cast<size_t>(state.range(0));
  std::vector<std::string> urls = vehicle_urls(clients + 1, 1);
  for (size_t i = 0; i < clients; ++i) world.add_client({&urls[i], 1});
  for (auto _ : state) {
    world.io().hang_up(world.add_client({&urls.back(), 1}));
    world.run();
  }
  CHECK(world.shard().stats().clients.get() == clients);
  per(state, "per_client", 1);
}
BENCHMARK(bm_shard_connect)->Arg(0)->Arg(1'000)->Arg(10'000);

}  // namespace
}  // namespace ringroad::bench
