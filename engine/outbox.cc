#include "engine/outbox.h"

#include <utility>

namespace ringroad::engine {

void SliceQueue::push(Slice slice) {
  if (slice.empty()) return;
  bytes_ += slice.size();
  if (!empty() && slices_.back().extend(slice)) return;
  slices_.push_back(std::move(slice));
}

void SliceQueue::move_to(SendBatch& batch) {
  while (!empty() && batch.room()) {
    bytes_ -= slices_[head_].size();
    batch.push(std::move(slices_[head_]));
    ++head_;
  }
  release_if_empty();
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
