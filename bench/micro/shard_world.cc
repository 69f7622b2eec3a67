#include "bench/micro/shard_world.h"

#include "base/check.h"
#include "bench/micro/per.h"

namespace ringroad::bench {

ShardWorld::ShardWorld(uint32_t shards) {
  // Whatever a client sends to a URL is published; the queue holds a round of every benchmark.
  const shard::ShardConfig config = {
      .session = {.relay_prefix = "/relay/", .queue_bytes_max = 16 * 1'048'576}, .shards = shards};
  for (uint32_t i = 0; i < shards; ++i) {
    seats_.push_back(std::make_unique<Seat>());
    Seat& seat = *seats_.back();
    seat.shard = std::make_unique<shard::Shard>(i, seat.io, config, router_, application_,
                                                patterns_, logins_);
    router_.add(*seat.shard);
  }
  for (const auto& seat : seats_) seat->shard->start(NullIo::kListener, NullIo::kDatagrams);
}

ShardWorld::~ShardWorld() {
  for (const auto& seat : seats_) seat->shard->request_stop();
  for (const auto& seat : seats_) {
    for (int turns = 0; !seat->shard->stopped(); ++turns) {
      CHECK(turns < 1'000);
      seat->shard->turn();
    }
  }
}

engine::Socket ShardWorld::add_client(std::span<const std::string> patterns, uint32_t shard) {
  const engine::Socket socket = io(shard).connect_peer();
  run(shard);
  std::vector<std::byte> bytes;
  append(bytes, {.type = proto::PacketType::servinfo,
                 .flags = proto::kFlagTunnel,
                 .tunnel_id = 4'000,
                 .param = "{}"});
  for (const std::string& pattern : patterns) {
    append(bytes, {.type = proto::PacketType::subscribe, .seqno = 1, .url = pattern});
  }
  // Ends the silence after the handshake, also without a subscription.
  append(bytes, {.type = proto::PacketType::noop});
  io(shard).deliver(socket, bytes);
  run(shard);
  return socket;
}

void ShardWorld::publish(const proto::PacketSpec& packet, Channel channel) {
  CHECK(router_.publish(packet, channel).ok());
}

void ShardWorld::run(uint32_t shard) {
  Seat& seat = *seats_[shard];
  do {
    seat.shard->turn();
  } while (!seat.io.idle());
}

}  // namespace ringroad::bench
