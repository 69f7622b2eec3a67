// router.h — carries publishes and messages to the shards they concern.
// Owner:  the server (or a test).
// Thread: any; a shard's thread uses its own lanes, others the shared ones.
// Bound:  every lane of every mailbox, and on a shard's own thread half a client's queue per
//         turn.
// Fails:  publish() is all or nothing: room is reserved in every interested shard before anything
//         is written.
// Why here: the only code that knows all shards.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "proto/packet.h"
#include "ringroad/payload.h"
#include "ringroad/status.h"
#include "shard/client_key.h"
#include "shard/shard_message.h"

namespace ringroad::shard {

class Shard;

class Router {
 public:
  /// Before any shard runs.
  void add(Shard& shard) { shards_.push_back(&shard); }

  /// ok: every shard with a matching subscription has it. overloaded: none has.
  Status publish(const proto::PacketSpec& packet, Channel channel);
  /// To the shard that owns the client; overloaded if its lane is full. `packet` may be null.
  Status post(ShardMessage message, const proto::PacketSpec* packet);

  /// To every shard, or to none: overloaded.
  Status post_to_all(ShardMessage message);

  std::span<Shard* const> shards() const { return shards_; }
  /// The shard in whose turn the caller is, or null.
  Shard* current() const;

 private:
  static Status publish_alone(Shard& own, const proto::PacketSpec& packet, Channel channel);

  std::vector<Shard*> shards_;  // by index
};

}  // namespace ringroad::shard
