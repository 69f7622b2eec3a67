// slot_map.h — objects that are found by number and by handle, and never move.
// Owner:  the map owns its objects, in chunks of kChunkSlots.
// Thread: one.
// Bound:  the caller's; memory is that of the largest size ever, freed slots are used again, last
//         freed first.
// Fails:  find() answers null for a handle whose object was erased, even if its slot is taken
//         again.
// Why here: what lives long is named by a handle and not by a pointer, so that "gone" is an answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace ringroad::base {

struct SlotHandle {
  uint32_t slot = 0;
  uint32_t generation = 0;  // 0: no object, ever

  bool operator==(const SlotHandle&) const = default;
};

template <typename T>
class SlotMap {
 public:
  using Handle = SlotHandle;

  SlotMap() = default;
  SlotMap(const SlotMap&) = delete;
  SlotMap& operator=(const SlotMap&) = delete;
  ~SlotMap() {
    for_each([this](Handle handle, T&) { erase(handle); });
  }

  template <typename... Args>
  Handle emplace(Args&&... args) {
    if (free_head_ == kNone) add_chunk();
    const uint32_t slot = free_head_;
    Entry& entry = entry_of(slot);
    CHECK(!entry.live);
    free_head_ = entry.next_free();
    std::construct_at(entry.object(), std::forward<Args>(args)...);
    entry.live = true;
    ++size_;
    return {slot, entry.generation};
  }

  T* find(Handle handle) {
    T* object = at_slot(handle.slot);
    if (object == nullptr || entry_of(handle.slot).generation != handle.generation) return nullptr;
    return object;
  }

  /// The object that has this slot now, if any.
  T* at_slot(uint32_t slot) {
    if (slot >= slots_end()) return nullptr;
    Entry& entry = entry_of(slot);
    return entry.live ? entry.object() : nullptr;
  }

  /// The object must be there.
  void erase(Handle handle) {
    T* object = find(handle);
    CHECK(object != nullptr);
    Entry& entry = entry_of(handle.slot);
    // Before the destructor: what it calls must find neither the object nor its slot.
    entry.live = false;
    if (++entry.generation == 0) entry.generation = 1;
    --size_;
    std::destroy_at(object);
    entry.set_next_free(free_head_);
    free_head_ = handle.slot;
  }

  /// visit(Handle, T&), by slot. It may erase and emplace; whether it then meets a new object is
  /// open.
  template <typename Visit>
  void for_each(Visit visit) {
    for (uint32_t slot = 0; slot < slots_end(); ++slot) {
      Entry& entry = entry_of(slot);
      if (entry.live) visit(Handle{slot, entry.generation}, *entry.object());
    }
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Every slot in use is below it.
  uint32_t slots_end() const { return static_cast<uint32_t>(chunks_.size() * kChunkSlots); }

 private:
  static constexpr uint32_t kChunkSlots = 256;
  static constexpr uint32_t kNone = UINT32_MAX;
  static_assert(sizeof(T) >= sizeof(uint32_t), "a free slot names the next one");

  struct Entry {
    alignas(T) std::byte storage[sizeof(T)];
    uint32_t generation = 1;  // of the object; without one, of the next
    bool live = false;

    T* object() { return reinterpret_cast<T*>(storage); }
    // Without an object its storage holds the number of the next free slot.
    uint32_t next_free() const {
      uint32_t slot;
      std::memcpy(&slot, storage, sizeof slot);
      return slot;
    }
    void set_next_free(uint32_t slot) { std::memcpy(storage, &slot, sizeof slot); }
  };
  using Chunk = std::array<Entry, kChunkSlots>;

  Entry& entry_of(uint32_t slot) { return (*chunks_[slot / kChunkSlots])[slot % kChunkSlots]; }

  void add_chunk() {
    CHECK(slots_end() < kNone - kChunkSlots);
    const uint32_t first = slots_end();
    chunks_.push_back(std::unique_ptr<Chunk>(new Chunk));
    for (uint32_t slot = first + kChunkSlots; slot-- > first;) {
      entry_of(slot).set_next_free(free_head_);
      free_head_ = slot;
    }
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  uint32_t free_head_ = kNone;  // list of free slots through next_free()
  size_t size_ = 0;
};

}  // namespace ringroad::base
