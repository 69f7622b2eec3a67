#include "shard/tunnels.h"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "engine/listener.h"

namespace ringroad::shard {

Tunnels::Tunnels(engine::Loop& loop, engine::BlockPool& pool, TunnelLimits limits,
                 ShardCounters& counters)
    : loop_(loop), pool_(pool), limits_(std::move(limits)), counters_(counters), hub_(loop.io()) {
}

Tunnels::~Tunnels() {
  CHECK(tunnels_.empty());
}

Status Tunnels::refuse(const char* option, size_t limit) {
  counters_.streams_refused.add();
  LOG(warn, "event=stream_refused streams={} limit={} knob={}", tunnels_.size(), limit, option);
  return {StatusCode::resource_exhausted,
          std::to_string(limit) + " streams are waiting, open or ending; close some or raise " +
              option};
}

Status Tunnels::check_limits(ClientKey key) {
  if (tunnels_.size() >= limits_.per_shard_max) {
    return refuse("streams_per_shard_max", limits_.per_shard_max);
  }
  if (tunnels_.count(key.packed()) >= limits_.per_client_max) {
    return refuse("streams_per_client_max", limits_.per_client_max);
  }
  return {};
}

Result<Stream> Tunnels::open(const TunnelClient& client, StreamOptions options) {
  if (Status status = options.validate(); !status.ok()) return status;
  if (Status status = check_limits(client.key); !status.ok()) return status;
  if (!client.local.valid()) return Status(StatusCode::gone, "the client has disconnected");
  const Result<engine::Socket> listener =
      engine::open_private_listener(loop_.io(), client.local.with_port(0), limits_.interface);
  if (!listener.ok()) return listener.status();
  return listen(client, *listener, std::move(options));
}

Result<Stream> Tunnels::listen(const TunnelClient& client, engine::Socket listener,
                               StreamOptions options) {
  const Result<engine::Address> bound = loop_.io().local_address(listener);
  if (!bound.ok()) {
    loop_.io().close(listener);
    return bound.status();
  }
  const engine::StreamHome home = {loop_, pool_, hub_};
  const auto added =
      tunnels_.emplace(std::piecewise_construct, std::forward_as_tuple(client.key.packed()),
                       std::forward_as_tuple(home, counters_, ended_, client.peer, listener,
                                             bound->port(), std::move(options)));
  return added->second.handle();
}

void Tunnels::on_client_gone(ClientKey key) {
  const auto [first, last] = tunnels_.equal_range(key.packed());
  // Its program hears of each end, and may open other streams meanwhile.
  std::vector<Tunnel*> of_client;
  for (auto at = first; at != last; ++at) of_client.push_back(&at->second);
  for (Tunnel* tunnel : of_client) tunnel->wind_down();
}

bool Tunnels::has_closed() const {
  if (ended_ == 0) return false;
  for (const auto& [key, tunnel] : tunnels_) {
    if (tunnel.closed()) return true;
  }
  return false;
}

void Tunnels::sweep() {
  if (ended_ == 0) return;
  ended_ -= std::erase_if(tunnels_, [](const auto& entry) { return entry.second.closed(); });
}

void Tunnels::close_all() {
  for (auto& [key, tunnel] : tunnels_) tunnel.close();
}

void Tunnels::abort_all() {
  for (auto& [key, tunnel] : tunnels_) tunnel.abort();
}

}  // namespace ringroad::shard
