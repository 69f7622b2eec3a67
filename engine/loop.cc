#include "engine/loop.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::engine {
namespace {

constexpr Duration kSleepMax =
    std::chrono::seconds(1);  // a lost wake-up would cost this, not everything
constexpr size_t kFreeBatchesMax = 1'024;

}  // namespace

Loop::Loop(Io& io, Work& work) : io_(io), work_(work), now_(io.now()), timers_(now_) {
}

Loop::~Loop() {
  CHECK(closed_.empty());
  CHECK(dirty_.empty());
}

void Loop::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn();
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_release);
  io_.wake();
}

void Loop::turn() {
  now_ = io_.now();
  turn_bytes_ = work_.drain(base::kBytesPerTurn);
  run_completions();
  timers_.advance(now_);
  const bool flushed = flush();
  reap();
  wait(!flushed);
}

void Loop::run_completions() {
  size_t budget = base::kCompletionsPerTurn;
  while (next_completed_ < completed_.size() && budget > 0 && turn_bytes_ < base::kBytesPerTurn) {
    // Moved out: a completion may cause wait() bookkeeping to grow the vector, never to run
    // anything.
    Completed item = std::move(completed_[next_completed_]);
    ++next_completed_;
    --budget;
    item.completion->run(item.event);
  }
  if (next_completed_ == completed_.size()) {
    completed_.clear();
    next_completed_ = 0;
  }
}

bool Loop::flush() {
  // Only those that are dirty now: one that becomes dirty again waits for the next turn.
  base::IntrusiveList<Connection, &Connection::dirty_hook_> round;
  round.splice_back(dirty_);
  while (!round.empty()) round.pop_front().flush();
  return work_.flush();
}

void Loop::reap() {
  while (!closed_.empty()) closed_.pop_front().reap();
}

void Loop::wait(bool pending) {
  const bool busy = pending || next_completed_ < completed_.size() || !dirty_.empty();
  if (busy || stopping_.load(std::memory_order_acquire) || !work_.may_sleep()) {
    io_.wait(Duration::zero(), completed_);
  } else {
    Duration timeout = kSleepMax;
    if (const auto deadline = timers_.next_deadline()) {
      timeout = std::clamp(Duration(*deadline - now_), Duration::zero(), kSleepMax);
    }
    io_.wait(timeout, completed_);
  }
  work_.awake();
}

void Loop::flush_later(Connection& connection) {
  if (!connection.dirty_hook_.linked()) dirty_.push_back(connection);
}

void Loop::reap_later(Connection& connection) {
  CHECK(!connection.reap_hook_.linked());
  closed_.push_back(connection);
}

SendBatch* Loop::take_batch() {
  if (batches_.empty()) return new SendBatch();
  SendBatch* batch = batches_.back().release();
  batches_.pop_back();
  return batch;
}

void Loop::give_batch(SendBatch* batch) {
  batch->clear();
  std::unique_ptr<SendBatch> owned(batch);
  if (batches_.size() < kFreeBatchesMax) batches_.push_back(std::move(owned));
}

}  // namespace ringroad::engine
