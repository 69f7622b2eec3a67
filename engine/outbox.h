// outbox.h — packets that wait for one connection.
// Owner:  a session, by value.
// Thread: the loop's thread only.
// Bound:  the owner's: it asks pending_bytes() before it pushes; the outbox counts exactly. Idle:
//         one pointer and no heap.
// Order:  solo packets first, each in a send of its own; then the control lane; then the ordered
//         lane. Within a lane: FIFO.
// Why here: lane policy lives apart from the socket so that it can be tested without one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/block.h"
#include "engine/send_batch.h"

namespace ringroad::engine {

/// FIFO of slices that owns no memory while it is empty.
class SliceQueue {
 public:
  bool empty() const { return head_ == slices_.size(); }
  size_t bytes() const { return bytes_; }
  /// Neighbours in memory become one slice.
  void push(Slice slice);
  /// At most what its slices pin: whole blocks, neighbours in one block counted once.
  size_t pinned_bytes() const { return pinned_; }
  /// Copies out what was pushed since the last time, once it is many small pieces, or pins
  /// kPinnedExcessMax more than the queue holds. Each byte is copied once at most.
  void fold(BlockPool& pool);
  /// Moves slices into the batch while it has room.
  void move_to(SendBatch& batch);
  void clear();

 private:
  void release_if_empty();
  size_t pins_of(size_t index) const;

  std::vector<Slice> slices_;
  size_t head_ = 0;
  size_t bytes_ = 0;
  size_t pinned_ = 0;  // sum of pins_of()
  size_t fresh_ = 0;   // so many slices at the end were never copied
  size_t small_ = 0;   // of those: small ones
};

class Outbox {
 public:
  /// control: may overtake. ordered: follows everything pushed before it.
  enum class Lane : uint8_t { control, ordered };

  void push(Lane lane, Slice packet);
  /// Keeps what the lanes pin within a small multiple of what they hold.
  void fold(BlockPool& pool);
  /// Goes before everything else, and nothing else is in the same send.
  void push_solo(Slice packet) { lanes().solo.push_back(std::move(packet)); }

  /// Moves what goes next into an empty batch. closed: nothing but solo packets (the session gate).
  /// False: nothing else may join this send.
  enum class Gate : uint8_t { open, closed };
  bool compose(Gate gate, SendBatch& batch);

  /// The cohort's log may follow in the same send: nothing of ours is left.
  bool drained() const { return lanes_ == nullptr; }
  bool ordered_empty() const { return lanes_ == nullptr || lanes_->ordered.empty(); }
  bool solo_empty() const { return lanes_ == nullptr || lanes_->solo.empty(); }
  size_t pending_bytes() const { return lanes_ == nullptr ? 0 : pending_bytes_slow(); }
  /// Of the lanes.
  size_t pinned_bytes() const {
    return lanes_ == nullptr ? 0 : lanes_->control.pinned_bytes() + lanes_->ordered.pinned_bytes();
  }
  void clear() { lanes_.reset(); }

 private:
  struct Lanes {
    std::vector<Slice> solo;
    SliceQueue control;
    SliceQueue ordered;

    bool empty() const { return solo.empty() && control.empty() && ordered.empty(); }
  };

  Lanes& lanes() {
    if (lanes_ == nullptr) lanes_ = std::make_unique<Lanes>();
    return *lanes_;
  }
  size_t pending_bytes_slow() const;

  std::unique_ptr<Lanes> lanes_;  // while something waits: most clients are idle
};

static_assert(sizeof(Outbox) == sizeof(void*), "there is one per client");

}  // namespace ringroad::engine
