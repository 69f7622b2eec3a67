// progress.h — how far the slowest of many subscribers is, in constant time per receive.
// Owner:  Load.   Thread: one.
// Bound:  nobody may be more than `window` messages ahead of the slowest: what a window means.
// Fails:  CHECKs; Load refuses what a server sends too much.
// Why here: looking for the slowest would cost the load more than receiving.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace ringroad::bench {

class Progress {
 public:
  Progress(size_t subscribers, size_t window) : standing_(window + 1, 0) {
    standing_[0] = subscribers;
  }

  /// A subscriber that had `from` whole messages has `to`.
  void advance(uint64_t from, uint64_t to) {
    CHECK(from >= slowest_ && to < slowest_ + standing_.size());
    --standing_[from % standing_.size()];
    ++standing_[to % standing_.size()];
    while (to > slowest_ && standing_[slowest_ % standing_.size()] == 0) ++slowest_;
  }

  /// Whole messages that every subscriber has.
  uint64_t slowest() const { return slowest_; }

 private:
  std::vector<size_t> standing_;  // how many subscribers have exactly so many messages
  uint64_t slowest_ = 0;
};

}  // namespace ringroad::bench
