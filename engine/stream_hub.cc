#include "engine/stream_hub.h"

namespace ringroad::engine {

void StreamHub::signal(Stream& stream) {
  const std::lock_guard lock(mutex_);
  if (stream.hub_hook_.linked()) return;
  signalled_.push_back(stream);
  if (any_.load(std::memory_order_relaxed)) return;  // whoever set it has woken the loop
  any_.store(true, std::memory_order_relaxed);
  io_.wake();
}

void StreamHub::drain() {
  const std::thread::id me = std::this_thread::get_id();
  if (loop_thread_.load(std::memory_order_relaxed) != me) {
    loop_thread_.store(me, std::memory_order_relaxed);
  }
  if (!any_.load(std::memory_order_relaxed)) return;
  List round;
  {
    const std::lock_guard lock(mutex_);
    round.splice_back(signalled_);
    any_.store(false, std::memory_order_relaxed);
  }
  // One that is signalled again before its turn has come stays where it is.
  while (Stream* stream = next_of(round)) stream->on_signal();
}

Stream* StreamHub::next_of(List& round) {
  const std::lock_guard lock(mutex_);
  return round.empty() ? nullptr : &round.pop_front();
}

void StreamHub::forget(Stream& stream) {
  const std::lock_guard lock(mutex_);
  stream.hub_hook_.unlink();
}

}  // namespace ringroad::engine
