#include "engine/outbox.h"

#include <algorithm>
#include <span>
#include <utility>

namespace ringroad::engine {

// The last slice of a row in one block counts for all of them, so that the front can go first.
size_t SliceQueue::pins_of(size_t index) const {
  const Slice& slice = slices_[index];
  if (index + 1 == slices_.size()) return slice.pinned_bytes();
  return slice.pinned_bytes_beside(slices_[index + 1]);
}

void SliceQueue::push(Slice slice) {
  if (slice.empty()) return;
  bytes_ += slice.size();
  if (!empty() && slices_.back().extend(slice)) return;
  pinned_ += empty() ? slice.pinned_bytes() : slice.pinned_bytes_beside(slices_.back());
  ++fresh_;
  if (slice.size() <= base::kInlinePacketBytesMax) ++small_;
  slices_.push_back(std::move(slice));
}

void SliceQueue::fold(BlockPool& pool) {
  if (small_ < base::kLanePiecesMax &&
      pinned_ <= bytes_ + bytes_ / base::kPinnedWasteShare + base::kPinnedExcessMax)
    return;
  const size_t first = slices_.size() - std::min(fresh_, slices_.size() - head_);
  // The row before `first` may have its last slice behind it.
  const size_t recount = first > head_ ? first - 1 : first;
  for (size_t i = recount; i < slices_.size(); ++i) pinned_ -= pins_of(i);
  size_t kept = first;
  for (size_t i = first; i < slices_.size(); ++kept) {
    size_t end = i;
    while (end < slices_.size() && slices_[end].wasteful()) ++end;
    Slice piece = end > i ? pool.gather({&slices_[i], end - i}) : std::move(slices_[i]);
    i = std::max(end, i + 1);
    slices_[kept] = std::move(piece);
  }
  slices_.resize(kept);
  for (size_t i = recount; i < slices_.size(); ++i) pinned_ += pins_of(i);
  fresh_ = small_ = 0;  // what was copied once is not copied again
}

void SliceQueue::move_to(SendBatch& batch) {
  while (!empty() && batch.room()) {
    bytes_ -= slices_[head_].size();
    pinned_ -= pins_of(head_);
    batch.push(std::move(slices_[head_]));
    ++head_;
  }
  release_if_empty();
  if (head_ > base::kLanePiecesMax && head_ * 2 > slices_.size()) {
    slices_.erase(slices_.begin(), slices_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
}

void SliceQueue::clear() {
  head_ = slices_.size();
  bytes_ = pinned_ = 0;
  release_if_empty();
}

void SliceQueue::release_if_empty() {
  if (!empty()) return;
  // An idle client must own no memory; a busy one pushes again within the turn or soon after.
  std::vector<Slice>().swap(slices_);
  head_ = 0;
  fresh_ = small_ = 0;
  CHECK(bytes_ == 0 && pinned_ == 0);
}

void Outbox::push(Lane lane, Slice packet) {
  if (packet.empty()) return;
  (lane == Lane::control ? lanes().control : lanes().ordered).push(std::move(packet));
}

void Outbox::fold(BlockPool& pool) {
  if (lanes_ == nullptr) return;
  lanes_->control.fold(pool);
  lanes_->ordered.fold(pool);
}

bool Outbox::compose(Gate gate, SendBatch& batch) {
  CHECK(batch.empty());
  if (lanes_ == nullptr) return gate == Gate::open;
  std::vector<Slice>& solo = lanes_->solo;
  if (!solo.empty()) {
    batch.push(std::move(solo.front()));
    solo.erase(solo.begin());
    if (lanes_->empty()) lanes_.reset();
    return false;
  }
  if (gate == Gate::closed) return false;
  lanes_->control.move_to(batch);
  if (lanes_->control.empty()) lanes_->ordered.move_to(batch);
  if (lanes_->empty()) lanes_.reset();
  return true;
}

size_t Outbox::pending_bytes_slow() const {
  size_t bytes = lanes_->control.bytes() + lanes_->ordered.bytes();
  for (const Slice& slice : lanes_->solo) bytes += slice.size();
  return bytes;
}

}  // namespace ringroad::engine
