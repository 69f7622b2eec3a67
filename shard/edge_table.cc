#include "shard/edge_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ringroad::shard {

EdgeTable::EdgeTable() {
  segments_.push_back(std::make_unique<Segment>());
  directory_.push_back(segments_.back().get());
}

Edge& EdgeTable::at(uint32_t tag, NodeIndex node) {
  Segment& segment = *directory_[place(tag)];
  return segment.edges[locate(segment, tag, node)];
}

const Edge& EdgeTable::at(uint32_t tag, NodeIndex node) const {
  const Segment& segment = *directory_[place(tag)];
  return segment.edges[locate(segment, tag, node)];
}

Edge& EdgeTable::insert(uint32_t tag, NodeIndex parent, NodeIndex node, EdgeLabel label) {
  CHECK(node != kNoNode);
  CHECK((tag & Edge::kFlags) == 0);
  while (directory_[place(tag)]->count == kEdgesMax) split(tag);
  ++size_;
  Edge edge;
  edge.label = std::move(label);
  edge.tag_and_flags = tag;
  edge.node = node;
  edge.parent = parent;
  return put(*directory_[place(tag)], std::move(edge));
}

// Closes the gap: what lies behind it moves up, as far as its home allows. No tombstones.
void EdgeTable::erase(uint32_t tag, NodeIndex node) {
  Segment& segment = *directory_[place(tag)];
  const auto distance = [](size_t from, size_t to) { return (to + kEdges - from) % kEdges; };
  size_t hole = locate(segment, tag, node);
  for (size_t at = next(hole); !segment.edges[at].free(); at = next(at)) {
    const size_t begin = home(segment.edges[at].tag());
    if (distance(begin, at) < distance(hole, at)) continue;  // its home is behind the hole
    segment.edges[hole] = std::move(segment.edges[at]);
    hole = at;
  }
  segment.edges[hole] = Edge();
  --segment.count;
  --size_;
}

size_t EdgeTable::memory_bytes() const {
  constexpr size_t kAllocators = 80;  // glibc's own bytes, and what the alignment skips
  return segments_.size() * (sizeof(Segment) + kAllocators) +
         segments_.capacity() * sizeof(segments_[0]) +
         directory_.capacity() * sizeof(directory_[0]);
}

size_t EdgeTable::locate(const Segment& segment, uint32_t tag, NodeIndex node) {
  size_t at = home(tag);
  while (segment.edges[at].node != node) {
    CHECK(!segment.edges[at].free());
    at = next(at);
  }
  return at;
}

Edge& EdgeTable::put(Segment& segment, Edge&& edge) {
  size_t at = home(edge.tag());
  while (!segment.edges[at].free()) at = next(at);
  ++segment.count;
  return segment.edges[at] = std::move(edge);
}

// One bit more of the tag tells the edges of its segment apart.
void EdgeTable::split(uint32_t tag) {
  Segment& lower = *directory_[place(tag)];
  if (lower.depth == depth_) {
    CHECK(depth_ < 28);
    std::vector<Segment*> twice;
    twice.reserve(2 * directory_.size());
    for (Segment* segment : directory_) twice.insert(twice.end(), 2, segment);
    directory_ = std::move(twice);
    ++depth_;
  }
  segments_.push_back(std::make_unique<Segment>());
  Segment& upper = *segments_.back();
  upper.depth = ++lower.depth;
  const size_t span = size_t{1} << (depth_ - lower.depth);  // of each of the two
  const size_t begin = place(tag) / (2 * span) * (2 * span);
  std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(begin + span), span, &upper);
  std::vector<Edge> all(kEdges);
  std::swap_ranges(all.begin(), all.end(), lower.edges.begin());
  lower.count = 0;
  for (Edge& edge : all) {
    if (!edge.free()) put(*directory_[place(edge.tag())], std::move(edge));
  }
}

}  // namespace ringroad::shard
