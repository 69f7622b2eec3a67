// cohort_log.h — what was published to a cohort and not yet taken by all of its members.
// Owner:  a Cohort.
// Thread: the shard's.
// Bound:  the cohort's: members that lag behind leave the log (Fanout), so that it spans at most
//         half a client's queue.
// Cost:   append() is O(1) whatever the number of members; read() is one look-up and the extents
//         it takes.
// Why here: a member is a cursor. A cursor always stands between packets: a read takes whole
//         extents, and what a send left over stays in the member's SendBatch. So no packet
//         boundary ever has to be searched for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "engine/block.h"
#include "engine/send_batch.h"

namespace ringroad::shard {

/// A place in the log, in bytes and packets since the log began.
struct LogPosition {
  uint64_t bytes = 0;
  uint64_t packets = 0;

  bool operator==(const LogPosition&) const = default;
};

class CohortLog {
 public:
  explicit CohortLog(engine::BlockPool& pool) : writer_(pool) {}
  ~CohortLog();  ///< Every cursor must have left.
  CohortLog(const CohortLog&) = delete;
  CohortLog& operator=(const CohortLog&) = delete;

  /// How a packet gets into the log when it does not lie right behind the previous one in memory.
  enum class Gather : uint8_t {
    reference,  ///< an extent of its own
    copy,  ///< small ones are copied behind each other, so that all that is pending is one piece;
           ///< and those that pin too much, once the log does
  };
  /// Returns the bytes as the log holds them.
  engine::Slice append(const engine::Slice& packet, Gather gather);

  /// A new cursor, at the end.
  LogPosition enter();
  void leave(const LogPosition& cursor);
  /// Moves what follows the cursor into the batch, as far as that has room; the cursor follows.
  void read(LogPosition& cursor, engine::SendBatch& batch);
  /// Gives everything that follows the cursor to `take(slice)`, in order; a slice holds whole
  /// packets. The cursor goes to the end.
  template <typename Take>
  void take_rest(LogPosition& cursor, Take take);

  const LogPosition& end() const { return end_; }
  size_t cursors() const { return cursors_; }
  /// Bytes from the oldest cursor's extent to the end.
  size_t span() const {
    return extents_.size() == head_ ? 0 : static_cast<size_t>(end_.bytes - extents_[head_].begin);
  }
  /// Its extents pin kPinnedExcessMax more than they hold.
  bool wasteful() const { return pinned_ > span() + base::kPinnedExcessMax; }

 private:
  struct Extent {
    uint64_t begin;        // position of its first byte
    uint64_t packets_end;  // packets in the log up to its end
    engine::Slice bytes;
    size_t cursors;  // members that stand in [begin, end)
  };

  size_t locate(uint64_t position) const;
  uint64_t extent_end(size_t index) const {
    return extents_[index].begin + extents_[index].bytes.size();
  }
  void uncount(uint64_t position);
  void trim();
  size_t pins_of(size_t index) const;
  void go_to_end(LogPosition& cursor);

  std::vector<Extent> extents_;  // [head_, size) in order, without gaps
  size_t head_ = 0;
  LogPosition end_;
  size_t cursors_ = 0;          // all of them
  size_t at_end_ = 0;           // those at the end
  size_t pinned_ = 0;           // whole blocks, neighbours in one block counted once
  engine::BlockWriter writer_;  // for Gather::copy
};

template <typename Take>
void CohortLog::take_rest(LogPosition& cursor, Take take) {
  if (cursor == end_) return;
  for (size_t index = locate(cursor.bytes); index < extents_.size(); ++index) {
    const Extent& extent = extents_[index];
    const uint64_t begin = std::max(cursor.bytes, extent.begin);
    take(extent.bytes.from(static_cast<size_t>(begin - extent.begin)));
  }
  go_to_end(cursor);
}

}  // namespace ringroad::shard
