#include "engine/send_watch.h"

#include "base/check.h"
#include "engine/loop.h"

namespace ringroad::engine {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(50);

}  // namespace

void SendWatch::begin(Flight& flight) {
  flight.begin_watch(loop_.now());
  fresh_.push_back(flight);
  if (!look_.started()) loop_.start_timer(look_, kLook);
}

void SendWatch::end(Flight& flight) {
  flight.watch_hook_.unlink();
  if (flight.stuck_timer().started()) loop_.stop_timer(flight.stuck_timer());
}

void SendWatch::look() {
  while (!fresh_.empty() && fresh_.front().submitted_at() + kLook <= loop_.now()) {
    fresh_.pop_front().on_stuck();
  }
  if (!fresh_.empty()) loop_.start_timer(look_, kLook);
}

}  // namespace ringroad::engine
