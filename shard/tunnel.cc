#include "shard/tunnel.h"

#include <chrono>
#include <utility>

#include "base/check.h"

namespace ringroad::shard {
namespace {

constexpr auto kDefaultTimeout = std::chrono::seconds(5);  // V27

}  // namespace

Tunnel::Tunnel(engine::StreamHome home, ShardCounters& counters, size_t& ended,
               const engine::Address& client, engine::Socket listener, uint16_t tunnel_id,
               StreamOptions options)
    : home_(home),
      counters_(counters),
      ended_(ended),
      client_(client),
      check_peer_(options.check_peer),
      listener_(home.loop, listener, *this),
      stream_(home, tunnel_id, options, *this) {
  const bool chosen = options.timeout.count() > 0;
  home_.loop.start_timer(deadline_, chosen ? options.timeout : kDefaultTimeout);
  listener_.start();
  counters_.streams.add();
}

Tunnel::~Tunnel() {
  CHECK(closed());
}

void Tunnel::on_accept(engine::Socket socket) {
  // What was in the backlog when the stream had come, or ended.
  if (!stream_.waiting()) return home_.loop.io().close(socket);
  if (!is_client(socket)) {
    counters_.streams_strangers.add();
    return home_.loop.io().close(socket);
  }
  home_.loop.stop_timer(deadline_);
  listener_.stop();
  counters_.streams_opened.add();
  stream_.adopt(socket);
}

bool Tunnel::is_client(engine::Socket socket) {
  if (check_peer_ == StreamOptions::CheckPeer::anyone) return true;
  const Result<engine::Address> peer = home_.loop.io().peer_address(socket);
  return peer.ok() && peer->same_ip(client_);
}

void Tunnel::on_deadline() {
  counters_.streams_timed_out.add();
  stream_.close();
}

void Tunnel::on_stream_closed() {
  home_.loop.stop_timer(deadline_);
  listener_.stop();
  counters_.streams.sub();
  ++ended_;
}

void Tunnel::abort() {
  stream_.leave();
  stream_.abort();
}

}  // namespace ringroad::shard
