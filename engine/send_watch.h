// send_watch.h — finds sends that the peer does not take.
// Owner:  Loop.
// Thread: the loop's.
// Cost:   a send that is taken in time: two links, and the turn's clock that was read already. A
//         timer and system calls only for one that is still out when the next look comes.
// Rule:   progress is what the peer has acknowledged, not what the kernel has room for: a slow peer
//         that takes a large send bit by bit is none that takes nothing.
// Why here: at any time few clients of many are stuck; those that are not must not pay.
#pragma once

#include <cstdint>

#include "base/intrusive_list.h"
#include "engine/flight.h"
#include "engine/timer_wheel.h"

namespace ringroad::engine {

class SendWatch {
 public:
  static constexpr Duration kLook = std::chrono::milliseconds(50);

  explicit SendWatch(Loop& loop) : loop_(loop) {}

  /// It was submitted now. From about kLook on its connection hears on_stuck().
  void begin(Flight& flight);
  /// It has its result.
  void end(Flight& flight);

 private:
  void look();

  Loop& loop_;
  base::IntrusiveList<Flight, &Flight::watch_hook_> fresh_;  // by time
  Timer look_ = Timer::bind<&SendWatch::look>(this);
};

}  // namespace ringroad::engine
