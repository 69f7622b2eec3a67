// stream.h — a raw TCP stream beside the packets of a client: files, firmware, video (W23).
// Shape:  a server offers one inside a handler (Call::create_stream) and answers with its tunnel id;
//         the client joins it (Client::create_stream). Then both sides have the same Stream.
// Thread: methods may be called from any thread. Callbacks run on the thread of the loop that owns
//         the stream (the client's shard; the Client's loop), and must not block it.
// Lives:  a Stream is a cheap handle. It may outlive its Server or Client: then it is closed. The
//         callbacks are let go after on_link(…, false).
// Fails:  values: not_running before on_link(…, true), gone after the end (V45).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "ringroad/status.h"

namespace ringroad {

class StreamChannel;  // engine/stream_channel.h

/// Handle to one stream. Without one of its own (default constructed) it is a closed one.
class Stream {
 public:
  Stream() = default;

  /// The TCP port that stands for the stream, 1..65535; 0 without a stream (V42).
  uint16_t tunnel_id() const;
  /// Between on_link(…, true) and the end (V43).
  bool connected() const;

  /// Takes bytes to send, and answers how many it took (V45). On the stream's own loop thread: as
  /// many as there is room for (StreamOptions::send_bytes_max); if not all, on_writable tells when to
  /// go on. On any other thread: waits until it has taken all, the send timeout has passed or the
  /// stream has ended; less than all means one of the latter two. Taken is not delivered: a stream
  /// that breaks loses what the peer had not received. Sends of several threads at once may mix.
  /// Not from a handler of another shard or loop, which it would hold up.
  Result<size_t> send(std::string_view bytes);
  /// As send(), but never waits, on whichever thread: takes what there is room for, and if that is not all
  /// on_writable tells when to go on. May be called inside callbacks of other streams.
  Result<size_t> offer(std::string_view bytes);
  /// How long send() may wait (V47). When it has waited so long it answers what it took, and the
  /// stream is cut. Range 1 ms..1 h; 0 = for ever (default).
  Status set_send_timeout(std::chrono::milliseconds timeout);
  /// Ends it (V44): on_link(…, false) follows, and on_data no more. What send() took is still sent,
  /// as long as the peer takes some of it every 10 s. Idempotent.
  void close();

  /// Stops reading until resume(), so that the peer has to wait: at once inside on_data, else soon. At
  /// most the loop's receive buffers (4 MiB) are held meanwhile.
  void pause();
  void resume();
  /// Probes an idle connection: a peer that is gone is noticed after about 3 * idle more (V46). Range
  /// 1 s..32,767 s. May be called before the stream is connected.
  Status keepalive(std::chrono::seconds idle = std::chrono::seconds(10));

  /// Taken by send(), and not yet by the kernel. At most StreamOptions::send_bytes_max.
  size_t pending_bytes() const;
  /// Taken by the kernel, and handed to on_data, in all.
  uint64_t bytes_sent() const;
  uint64_t bytes_received() const;

  bool operator==(const Stream& other) const { return channel_ == other.channel_; }

  /// Library internals make these.
  explicit Stream(std::shared_ptr<StreamChannel> channel) : channel_(std::move(channel)) {}

 private:
  std::shared_ptr<StreamChannel> channel_;
};

struct StreamOptions {
  /// true at most once, when the peer is there; false exactly once, at the end: closed by either side,
  /// lost, or never connected within `timeout`.
  std::function<void(Stream stream, bool connected)> on_link = {};
  /// Bytes as they came: the pieces mean nothing. The view dies with the call. Without it what comes is
  /// dropped.
  std::function<void(Stream stream, std::string_view bytes)> on_data = {};
  /// There is room again for half of send_bytes_max, after an offer(), or a send() on the loop's thread,
  /// took less than it was given.
  std::function<void(Stream stream)> on_writable = {};
  /// How long to wait for the peer. 0: 5 s for a server, 10 s for a client (V27, V48). Range 1 ms..1 h.
  std::chrono::milliseconds timeout = std::chrono::milliseconds(0);
  /// Server: who may connect. client_only: connections from any other address than the client's are
  /// closed, counted, and the client is waited for (V27). anyone: the first connection is the stream.
  enum class CheckPeer : uint8_t { client_only, anyone } check_peer = CheckPeer::client_only;
  /// Most bytes that may wait to be sent. Range 4,096..67,108,864.
  size_t send_bytes_max = 262'144;

  Status validate() const;
};

}  // namespace ringroad
