// The methods of ringroad::Stream: what its channel says, or what a closed stream does.
#include <string>

#include "engine/stream_channel.h"
#include "ringroad/stream.h"

namespace ringroad {
namespace {

Status closed() {
  return {StatusCode::gone, "the stream is closed"};
}

}  // namespace

uint16_t Stream::tunnel_id() const {
  return channel_ == nullptr ? uint16_t{0} : channel_->tunnel_id();
}

bool Stream::connected() const {
  return channel_ != nullptr && channel_->connected();
}

Result<size_t> Stream::send(std::string_view bytes) {
  return channel_ == nullptr ? Result<size_t>(closed()) : channel_->send(bytes);
}

Result<size_t> Stream::offer(std::string_view bytes) {
  return channel_ == nullptr ? Result<size_t>(closed()) : channel_->offer(bytes);
}

Status Stream::set_send_timeout(std::chrono::milliseconds timeout) {
  return channel_ == nullptr ? closed() : channel_->set_send_timeout(timeout);
}

void Stream::close() {
  if (channel_ != nullptr) channel_->close();
}

void Stream::pause() {
  if (channel_ != nullptr) channel_->set_paused(true);
}

void Stream::resume() {
  if (channel_ != nullptr) channel_->set_paused(false);
}

Status Stream::keepalive(std::chrono::seconds idle) {
  return channel_ == nullptr ? closed() : channel_->keepalive(idle);
}

size_t Stream::pending_bytes() const {
  return channel_ == nullptr ? 0 : channel_->pending_bytes();
}

uint64_t Stream::bytes_sent() const {
  return channel_ == nullptr ? 0 : channel_->bytes_sent();
}

uint64_t Stream::bytes_received() const {
  return channel_ == nullptr ? 0 : channel_->bytes_received();
}

Status StreamOptions::validate() const {
  if (timeout.count() < 0 || timeout > std::chrono::hours(1)) {
    return {StatusCode::invalid_argument,
            "StreamOptions::timeout: " + std::to_string(timeout.count()) +
                " ms; range 1 ms..1 h, or 0 for the default"};
  }
  if (send_bytes_max < 4'096 || send_bytes_max > 67'108'864) {
    return {StatusCode::invalid_argument,
            "StreamOptions::send_bytes_max: " + std::to_string(send_bytes_max) +
                "; range 4,096..67,108,864"};
  }
  return {};
}

}  // namespace ringroad
