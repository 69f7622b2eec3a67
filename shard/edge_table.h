// edge_table.h — the edges of all of a trie's nodes, found by a hash: one cache line per look-up.
// Owner:  SubscriptionTrie.   Thread: the shard's.
// Bound:  one edge of 32 bytes per node, a heap block for a label over 18 bytes. Segments of 2,046
//         edges, 64 KiB: at 3/4 one becomes two, so that no insertion moves more than 1,534
//         (extendible hashing), and they are so few that the directory of them stays in the cache.
//         3/8 to 3/4 full, and never given back.
// Fails:  never. A tag comes from a keyed hash: different edges rarely share one, and who asks
//         compares.
// Why here: a fleet has a hundred thousand siblings, and what a look-up costs is what it fetches
//           from memory. All that a match wants to know of a node lies in its edge.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "shard/radix_node.h"

namespace ringroad::shard {

/// The way from a node to one of its children.
struct alignas(32) Edge {
  static constexpr uint32_t kPattern = 1;   // a pattern ends there
  static constexpr uint32_t kChildren = 2;  // it goes on from there
  static constexpr uint32_t kFlags = kPattern | kChildren;

  bool free() const { return node == kNoNode; }
  bool has_pattern() const { return (tag_and_flags & kPattern) != 0; }
  bool has_children() const { return (tag_and_flags & kChildren) != 0; }
  uint32_t tag() const { return tag_and_flags & ~kFlags; }

  EdgeLabel label;
  uint32_t tag_and_flags = 0;
  NodeIndex node = kNoNode;
  NodeIndex parent = kNoNode;
};
static_assert(sizeof(Edge) == 32, "two per cache line, none in two");

class EdgeTable {
 public:
  EdgeTable();

  /// Tells visit(const Edge&) who has this tag, until it answers true. A tag has no flags.
  template <typename Visit>
  void find(uint32_t tag, Visit visit) const {
    const Segment& segment = *directory_[place(tag)];
    for (size_t at = home(tag); !segment.edges[at].free(); at = next(at)) {
      if (segment.edges[at].tag() == tag && visit(segment.edges[at])) return;
    }
  }
  /// The edge to this node, which must be there. Valid until an edge comes or goes, as is insert()'s.
  Edge& at(uint32_t tag, NodeIndex node);
  const Edge& at(uint32_t tag, NodeIndex node) const;
  /// Without flags.
  Edge& insert(uint32_t tag, NodeIndex parent, NodeIndex node, EdgeLabel label);
  void erase(uint32_t tag, NodeIndex node);

  size_t size() const { return size_; }
  /// Without the heap blocks of long labels.
  size_t memory_bytes() const;

 private:
  static constexpr size_t kLines = 1'023;
  static constexpr size_t kEdges = 2 * kLines;
  static constexpr size_t kEdgesMax = kEdges * 3 / 4;  // then it becomes two
  struct alignas(64) Segment {
    std::array<Edge, kEdges> edges;  // linear probing, from the first edge of a line
    uint32_t count = 0;
    unsigned depth = 0;  // so many high bits of the tag are the same for all
  };
  static_assert(sizeof(Segment) == 65'536);

  // The high bits say which segment, all bits say where in it.
  size_t place(uint32_t tag) const { return static_cast<size_t>(uint64_t{tag} << depth_ >> 32); }
  static size_t home(uint32_t tag) {
    return 2 * static_cast<size_t>(uint64_t{tag * 0x9e37'79b1U} * kLines >> 32);
  }
  static size_t next(size_t at) { return at + 1 == kEdges ? 0 : at + 1; }
  static size_t locate(const Segment& segment, uint32_t tag, NodeIndex node);
  static Edge& put(Segment& segment, Edge&& edge);
  void split(uint32_t tag);

  unsigned depth_ = 0;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<Segment*> directory_;  // 2^depth_, by the tag's high bits
  size_t size_ = 0;
};

}  // namespace ringroad::shard
