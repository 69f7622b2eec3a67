#include "shard/cohort_log.h"

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::shard {

CohortLog::~CohortLog() {
  CHECK(cursors_ == 0);
  CHECK(head_ == extents_.size());
}

engine::Slice CohortLog::append(const engine::Slice& packet, Gather gather) {
  CHECK(!packet.empty());
  CHECK(cursors_ > 0);  // without a cursor nobody would ever trim it
  const bool pending = head_ < extents_.size();
  engine::Slice stored = packet;
  bool merged = pending && extents_.back().bytes.extend(packet);
  const bool small = packet.size() <= base::kInlinePacketBytesMax;
  if (!merged && pending && gather == Gather::copy &&
      (small || (wasteful() && packet.wasteful()))) {
    stored = writer_.copy(packet.bytes());
    merged = extents_.back().bytes.extend(stored);
  }
  end_.bytes += packet.size();
  end_.packets += 1;
  if (merged) {
    extents_.back().packets_end = end_.packets;
    extents_.back().cursors += at_end_;  // their place is inside it now
  } else {
    pinned_ += pending ? stored.pinned_bytes_beside(extents_.back().bytes) : stored.pinned_bytes();
    extents_.push_back({end_.bytes - packet.size(), end_.packets, stored, at_end_});
  }
  at_end_ = 0;
  return stored;
}

LogPosition CohortLog::enter() {
  ++at_end_;
  ++cursors_;
  return end_;
}

void CohortLog::leave(const LogPosition& cursor) {
  uncount(cursor.bytes);
  --cursors_;
  trim();
}

void CohortLog::read(LogPosition& cursor, engine::SendBatch& batch) {
  if (cursor == end_) return;
  size_t index = locate(cursor.bytes);
  CHECK(extents_[index].cursors > 0);
  --extents_[index].cursors;
  for (; index < extents_.size() && batch.room(); ++index) {
    const Extent& extent = extents_[index];
    batch.push(extent.bytes.from(static_cast<size_t>(cursor.bytes - extent.begin)));
    cursor = {extent_end(index), extent.packets_end};
  }
  (cursor == end_ ? at_end_ : extents_[index].cursors) += 1;
  trim();
}

void CohortLog::go_to_end(LogPosition& cursor) {
  uncount(cursor.bytes);
  ++at_end_;
  cursor = end_;
  trim();
}

size_t CohortLog::locate(uint64_t position) const {
  const auto begin = extents_.begin() + static_cast<ptrdiff_t>(head_);
  const auto after =
      std::upper_bound(begin, extents_.end(), position,
                       [](uint64_t p, const Extent& extent) { return p < extent.begin; });
  CHECK(after != begin);
  const auto index = static_cast<size_t>(after - extents_.begin()) - 1;
  CHECK(position < extent_end(index));
  return index;
}

void CohortLog::uncount(uint64_t position) {
  size_t& count = position == end_.bytes ? at_end_ : extents_[locate(position)].cursors;
  CHECK(count > 0);
  --count;
}

// The last extent of a row in one block counts for all of them, so that the front can go first.
size_t CohortLog::pins_of(size_t index) const {
  const engine::Slice& bytes = extents_[index].bytes;
  if (index + 1 == extents_.size()) return bytes.pinned_bytes();
  return bytes.pinned_bytes_beside(extents_[index + 1].bytes);
}

void CohortLog::trim() {
  while (head_ < extents_.size() && extents_[head_].cursors == 0) {
    pinned_ -= pins_of(head_);
    extents_[head_].bytes = engine::Slice();
    ++head_;
  }
  if (head_ == extents_.size()) {
    extents_.clear();
    head_ = 0;
    writer_.reset();  // an idle cohort pins no block
  } else if (head_ > 64 && head_ * 2 > extents_.size()) {
    extents_.erase(extents_.begin(), extents_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace ringroad::shard
