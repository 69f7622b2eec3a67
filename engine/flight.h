// flight.h — one send on its way: the bytes, and the operation that reads them.
// Owner:  a Connection, from the Loop's free list, so that idle ones have none; the Loop again when
//         the connection closes before the release.
// Thread: the loop's.
// Life:   taken -> composed -> submitted -> the result [-> released] -> given back. A send that was
//         copied ends with its result; one that was lent to the kernel (Io::lend) keeps its bytes
//         until the release, while the connection's next flight is already out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/intrusive_list.h"
#include "engine/io.h"
#include "engine/send_batch.h"
#include "engine/timer_wheel.h"
#include "engine/zero_copy.h"

namespace ringroad::engine {

class Connection;
class Loop;

class Flight {
 public:
  Flight() = default;
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  void begin(Loop& loop, Connection& connection);
  SendBatch& batch() { return batch_; }
  bool submitted() const { return completion_.submitted(); }
  void submit(Io& io, Socket socket, ZeroCopyPolicy::Way way);
  ZeroCopyPolicy::Way way() const { return way_; }
  /// The connection ends before the release.
  void orphan() { connection_ = nullptr; }
  /// Empty again, for the free list.
  void end();

  // For SendWatch, while it has no result.
  void begin_watch(TimePoint now) { submitted_at_ = now; }
  TimePoint submitted_at() const { return submitted_at_; }
  /// It is out for suspiciously long.
  void on_stuck();
  Timer& stuck_timer() { return stuck_timer_; }
  base::ListHook watch_hook_;
  /// What the peer had acknowledged of the connection when it was looked at last.
  uint64_t acknowledged_bytes_ = 0;

  base::ListHook lent_hook_;  // for the Connection

 private:
  void on_event(IoEvent& event);
  void on_patience_end();

  SendBatch batch_;
  Loop* loop_ = nullptr;
  Connection* connection_ = nullptr;
  ZeroCopyPolicy::Way way_ = ZeroCopyPolicy::Way::copy;
  TimePoint submitted_at_;
  Timer stuck_timer_ = Timer::bind<&Flight::on_patience_end>(this);
  Completion completion_ = Completion::bind<&Flight::on_event>(this);
};

}  // namespace ringroad::engine
