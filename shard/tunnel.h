// tunnel.h — one stream of a client: the listener that waits for it, then the stream itself.
// Owner:  Tunnels.   Thread: the shard's.
// Life:   waiting (listening on a port of its own) -> linked, or ended by its deadline, its client or
//         its program -> closed(). The listener closes with the first connection that may be it (G2).
// Bound:  Tunnels's; connections of strangers are closed at once, counted.
// Fails:  the program hears on_link(false), once, whatever the cause.
#pragma once

#include "engine/address.h"
#include "engine/listener.h"
#include "engine/loop.h"
#include "engine/stream.h"
#include "engine/timer_wheel.h"
#include "ringroad/stream.h"
#include "shard/stats.h"

namespace ringroad::shard {

class Tunnel final : engine::Listener::Handler, engine::Stream::Owner {
 public:
  /// Takes over `listener`, which listens on port `tunnel_id`; options are valid. Counts itself in
  /// `ended` when its stream has.
  Tunnel(engine::StreamHome home, ShardCounters& counters, size_t& ended,
         const engine::Address& client, engine::Socket listener, uint16_t tunnel_id,
         StreamOptions options);
  ~Tunnel();  ///< Must be closed().
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  Stream handle() const { return stream_.handle(); }
  /// The program hears of the end; what it sent still leaves.
  void close() { stream_.close(); }
  /// Its client has gone.
  void wind_down() { stream_.wind_down(); }
  /// Ends now. What the kernel has taken is not lost.
  void abort();
  bool closed() const { return stream_.closed() && listener_.closed(); }

 private:
  // engine::Listener::Handler
  void on_accept(engine::Socket socket) override;
  // engine::Stream::Owner
  void on_stream_closed() override;

  bool is_client(engine::Socket socket);
  void on_deadline();

  const engine::StreamHome home_;
  ShardCounters& counters_;
  size_t& ended_;
  const engine::Address client_;
  const StreamOptions::CheckPeer check_peer_;
  engine::Listener listener_;
  engine::Stream stream_;
  engine::Timer deadline_ = engine::Timer::bind<&Tunnel::on_deadline>(this);
};

}  // namespace ringroad::shard
