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

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/block.h"
#include "engine/outbox.h"
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
    reference,  ///< an extent of its own, while one send can still gather all of them
    copy,  ///< small ones are copied behind each other, so that all that is pending is one piece
  };
  /// Returns the bytes as the log holds them.
  engine::Slice append(const engine::Slice& packet, Gather gather);

  /// A new cursor, at the end.
  LogPosition enter();
  void leave(const LogPosition& cursor);
  /// Moves what follows the cursor into the batch, as far as that has room; the cursor follows.
  void read(LogPosition& cursor, engine::SendBatch& batch);
  /// Moves everything that follows the cursor into the outbox's ordered lane; the cursor goes to
  /// the end.
  void move_rest(LogPosition& cursor, engine::Outbox& outbox);

  const LogPosition& end() const { return end_; }
  size_t cursors() const { return cursors_; }
  /// Bytes from the oldest cursor's extent to the end.
  size_t span() const {
    return extents_.size() == head_ ? 0 : static_cast<size_t>(end_.bytes - extents_[head_].begin);
  }

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

  std::vector<Extent> extents_;  // [head_, size) in order, without gaps
  size_t head_ = 0;
  LogPosition end_;
  size_t cursors_ = 0;          // all of them
  size_t at_end_ = 0;           // those at the end
  engine::BlockWriter writer_;  // for Gather::copy
};

}  // namespace ringroad::shard
