// tunnels.h — the streams of one shard's clients (V27, W23).
// Owner:  Shard.   Thread: the shard's; signals of other threads come through the hub.
// Bound:  streams_per_client_max and streams_per_shard_max, listeners and ending streams included;
//         one more is refused, with the option's name, counted.
// Life:   a stream ends when its client does (V44), and is destroyed in the sweep of a later turn.
// Why here: few clients have streams: what they cost is not in the session of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "engine/address.h"
#include "engine/block.h"
#include "engine/loop.h"
#include "engine/stream_hub.h"
#include "ringroad/stream.h"
#include "shard/client_key.h"
#include "shard/stats.h"
#include "shard/tunnel.h"

namespace ringroad::shard {

struct TunnelLimits {
  size_t per_client_max = 64;
  size_t per_shard_max = 1'024;
  std::string interface = {};  // not empty: listens on this network interface only
};

/// Whose stream it shall be.
struct TunnelClient {
  ClientKey key;
  engine::Address peer;   // who may connect
  engine::Address local;  // what it has dialled: where the stream listens (G1)
};

class Tunnels {
 public:
  Tunnels(engine::Loop& loop, engine::BlockPool& pool, TunnelLimits limits,
          ShardCounters& counters);
  ~Tunnels();  ///< Must be empty.
  Tunnels(const Tunnels&) = delete;
  Tunnels& operator=(const Tunnels&) = delete;

  Result<Stream> open(const TunnelClient& client, StreamOptions options);
  void on_client_gone(ClientKey key);

  /// Once a turn: what other threads have done with streams.
  void drain() { hub_.drain(); }
  bool has_mail() const { return hub_.has_mail(); }
  /// Once a turn, where no stream runs: destroys those that are closed.
  void sweep();
  /// A sweep would find something.
  bool has_closed() const;
  void close_all();
  void abort_all();
  bool empty() const { return tunnels_.empty(); }

 private:
  Status check_limits(ClientKey key);
  Status refuse(const char* option, size_t limit);
  Result<Stream> listen(const TunnelClient& client, engine::Socket listener, StreamOptions options);

  engine::Loop& loop_;
  engine::BlockPool& pool_;
  const TunnelLimits limits_;
  ShardCounters& counters_;
  engine::StreamHub hub_;
  size_t ended_ = 0;  // of tunnels_; some of their listeners may still be closing
  std::unordered_multimap<uint64_t, Tunnel> tunnels_;  // by ClientKey::packed()
};

}  // namespace ringroad::shard
