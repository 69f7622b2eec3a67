#include "bench/micro/shard_world.h"

#include "base/check.h"
#include "bench/micro/per.h"

namespace ringroad::bench {

ShardWorld::ShardWorld() {
  // Whatever a client sends to a URL is published; the queue holds a round of every benchmark.
  const shard::ShardConfig config = {
      .session = {.relay_prefix = "/relay/", .queue_bytes_max = 16 * 1'048'576}};
  shard_ = std::make_unique<shard::Shard>(0, io_, config, router_, application_, patterns_);
  router_.add(*shard_);
  shard_->start(NullIo::kListener, NullIo::kDatagrams);
}

ShardWorld::~ShardWorld() {
  shard_->request_stop();
  for (int turns = 0; !shard_->stopped(); ++turns) {
    CHECK(turns < 1'000);
    shard_->turn();
  }
}

engine::Socket ShardWorld::add_client(std::span<const std::string> patterns) {
  const engine::Socket socket = io_.connect_peer();
  run();
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
  io_.deliver(socket, bytes);
  run();
  return socket;
}

void ShardWorld::publish(const proto::PacketSpec& packet, Channel channel) {
  CHECK(router_.publish(packet, channel).ok());
}

void ShardWorld::run() {
  do {
    shard_->turn();
  } while (!io_.idle());
}

}  // namespace ringroad::bench
