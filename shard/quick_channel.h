// quick_channel.h — the UDP side of a shard (W17 to W20).
// Owner:  Shard.
// Thread: the shard's.
// Bound:  no queue: a full socket drops, counted.
// Rule:   in: DATAGRAM only, client id known and active, from the client's address (and its
//         announced port); else dropped and counted. The kernel brings each datagram to the shard
//         that owns its client id.
#pragma once

#include <cstddef>
#include <span>

#include "engine/datagram.h"
#include "shard/session.h"

namespace ringroad::shard {

class QuickChannel final : public engine::Datagram::Handler {
 public:
  class Clients {
   public:
    /// The active session with this client id, or null.
    virtual Session* find_wire_id(uint32_t wire_id) = 0;

   protected:
    ~Clients() = default;
  };

  QuickChannel(engine::Loop& loop, engine::Socket socket, Clients& clients,
               const SessionConfig& config, ShardCounters& counters)
      : datagram_(loop, socket, *this), clients_(clients), config_(config), counters_(counters) {}

  void start() { datagram_.start(); }
  void stop() { datagram_.stop(); }
  bool closed() const { return datagram_.closed(); }

  void send(const Session& session, std::span<const std::byte> packet);

 private:
  void on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                   const engine::Address& to) override;
  void on_overrun(uint32_t datagrams) override { counters_.quick_overrun.add(datagrams); }
  bool source_fits(const Session& session, const engine::Address& from) const;

  engine::Datagram datagram_;
  Clients& clients_;
  const SessionConfig& config_;
  ShardCounters& counters_;
};

}  // namespace ringroad::shard
