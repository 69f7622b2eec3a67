#include "service/stream_bridge.h"

#include <utility>

namespace ringroad::service {

StreamOptions StreamBridge::options(Side side) {
  StreamOptions options;
  options.on_link = [self = shared_from_this(), side](const Stream&, bool connected) {
    self->on_link(side, connected);
  };
  options.on_data = [self = shared_from_this(), side](const Stream&, std::string_view bytes) {
    self->on_data(side, bytes);
  };
  options.on_writable = [self = shared_from_this(), side](const Stream&) {
    self->on_writable(side);
  };
  return options;
}

void StreamBridge::attach(Side side, Stream stream) {
  const std::lock_guard lock(mutex_);
  at(side).stream = std::move(stream);
  const End& other = at(opposite(side));
  if (other.ended && other.brought.empty()) at(side).stream.close();
}

void StreamBridge::give_up(Side side) {
  const std::lock_guard lock(mutex_);
  end(side);
}

void StreamBridge::on_link(Side side, bool connected) {
  const std::lock_guard lock(mutex_);
  connected ? carry(opposite(side)) : end(side);
}

void StreamBridge::on_data(Side side, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  at(side).brought += bytes;
  carry(side);
}

void StreamBridge::on_writable(Side side) {
  const std::lock_guard lock(mutex_);
  carry(opposite(side));
}

/// As much of what one side brought as the other has room for.
void StreamBridge::carry(Side from) {
  End& source = at(from);
  End& target = at(opposite(from));
  if (target.ended) return source.brought.clear();
  if (!source.brought.empty()) {
    const Result<size_t> taken = target.stream.offer(source.brought);
    if (taken.ok()) source.brought.erase(0, *taken);  // else it is not connected yet
  }
  if (!source.brought.empty()) return source.stream.pause();
  source.stream.resume();
  if (source.ended) target.stream.close();
}

void StreamBridge::end(Side side) {
  at(side).ended = true;
  at(opposite(side)).brought.clear();
  at(opposite(side))
      .stream.resume();  // what it still brings is dropped, so that its peer can go on
  if (!at(opposite(side)).ended) carry(side);
}

}  // namespace ringroad::service
