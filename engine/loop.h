// loop.h — one thread's turn: run, drain, read, fire, flush, reap, wait.
// Owner:  a shard or a client loop.
// Thread: one, but stop().
// Bound:  a turn takes kCompletionsPerTurn receives and about kBytesPerTurn bytes; the rest
//         waits for the next turn, after the flush, so that one loud peer cannot fill anybody's
//         queue within a turn.
// Why here: the order of a turn is the contract of the whole engine; it stands on one page, in
//         turn().
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/counter.h"
#include "base/intrusive_list.h"
#include "base/limits.h"
#include "engine/connection.h"
#include "engine/flight.h"
#include "engine/io.h"
#include "engine/send_watch.h"
#include "engine/spin_policy.h"
#include "engine/timer_wheel.h"
#include "engine/zero_copy.h"

namespace ringroad::engine {

struct LoopOptions {
  /// Of its connections, as far as the Io can.
  ZeroCopy zero_copy = ZeroCopy::off;
  /// So much of this thread's time may go into looking for work before it sleeps.
  uint32_t spin_percent = 0;
};

class Loop {
 public:
  /// What a loop does beside its connections.
  class Work {
   public:
    /// Takes messages of other threads, about `bytes_budget` bytes; returns the bytes taken.
    virtual size_t drain(size_t bytes_budget) = 0;
    /// Flushes what is not a single connection's (cohorts). Returns false if some must wait for the
    /// next turn.
    virtual bool flush() = 0;
    /// The same for those of this priority (above 0) only, which are sent to before all lower ones.
    virtual void flush_priority(size_t) {}
    /// Bit i: flush_priority(i) has something to do.
    virtual uint32_t due_priorities() const { return 0; }
    /// Announces sleep to other threads; false: a message has come in, do not sleep.
    virtual bool may_sleep() = 0;
    /// A message has come in: drain() would find it. Asked while spinning.
    virtual bool has_mail() const = 0;
    virtual void awake() = 0;

   protected:
    ~Work() = default;
  };

  Loop(Io& io, Work& work, LoopOptions options = {});
  ~Loop();  ///< Every connection must be closed and reaped, and no loan be out.
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void turn();
  /// Turns until stop().
  void run();
  /// Turns until done(), which is asked after each turn's work. For a thread that does other things, too: it
  /// calls catch_up() before.
  template <typename Done>
  void run_until(Done done) {
    while (true) {
      const bool flushed = work();
      if (done()) break;
      wait(!flushed);
    }
    settle();
  }
  /// When nobody has run the loop for a while: what came meanwhile is handled before the timers that are due
  /// by now, up to some megabytes of it.
  void catch_up();
  /// Ends run() soon. Any thread.
  void stop();

  /// The clock, read once a turn.
  TimePoint now() const { return now_; }
  Io& io() { return io_; }
  void start_timer(Timer& timer, Duration delay) { timers_.start(timer, now_, delay); }
  void stop_timer(Timer& timer) { timers_.stop(timer); }

  void flush_later(Connection& connection);
  void reap_later(Connection& connection);
  Flight* take_flight(Connection& connection);
  void give_flight(Flight* flight);
  /// The kernel reads its bytes from now on without a copy, until end_loan().
  void begin_loan() { zero_copy_counters_.lent.add(); }
  void end_loan(Flight& flight, Release release);
  /// Flights that are not released yet, also of connections that are gone. A loop must not end
  /// before them.
  bool has_loans() const { return zero_copy_counters_.lent.get() > 0; }
  SendWatch& send_watch() { return send_watch_; }
  ZeroCopy zero_copy() const { return zero_copy_; }
  ZeroCopyCounters& zero_copy_counters() { return zero_copy_counters_; }
  const ZeroCopyCounters& zero_copy_counters() const { return zero_copy_counters_; }
  ZeroCopyHistory& zero_copy_history() { return zero_copy_history_; }
  /// Bytes that completions received in this turn, for the budget.
  void count_bytes(size_t bytes) { turn_bytes_ += bytes; }
  /// Input of paused connections, now.
  base::Counter& held_bytes() { return held_bytes_; }
  const base::Counter& held_bytes() const { return held_bytes_; }

 private:
  /// A turn but for its wait. False: something of it is left.
  bool work();
  void take_in();
  bool give_out();
  void settle();
  void sort_completions();
  void run_work();
  void run_input();
  bool flush();
  void flush_connections(size_t priority);
  void reap();
  void wait(bool pending);
  bool spin();
  void sleep();

  Io& io_;
  Work& work_;
  const ZeroCopy zero_copy_;
  ZeroCopyCounters zero_copy_counters_;
  ZeroCopyHistory zero_copy_history_;
  TimePoint now_;
  SendWatch send_watch_{*this};  // its timer lives longer than the wheel
  TimerWheel timers_;
  SpinPolicy spin_;
  std::optional<TimePoint> idle_since_;  // the last wait began with nothing to do
  std::vector<Completed> completed_;     // collected by wait()
  std::vector<Completed> work_ready_;    // of those: run in this turn
  std::vector<Completed> input_;         // of those: run as far as the turn's budget goes
  size_t next_input_ = 0;
  size_t turn_bytes_ = 0;
  base::Counter held_bytes_;
  std::array<base::IntrusiveList<Connection, &Connection::loop_hook_>, base::kPriorities> dirty_;
  uint32_t dirty_priorities_ = 0;  // bit i: dirty_[i] is not empty, or was a moment ago
  base::IntrusiveList<Connection, &Connection::loop_hook_> closed_;
  std::vector<std::unique_ptr<Flight>> flights_;  // free ones
  std::atomic<bool> stopping_{false};             // stop() release -> run() acquire
};

}  // namespace ringroad::engine
