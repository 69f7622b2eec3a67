#include "shard/server_core.h"

namespace ringroad {
namespace {

using engine::CloseCause;

void add_shard(ServerStats& stats, const shard::Shard& shard) {
  const shard::ShardCounters& counters = shard.stats();
  stats.clients_now += counters.clients.get();
  stats.connections_now += counters.connections.get();
  stats.connections_accepted += counters.accepted.get();
  stats.messages_in += counters.messages_in.get();
  stats.bytes_in += counters.bytes_in.get();
  stats.bytes_out += counters.bytes_out.get();
  stats.zero_copy_sends += shard.zero_copy_stats().sends.get();
  stats.zero_copy_copied += shard.zero_copy_stats().copied.get();
  stats.deliveries += shard.fanout_stats().sent.get();
  stats.deliveries_dropped += shard.fanout_stats().dropped.get();
  stats.deliveries_conflated += shard.fanout_stats().conflated.get();
  stats.cohort_appends += shard.fanout_stats().appends.get();
  stats.relayed += counters.relayed.get();
  stats.relay_pauses += counters.relay_pauses.get();
  stats.quick_sent += counters.quick_sent.get();
  stats.quick_dropped += counters.quick_dropped.get();
  stats.quick_overrun += counters.quick_overrun.get();
  stats.relay_dropped += counters.relay_dropped.get();
  stats.datagrams_refused += counters.datagrams_refused.get();
  stats.quick_malformed += counters.quick_malformed.get();
  stats.replies_orphaned += counters.replies_orphaned.get();
  stats.streams_now += counters.streams.get();
  stats.streams_opened += counters.streams_opened.get();
  stats.streams_timed_out += counters.streams_timed_out.get();
  stats.streams_refused += counters.streams_refused.get();
  stats.streams_strangers += counters.streams_strangers.get();
  stats.quick_spoofed += counters.quick_spoofed.get();
  stats.closed_by_peer += counters.closed_by(CloseCause::peer).get();
  stats.closed_slow_client += counters.closed_by(CloseCause::slow_peer).get();
  stats.closed_stalled += counters.closed_by(CloseCause::stalled).get();
  stats.closed_handshake_timeout += counters.closed_by(CloseCause::timed_out).get();
  stats.closed_bad_packet += counters.closed_by(CloseCause::bad_packet).get();
  stats.closed_password += counters.closed_by(CloseCause::refused).get();
  for (const CloseCause cause : {CloseCause::none, CloseCause::io_error, CloseCause::limit,
                                 CloseCause::application, CloseCause::stopping}) {
    stats.closed_other += counters.closed_by(cause).get();
  }
  stats.bytes_live += shard.bytes_live();
  stats.bytes_pinned += shard.fanout_stats().pinned_bytes.get();
}

}  // namespace

ServerStats ServerCore::stats() const {
  ServerStats stats;
  if (state_.load(std::memory_order_acquire) == State::built) return stats;
  for (const auto& shard : shards_) add_shard(stats, *shard);
  stats.logins_refused = logins_.refused();
  stats.publishes = publishes_.load(std::memory_order_relaxed);
  stats.handler_failures = handler_failures_.load(std::memory_order_relaxed);
  stats.publishes_overloaded = publishes_overloaded_.load(std::memory_order_relaxed);
  return stats;
}

std::vector<ShardStats> ServerCore::shard_stats() const {
  std::vector<ShardStats> all;
  if (state_.load(std::memory_order_acquire) == State::built) return all;
  for (const auto& shard : shards_) {
    all.push_back({.clients_now = shard->stats().clients.get(),
                   .messages_in = shard->stats().messages_in.get(),
                   .deliveries = shard->fanout_stats().sent.get()});
  }
  return all;
}

}  // namespace ringroad
