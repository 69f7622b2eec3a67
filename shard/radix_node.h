// radix_node.h — the parts of a subscription trie's node, and the slab of nodes.
// Owner:  SubscriptionTrie, through RadixNodes and EdgeTable.   Thread: the shard's.
// Bound:  a label <= kUrlBytesMax.
// Cost:   16 bytes per node; what a match reads of it lies in the edge that leads to it.
// Why here: nodes name each other by 32-bit index, and an index outlives every move of an edge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace ringroad::shard {

using NodeIndex = uint32_t;
inline constexpr NodeIndex kNoNode = 0xffff'ffff;

/// The bytes on the edge that leads to a node: in place up to kInlineBytes, else on the heap.
class EdgeLabel {
 public:
  static constexpr size_t kInlineBytes = 18;  // a vehicle's 17 characters and a '/'

  EdgeLabel() = default;
  /// first + second. They may lie in a label that the new one replaces.
  explicit EdgeLabel(std::string_view first, std::string_view second = {});
  EdgeLabel(EdgeLabel&& other) noexcept { take(other); }
  EdgeLabel& operator=(EdgeLabel&& other) noexcept;
  ~EdgeLabel() { release(); }

  size_t size() const { return size_; }
  std::string_view view() const { return {size_ <= kInlineBytes ? bytes_ : heap_bytes(), size_}; }
  size_t heap_size() const { return size_ <= kInlineBytes ? 0 : size_; }

 private:
  static constexpr size_t kPointerAt = kInlineBytes - sizeof(char*);

  char* heap_bytes() const {
    char* bytes;
    std::memcpy(&bytes, bytes_ + kPointerAt, sizeof(bytes));
    return bytes;
  }
  void take(EdgeLabel& other);
  void release();

  uint16_t size_ = 0;
  char bytes_[kInlineBytes] = {};  // the text, or in the last 8 bytes the pointer to it
};

struct RadixNode {
  uint32_t tag = 0;          // of the edge that leads here: this finds it
  uint32_t references = 0;   // to the pattern that ends here; 0: none does
  uint32_t child_count = 0;  // who they are is in the EdgeTable, ...
  NodeIndex children_xored =
      0;  // ... but if there is one only, it is this one; free: the next free
};

/// The slab of nodes: chunks that never move, so that growing costs no long copy.
class RadixNodes {
 public:
  NodeIndex take();
  void give(NodeIndex index);

  RadixNode& operator[](NodeIndex index) { return chunks_[index / kChunk][index % kChunk]; }
  const RadixNode& operator[](NodeIndex index) const {
    return chunks_[index / kChunk][index % kChunk];
  }
  size_t live() const { return live_; }
  /// Indices below this one have been handed out at least once.
  size_t used() const { return used_; }
  size_t memory_bytes() const;

 private:
  static constexpr size_t kChunk = 1024;

  std::vector<std::unique_ptr<RadixNode[]>> chunks_;
  NodeIndex first_free_ = kNoNode;
  size_t used_ = 0;
  size_t live_ = 0;
};

}  // namespace ringroad::shard
