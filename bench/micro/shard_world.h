// shard_world.h — one whole shard on NullIo, and clients that have shaken hands and subscribed.
// Owner:  the benchmark.   Thread: one; publishes come from "another thread", by the mailbox.
// Why here: a publish or a call through a shard, without the kernel.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/micro/null_io.h"
#include "shard/application.h"
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
  ShardWorld();
  ~ShardWorld();  ///< Ends all clients and the shard.
  ShardWorld(const ShardWorld&) = delete;
  ShardWorld& operator=(const ShardWorld&) = delete;

  /// A client that is active, takes quick packets, and has subscribed to each of these.
  engine::Socket add_client(std::span<const std::string> patterns);
  /// From another thread.
  void publish(const proto::PacketSpec& packet, Channel channel);
  /// Turns until the shard would sleep: everything has been sent.
  void run();

  NullIo& io() { return io_; }
  const shard::Shard& shard() const { return *shard_; }

 private:
  NullIo io_;
  EchoApplication application_;
  shard::PatternDirectory patterns_;
  shard::Router router_;
  std::unique_ptr<shard::Shard> shard_;
};

}  // namespace ringroad::bench
