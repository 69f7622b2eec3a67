#include "engine/loop.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::engine {
namespace {

constexpr Duration kSleepMax =
    std::chrono::seconds(1);  // a lost wake-up would cost this, not everything
constexpr size_t kFreeFlightsMax = base::kSendsPerTurn;
constexpr size_t kCatchUpRounds =
    64;  // of at most a turn's input: a flood does not stop the timers

/// Leaves the core's other hardware thread more room while this one only looks.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Loop::Loop(Io& io, Work& work, LoopOptions options)
    : io_(io),
      work_(work),
      zero_copy_(options.zero_copy == ZeroCopy::off
                     ? ZeroCopy::off
                     : possible(options.zero_copy, io.zero_copy_support())),
      now_(io.now()),
      timers_(now_),
      spin_(options.spin_percent) {
}

Loop::~Loop() {
  CHECK(closed_.empty());
  for (const auto& connections : dirty_) CHECK(connections.empty());
  CHECK(!has_loans());
}

void Loop::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn();
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_release);
  io_.wake();
}

void Loop::turn() {
  const bool flushed = work();
  wait(!flushed);
}

void Loop::catch_up() {
  take_in();
  for (size_t round = 0; round < kCatchUpRounds; ++round) {
    give_out();
    io_.wait(Duration::zero(), completed_);
    if (completed_.empty() && next_input_ == input_.size()) break;
    take_in();
  }
}

/// What the last turn has queued is on its way, and what it has begun to end ends if it can at once.
void Loop::settle() {
  io_.wait(Duration::zero(), completed_);
  if (completed_.empty()) return;
  work();
  io_.wait(Duration::zero(), completed_);
}

bool Loop::work() {
  take_in();
  timers_.advance(now_);
  return give_out();
}

void Loop::take_in() {
  now_ = io_.now();
  if (idle_since_) spin_.learn(now_ - *std::exchange(idle_since_, std::nullopt));
  sort_completions();
  run_work();
  turn_bytes_ = work_.drain(base::kDrainBytesPerTurn);
  run_input();
}

bool Loop::give_out() {
  const bool flushed = flush();
  reap();
  return flushed;
}

void Loop::sort_completions() {
  for (Completed& item : completed_) {
    const bool input = item.completion->kind() == Completion::Kind::input;
    (input ? input_ : work_ready_).push_back(std::move(item));
  }
  completed_.clear();
}

// Sends that are done and connections that have come: never behind somebody's input, so that a client that takes what
// it is sent can be sent more in every turn.
void Loop::run_work() {
  for (Completed& item : work_ready_) item.completion->run(item.event);
  work_ready_.clear();
}

void Loop::run_input() {
  // However much other threads have sent, connections are heard, too.
  const size_t bytes_max = std::max(base::kBytesPerTurn, turn_bytes_ + base::kInputBytesMin);
  size_t events = base::kCompletionsPerTurn;
  for (; next_input_ < input_.size() && events > 0 && turn_bytes_ < bytes_max; --events) {
    Completed& item = input_[next_input_++];
    item.completion->run(item.event);
    item.event.lease.reset();
  }
  if (next_input_ * 2 < input_.size()) return;
  input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(next_input_));
  next_input_ = 0;
}

bool Loop::flush() {
  uint32_t due = (dirty_priorities_ | work_.due_priorities()) & ~1U;
  while (due != 0) {  // most of the time nobody has a priority
    const auto highest = static_cast<size_t>(std::bit_width(due)) - 1;
    flush_connections(highest);
    work_.flush_priority(highest);
    due &= ~(1U << highest);
  }
  flush_connections(0);
  return work_.flush();
}

void Loop::flush_connections(size_t priority) {
  // Only those that are dirty now: one that becomes dirty again waits for the next turn.
  base::IntrusiveList<Connection, &Connection::loop_hook_> round;
  round.splice_back(dirty_[priority]);
  dirty_priorities_ &= ~(1U << priority);
  while (!round.empty()) round.pop_front().flush();
}

void Loop::reap() {
  while (!closed_.empty()) closed_.pop_front().reap();
}

void Loop::wait(bool pending) {
  const bool busy = pending || next_input_ < input_.size() || dirty_priorities_ != 0;
  if (busy || stopping_.load(std::memory_order_acquire) || spin()) {
    io_.wait(Duration::zero(), completed_);
  } else {
    sleep();
  }
}

/// True if something came while we looked for it.
bool Loop::spin() {
  const Duration limit = spin_.next(now_);
  if (limit == Duration::zero()) return false;
  io_.wait(Duration::zero(), completed_);  // what is queued must be on its way
  if (!completed_.empty()) return true;
  const TimePoint start = io_.now();
  idle_since_ = start;
  TimePoint end = start + limit;
  if (const auto deadline = timers_.next_deadline()) end = std::min(end, *deadline);
  TimePoint now = start;
  bool found = false;
  for (; !found && now < end; now = io_.now()) {
    found = io_.ready() || work_.has_mail();
    relax();
  }
  spin_.spun(now - start);
  return found;
}

void Loop::sleep() {
  const TimePoint now = idle_since_ ? io_.now() : now_;  // it has spun: the turn's time is old
  if (!idle_since_) idle_since_ = now;
  const bool asleep = work_.may_sleep();
  Duration timeout = Duration::zero();
  if (asleep) {
    timeout = kSleepMax;
    if (const auto deadline = timers_.next_deadline()) {
      timeout = std::clamp(Duration(*deadline - now), Duration::zero(), kSleepMax);
    }
  }
  io_.wait(timeout, completed_);
  work_.awake();
}

void Loop::flush_later(Connection& connection) {
  if (connection.loop_hook_.linked()) return;
  dirty_[connection.priority()].push_back(connection);
  dirty_priorities_ |= 1U << connection.priority();
}

void Loop::reap_later(Connection& connection) {
  CHECK(!connection.loop_hook_.linked());
  closed_.push_back(connection);
}

Flight* Loop::take_flight(Connection& connection) {
  std::unique_ptr<Flight> flight;
  if (flights_.empty()) {
    flight = std::make_unique<Flight>();
  } else {
    flight = std::move(flights_.back());
    flights_.pop_back();
  }
  flight->begin(*this, connection);
  return flight.release();
}

void Loop::end_loan(Flight& flight, Release release) {
  CHECK(has_loans());
  zero_copy_counters_.lent.sub();
  if (release == Release::copied) zero_copy_counters_.copied.add();
  give_flight(&flight);
}

void Loop::give_flight(Flight* flight) {
  flight->end();
  std::unique_ptr<Flight> owned(flight);
  if (flights_.size() < kFreeFlightsMax) flights_.push_back(std::move(owned));
}

}  // namespace ringroad::engine
