// stream.h — one raw-byte TCP stream on a loop: a Connection without packets.
// Owner:  a server's tunnel or a client's stream.
// Thread: the loop's; the program's threads talk to its StreamChannel.
// Life:   waiting -> adopt() -> linked -> ended -> closed. Ended is what the program sees: on_link(false)
//         has run, its callbacks are gone. The connection then sends what it was given, says that it
//         is done, reads until the peer is done, too (G4), and closes: on_stream_closed().
// Bound:  the channel's for sending; received bytes are handed on at once, or held by the Connection
//         while paused. Without its control connection: kFarewellTime. Ending: kFlushTime without
//         progress, then kLingerTime for the peer's end.
// Fails:  nothing here; a stream that breaks ends.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "base/intrusive_list.h"
#include "engine/block.h"
#include "engine/connection.h"
#include "engine/loop.h"
#include "engine/stream_channel.h"
#include "engine/timer_wheel.h"
#include "ringroad/stream.h"

namespace ringroad::engine {

class StreamHub;

/// Where a stream lives.
struct StreamHome {
  Loop& loop;
  BlockPool& pool;
  StreamHub& hub;
};

class Stream final : Connection::Handler {
 public:
  class Owner {
   public:
    /// It has ended, and nothing of it is open any more. Must not destroy it here.
    virtual void on_stream_closed() = 0;

   protected:
    ~Owner() = default;
  };

  Stream(StreamHome home, uint16_t tunnel_id, StreamOptions options, Owner& owner);
  /// Of a channel that the program has already.
  Stream(StreamHome home, std::shared_ptr<StreamChannel> channel, StreamOptions options,
         Owner& owner);
  ~Stream();  ///< Must be closed().
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// The peer is there: takes the connected socket over.
  void adopt(Socket socket);
  /// The program hears of the end now; what it sent still leaves.
  void close();
  /// The connection it belongs to has gone (V44): ends with its peer, which may have sent its last
  /// bytes just before, or kFarewellTime later. At once if it still waits for the peer.
  void wind_down();
  /// Ends now, and loses what the kernel has not taken.
  void abort();
  /// It is ending, and nothing is left to send: does not wait for the peer.
  void leave();

  bool waiting() const { return !connection_.has_value() && !ended_; }
  bool linked() const { return connection_.has_value() && !ended_; }
  bool closed() const { return closed_; }
  ringroad::Stream handle() const { return ringroad::Stream(channel_); }

  // For the StreamHub.
  void on_signal();
  base::ListHook hub_hook_;

 private:
  // Connection::Handler
  size_t on_bytes(std::span<const std::byte> bytes) override;
  void compose(SendBatch& batch) override { channel_->compose(home_.pool, batch); }
  void on_end() override { end(); }
  void on_sent(size_t bytes) override;
  void on_closed(CloseCause cause) override;

  void obey(const StreamChannel::Orders& orders);
  void end();
  bool sent_all() const { return channel_->composed() && !connection_->sending(); }
  void say_goodbye();
  void on_timer();
  void close_channel();
  void set_keepalive(std::chrono::seconds idle);

  const StreamHome home_;
  const std::shared_ptr<StreamChannel> channel_;
  StreamOptions options_;  // its callbacks, until the end
  Owner& owner_;
  std::optional<Connection> connection_;
  bool ended_ = false;
  bool closed_ = false;
  bool said_goodbye_ = false;                           // our end of the connection is shut
  Timer timer_ = Timer::bind<&Stream::on_timer>(this);  // winding down, or once it has ended
};

}  // namespace ringroad::engine
