// radix_node.h — the parts of a subscription trie's node: its edge label and its children.
// Owner:  SubscriptionTrie, through RadixNodes.   Thread: the shard's.
// Bound:  a label <= kUrlBytesMax, <= 256 children (one per first byte).
// Cost:   32 bytes per node, a heap block for a label over 14 bytes, one for having children.
// Why here: nodes name each other by 32-bit index, so that a node is half a cache line.
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
  static constexpr size_t kInlineBytes = 14;

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

/// Children by the first byte of their label: memchr over the packed bytes serves two children and
/// 256 alike, and ten digits take 84 bytes where a table by byte would take a KiB.
class ChildTable {
 public:
  ChildTable() = default;
  ChildTable(ChildTable&& other) noexcept = default;
  ChildTable& operator=(ChildTable&& other) noexcept = default;

  size_t size() const { return block_ == nullptr ? 0 : block_[0] & 0xffff; }
  NodeIndex find(char byte) const {
    if (block_ == nullptr) return kNoNode;
    const void* key = std::memchr(keys(), static_cast<unsigned char>(byte), size());
    if (key == nullptr) return kNoNode;
    return nodes()[static_cast<const unsigned char*>(key) - keys()];
  }
  NodeIndex at(size_t position) const { return nodes()[position]; }

  void insert(char byte, NodeIndex node);
  void replace(char byte, NodeIndex node);
  void erase(char byte);
  size_t heap_size() const { return block_ == nullptr ? 0 : words(capacity()) * sizeof(uint32_t); }

 private:
  // One block of words: count | capacity << 16, then `capacity` key bytes, then `capacity` nodes.
  static size_t words(size_t capacity) { return 1 + capacity / sizeof(uint32_t) + capacity; }
  size_t capacity() const { return block_ == nullptr ? 0 : block_[0] >> 16; }
  const unsigned char* keys() const {
    return reinterpret_cast<const unsigned char*>(block_.get() + 1);
  }
  unsigned char* keys() { return reinterpret_cast<unsigned char*>(block_.get() + 1); }
  const uint32_t* nodes() const { return block_.get() + 1 + capacity() / sizeof(uint32_t); }
  uint32_t* nodes() { return block_.get() + 1 + capacity() / sizeof(uint32_t); }
  size_t position(char byte) const;
  void set_size(size_t size);
  void resize(size_t capacity);

  std::unique_ptr<uint32_t[]> block_;  // null: no children
};

struct RadixNode {
  EdgeLabel label;  // empty for the root only
  ChildTable children;
  NodeIndex parent = kNoNode;  // in a free node: the next free one
  uint32_t pattern = kNoNode;  // its PatternId if a pattern ends here
};
static_assert(sizeof(RadixNode) == 32, "two nodes per cache line");

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
  size_t memory_bytes() const;

 private:
  static constexpr size_t kChunk = 1024;

  std::vector<std::unique_ptr<RadixNode[]>> chunks_;
  NodeIndex first_free_ = kNoNode;
  size_t used_ = 0;  // indices handed out at least once
  size_t live_ = 0;
};

}  // namespace ringroad::shard
