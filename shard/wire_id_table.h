// wire_id_table.h — from the client id on the wire to the slot of its client.
// Owner:  ClientRegistry.
// Thread: the shard's.
// Bound:  the caller's. Memory is that of the largest size ever: 8 bytes per place, a third to
//         two thirds of the places taken.
// Cost:   O(1); a table that grows is copied.
// Why here: one per client, for hundreds of thousands of clients: a node of its own for each would
//           cost three times as much. Ids are random and never 0 (0 marks a free place).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ringroad::shard {

class WireIdTable {
 public:
  /// The id must not be in it.
  void add(uint32_t wire_id, uint32_t slot);
  /// It must be in it.
  void remove(uint32_t wire_id);
  std::optional<uint32_t> find(uint32_t wire_id) const;
  size_t size() const { return size_; }

 private:
  struct Place {
    uint32_t wire_id = 0;  // 0: free
    uint32_t slot = 0;
  };

  size_t home_of(uint32_t wire_id) const;
  size_t next(size_t place) const { return (place + 1) & (places_.size() - 1); }
  /// The id's place, or the free one where it would go. There must be a free one.
  size_t locate(uint32_t wire_id) const;
  void grow();

  std::vector<Place> places_;  // a power of two; an id stands at its home or close behind it
  size_t size_ = 0;
};

}  // namespace ringroad::shard
