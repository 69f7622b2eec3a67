#include "engine/send_watch.h"

#include "engine/loop.h"

namespace ringroad::engine {
namespace {

constexpr Duration kNextTurn = std::chrono::milliseconds(1);
constexpr size_t kLooksPerTurn = 512;

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
  size_t left = kLooksPerTurn;  // each costs system calls
  for (; !fresh_.empty() && left > 0; --left) {
    if (fresh_.front().submitted_at() + kLook > loop_.now()) break;
    fresh_.pop_front().on_stuck();
  }
  if (!fresh_.empty()) loop_.start_timer(look_, left == 0 ? kNextTurn : kLook);
}

}  // namespace ringroad::engine
