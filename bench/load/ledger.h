// ledger.h — did one receiver get everything of one source, once, in order?
// Owner:  a load, one per (receiver, source).   Thread: one.
// Bound:  kGapsMax remembered gaps. With more, the oldest is given up as lost for good: what still
//         comes for it counts as a duplicate.
// Why here: bytes alone cannot tell a lost message from a doubled one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringroad::bench {

struct Completeness {
  uint64_t received = 0;    // whatever it was
  uint64_t lost = 0;        // never came
  uint64_t duplicates = 0;  // came again
  uint64_t reordered = 0;   // came after a later one

  Completeness& operator+=(const Completeness& other) {
    received += other.received;
    lost += other.lost;
    duplicates += other.duplicates;
    reordered += other.reordered;
    return *this;
  }
  bool perfect() const { return lost == 0 && duplicates == 0 && reordered == 0; }
  bool operator==(const Completeness&) const = default;
};

class Ledger {
 public:
  static constexpr size_t kGapsMax = 64;

  /// `first`: what this receiver has to get first. A subscriber that joins late begins later.
  explicit Ledger(uint64_t first = 0) : next_(first) {}

  void receive(uint64_t sequence) {
    ++counts_.received;
    if (sequence == next_) {
      ++next_;
    } else if (sequence > next_) {
      add_gap({next_, sequence});
      next_ = sequence + 1;
    } else if (fill(sequence)) {
      ++counts_.reordered;
    } else {
      ++counts_.duplicates;
    }
  }
  /// The outcome if the source has sent `end` messages, 0 to end - 1.
  Completeness outcome(uint64_t end) const {
    Completeness result = counts_;
    for (const Gap& gap : gaps_) result.lost += gap.end - gap.begin;
    if (end > next_) result.lost += end - next_;
    return result;
  }
  /// Smallest number that has not come yet and is above all that came.
  uint64_t next() const { return next_; }

 private:
  struct Gap {
    uint64_t begin;
    uint64_t end;
  };

  void add_gap(Gap gap) {
    if (gaps_.size() == kGapsMax) {
      counts_.lost += gaps_.front().end - gaps_.front().begin;
      gaps_.erase(gaps_.begin());
    }
    gaps_.push_back(gap);
  }
  bool fill(uint64_t sequence) {
    const auto gap = std::find_if(gaps_.begin(), gaps_.end(), [&](const Gap& candidate) {
      return sequence >= candidate.begin && sequence < candidate.end;
    });
    if (gap == gaps_.end()) return false;
    const Gap rest{sequence + 1, gap->end};
    gap->end = sequence;
    const auto place = gap->begin == gap->end ? gaps_.erase(gap) : gap + 1;
    if (rest.begin < rest.end) gaps_.insert(place, rest);  // at most one more than before
    return true;
  }

  uint64_t next_;
  std::vector<Gap> gaps_;  // ascending
  Completeness counts_;
};

}  // namespace ringroad::bench
