// shard_world.h — whole shards on NullIo, and clients that have shaken hands and subscribed.
// Owner:  the benchmark.   Thread: one; publishes come from "another thread", by the mailbox. Once
//         everybody is there, each shard may be run by a thread of its own.
// Why here: a publish or a call through a shard, without the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/micro/null_io.h"
#include "shard/application.h"
#include "shard/logins.h"
#include "shard/pattern_directory.h"
#include "shard/router.h"
#include "shard/shard.h"

namespace ringroad::bench {

/// Answers every call with what it brought.
class EchoApplication final : public shard::Application {
 public:
  bool call(shard::Session& session, const proto::PacketView& packet) override {
    CHECK(session.reply(packet.header.seqno, {.param = packet.param, .data = packet.data}).ok());
    return true;
  }
  void data(const shard::Session&, const proto::PacketView&, Channel) override {}
  void presence(const shard::Session&, shard::Presence) override {}
};

class ShardWorld {
 public:
  explicit ShardWorld(uint32_t shards = 1);
  ~ShardWorld();  ///< Ends all clients and shards.
  ShardWorld(const ShardWorld&) = delete;
  ShardWorld& operator=(const ShardWorld&) = delete;

  /// A client that is active, takes quick packets, and has subscribed to each of these.
  engine::Socket add_client(std::span<const std::string> patterns, uint32_t shard = 0);
  /// From another thread.
  void publish(const proto::PacketSpec& packet, Channel channel);
  /// Turns until the shard would sleep: everything has been sent.
  void run(uint32_t shard = 0);

  NullIo& io(uint32_t shard = 0) { return seats_[shard]->io; }
  const shard::Shard& shard() const { return *seats_[0]->shard; }

 private:
  struct Seat {
    NullIo io;
    std::unique_ptr<shard::Shard> shard;
  };

  EchoApplication application_;
  shard::PatternDirectory patterns_;
  shard::Logins logins_;
  shard::Router router_;
  std::vector<std::unique_ptr<Seat>> seats_;  // by index
};

}  // namespace ringroad::bench
