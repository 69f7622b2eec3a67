// queue_fanout.h — fan-out the plain way, to measure cohorts against: each member has a queue of its
// own, and a publish is pushed to every one.
// Owner:  the benchmark.   Thread: one.
// Fair:   no look-up of the URL at all, one flat list of members, no virtual call, queues that keep
//         their memory; neighbours in memory become one slice, as in the product's lanes. What it
//         does not have is what is measured: the log that a cohort shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/block.h"
#include "engine/send_batch.h"

namespace ringroad::bench {

class QueueFanout {
 public:
  explicit QueueFanout(size_t members) : members_(members) {}

  /// Returns the members.
  size_t publish(const engine::Slice& packet) {
    for (Queue& queue : members_) queue.push(packet);
    return members_.size();
  }
  /// All that waits is sent, a batch at a time.
  void flush() {
    for (Queue& queue : members_) {
      while (queue.compose(batch_)) {
        sent_bytes_ += batch_.bytes();
        batch_.consume(batch_.bytes());
      }
    }
  }
  uint64_t sent_bytes() const { return sent_bytes_; }

  engine::BlockPool pool;
  engine::BlockWriter writer{pool};  // the shard's: packets lie behind each other

 private:
  class Queue {
   public:
    void push(const engine::Slice& packet) {
      if (slices_.empty() || !slices_.back().extend(packet)) slices_.push_back(packet);
    }
    /// False: there is nothing.
    bool compose(engine::SendBatch& batch) {
      while (head_ < slices_.size() && batch.room()) batch.push(std::move(slices_[head_++]));
      if (head_ == slices_.size()) {
        slices_.clear();
        head_ = 0;
      }
      return !batch.empty();
    }

   private:
    std::vector<engine::Slice> slices_;
    size_t head_ = 0;
  };

  std::vector<Queue> members_;
  engine::SendBatch batch_;
  uint64_t sent_bytes_ = 0;
};

}  // namespace ringroad::bench
