// stats.h — what one shard counts.
// Owner:  Shard writes.   Thread: any reads (relaxed).
#pragma once

#include <array>
#include <cstddef>

#include "base/counter.h"
#include "engine/connection.h"

namespace ringroad::shard {

struct ShardCounters {
  base::Counter accepted;
  base::Counter connections;  // now
  base::Counter clients;      // now: with an accepted handshake
  base::Counter messages_in;  // packets, TCP and UDP
  base::Counter bytes_in;
  base::Counter bytes_out;
  base::Counter publishes;  // packets this shard fanned out
  base::Counter relayed;    // datagrams of clients that were published
  base::Counter relay_pauses;
  base::Counter relay_dropped;      // quick datagrams that a full shard could not take
  base::Counter datagrams_refused;  // before an accepted handshake
  base::Counter quick_sent;
  base::Counter quick_dropped;
  base::Counter quick_overrun;
  base::Counter quick_spoofed;
  base::Counter quick_malformed;
  base::Counter replies_orphaned;  // the client had gone
  base::Counter streams;           // now: waiting, open and ending
  base::Counter streams_opened;
  base::Counter streams_timed_out;
  base::Counter streams_refused;    // a limit
  base::Counter streams_strangers;  // connections of somebody else to a stream
  base::Counter held_bytes;         // now: partial packets and paused input
  std::array<base::Counter, static_cast<size_t>(engine::CloseCause::stopping) + 1> closed;

  base::Counter& closed_by(engine::CloseCause cause) { return closed[static_cast<size_t>(cause)]; }
  const base::Counter& closed_by(engine::CloseCause cause) const {
    return closed[static_cast<size_t>(cause)];
  }
};

}  // namespace ringroad::shard
