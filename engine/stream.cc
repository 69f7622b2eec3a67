#include "engine/stream.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "engine/stream_hub.h"

namespace ringroad::engine {
namespace {

// Of a stream whose client has gone: how long what it has sent may take to come.
constexpr Duration kFarewellTime = std::chrono::seconds(2);
// Of a stream that has ended: how long its peer may take nothing of what is still to be sent, and how
// long it may then take to end, too.
constexpr Duration kFlushTime = std::chrono::seconds(10);
constexpr Duration kLingerTime = std::chrono::seconds(4);

}  // namespace

Stream::Stream(StreamHome home, uint16_t tunnel_id, StreamOptions options, Owner& owner)
    : Stream(home, std::make_shared<StreamChannel>(tunnel_id, options.send_bytes_max),
             std::move(options), owner) {
}

Stream::Stream(StreamHome home, std::shared_ptr<StreamChannel> channel, StreamOptions options,
               Owner& owner)
    : home_(home), channel_(std::move(channel)), options_(std::move(options)), owner_(owner) {
  channel_->attach(home_.hub, *this);
}

Stream::~Stream() {
  CHECK(closed_);
}

void Stream::adopt(Socket socket) {
  CHECK(waiting());
  Connection::Handler& handler = *this;
  connection_.emplace(home_.loop, socket, handler);
  connection_->start();
  if (!channel_->open()) return close();  // its program has thought better of it
  obey(channel_->take_orders());
  if (!ended_ && options_.on_link) options_.on_link(handle(), true);
}

/// Takes effect behind callbacks: none of ours calls this.
void Stream::on_signal() {
  if (closed_) return;
  if (waiting()) {  // its other orders wait for the socket
    if (channel_->ended()) close();
    return;
  }
  const StreamChannel::Orders orders = channel_->take_orders();
  if (orders.cut) return abort();
  if (orders.ended) return close();
  if (!linked()) return;
  obey(orders);
  if (!channel_->composed()) connection_->flush_soon();
}

void Stream::obey(const StreamChannel::Orders& orders) {
  if (orders.keepalive) set_keepalive(*orders.keepalive);
  orders.paused ? connection_->pause() : connection_->resume();
}

size_t Stream::on_bytes(std::span<const std::byte> bytes) {
  if (ended_) return bytes.size();
  channel_->on_received(bytes.size());
  if (options_.on_data) {
    options_.on_data(handle(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (channel_->paused()) connection_->pause();
  return bytes.size();
}

void Stream::on_sent(size_t bytes) {
  const bool room = channel_->on_sent(bytes);
  if (!channel_->composed()) connection_->flush_soon();
  if (!ended_) {
    if (room && options_.on_writable) options_.on_writable(handle());
    return;
  }
  if (sent_all()) return say_goodbye();
  connection_->limit_flush(kFlushTime);  // the peer has said that it is done, and takes the rest
  home_.loop.start_timer(timer_, kFlushTime);
}

/// As far as the program is concerned.
void Stream::end() {
  if (std::exchange(ended_, true)) return;
  channel_->end();
  const StreamOptions last = std::exchange(options_, {});
  home_.loop.stop_timer(timer_);
  if (last.on_link) last.on_link(handle(), false);
}

void Stream::close() {
  if (ended_) return;
  end();
  if (!connection_) return close_channel();
  connection_->resume();  // what still comes is dropped, so that the peer can end
  if (!connection_->open()) return;
  if (sent_all()) return say_goodbye();
  connection_->flush_soon();
  home_.loop.start_timer(timer_, kFlushTime);
}

void Stream::say_goodbye() {
  if (std::exchange(said_goodbye_, true)) return;
  home_.loop.start_timer(timer_, kLingerTime);
  if (connection_->open()) home_.loop.io().shutdown_send(connection_->socket());
}

void Stream::wind_down() {
  if (ended_) return;
  if (!connection_) return close();
  if (!timer_.started()) home_.loop.start_timer(timer_, kFarewellTime);
}

void Stream::on_timer() {
  if (!ended_) return close();
  if (said_goodbye_) return connection_->close_after_flush(CloseCause::application);
  connection_->terminate(CloseCause::slow_peer);
}

void Stream::leave() {
  if (!said_goodbye_ || closed_) return;
  connection_->close_after_flush(CloseCause::application);
  connection_->flush();  // now it lingers: what the kernel has is not lost
  connection_->terminate(CloseCause::application);
}

void Stream::abort() {
  end();
  if (closed_) return;
  if (!connection_) return close_channel();
  connection_->terminate(CloseCause::application);
}

void Stream::on_closed(CloseCause /*cause*/) {
  end();
  close_channel();
}

void Stream::close_channel() {
  home_.loop.stop_timer(timer_);
  channel_->detach();
  home_.hub.forget(*this);
  closed_ = true;
  owner_.on_stream_closed();
}

void Stream::set_keepalive(std::chrono::seconds idle) {
  // Fails only if the peer has already gone, or no descriptor is free for a moment.
  (void)home_.loop.io().set_option(connection_->socket(), SocketOption::keepalive,
                                   static_cast<int>(idle.count()));
}

}  // namespace ringroad::engine
