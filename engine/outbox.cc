#include "engine/outbox.h"

#include <algorithm>
#include <span>
#include <utility>

namespace ringroad::engine {

void SliceQueue::push(Slice slice) {
  if (slice.empty()) return;
  bytes_ += slice.size();
  if (!empty() && slices_.back().extend(slice)) return;
  small_tail_ = slice.size() <= base::kInlinePacketBytesMax ? small_tail_ + 1 : 0;
  slices_.push_back(std::move(slice));
}

void SliceQueue::fold(BlockPool& pool) {
  if (small_tail_ < base::kLanePiecesMax) return;
  const size_t count = std::min(small_tail_, slices_.size() - head_);
  const size_t first = slices_.size() - count;
  size_t bytes = 0;
  for (size_t i = first; i < slices_.size(); ++i) bytes += slices_[i].size();
  BlockWriter writer(pool);
  std::span<std::byte> room = writer.prepare(bytes);
  for (size_t i = first; i < slices_.size(); ++i) {
    const auto piece = slices_[i].bytes();
    std::copy(piece.begin(), piece.end(), room.begin());
    room = room.subspan(piece.size());
  }
  slices_.resize(first);
  slices_.push_back(writer.commit(bytes));
  small_tail_ = 0;  // what was copied once is not copied again
}

void SliceQueue::move_to(SendBatch& batch) {
  while (!empty() && batch.room()) {
    bytes_ -= slices_[head_].size();
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
  bytes_ = 0;
  release_if_empty();
}

void SliceQueue::release_if_empty() {
  if (!empty()) return;
  // An idle client must own no memory; a busy one pushes again within the turn or soon after.
  std::vector<Slice>().swap(slices_);
  head_ = 0;
  small_tail_ = 0;
  CHECK(bytes_ == 0);
}

void Outbox::push(Lane lane, Slice packet) {
  (lane == Lane::control ? control_ : ordered_).push(std::move(packet));
}

bool Outbox::compose(Gate gate, SendBatch& batch) {
  CHECK(batch.empty());
  if (!solo_.empty()) {
    batch.push(std::move(solo_.front()));
    solo_.erase(solo_.begin());
    if (solo_.empty()) std::vector<Slice>().swap(solo_);
    return false;
  }
  if (gate == Gate::closed) return false;
  control_.move_to(batch);
  if (control_.empty()) ordered_.move_to(batch);
  return true;
}

size_t Outbox::pending_bytes() const {
  size_t bytes = control_.bytes() + ordered_.bytes();
  for (const Slice& slice : solo_) bytes += slice.size();
  return bytes;
}

void Outbox::clear() {
  std::vector<Slice>().swap(solo_);
  control_.clear();
  ordered_.clear();
}

}  // namespace ringroad::engine
