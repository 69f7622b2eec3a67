#include "shard/subscription_trie.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::shard {
namespace {

// What glibc takes for a block: 8 bytes of its own, multiples of 16, at least 32.
size_t allocated(const EdgeLabel& label) {
  if (label.heap_size() == 0) return 0;
  return std::max<size_t>(32, (label.heap_size() + 8 + 15) / 16 * 16);
}

// How many bytes the label and the pattern share in whole tokens. The first one is the same.
size_t common_tokens(std::string_view label, std::string_view pattern) {
  const size_t end = std::min(label.size(), pattern.size());
  const auto same = static_cast<size_t>(
      std::mismatch(label.begin(), label.begin() + end, pattern.begin()).first - label.begin());
  if (same == label.size() && (label.back() == '/' || same == pattern.size())) return same;
  return label.substr(0, same).rfind('/') + 1;
}

}  // namespace

SubscriptionTrie::SubscriptionTrie() : hash_(TokenHash::random()) {
  CHECK(nodes_.take() == kRoot);
}

PatternId SubscriptionTrie::add(std::string_view pattern) {
  CHECK(!pattern.empty());
  CHECK(pattern.size() <= base::kUrlBytesMax);
  const NodeIndex index = reach(pattern);
  RadixNode& node = nodes_[index];
  CHECK(node.references < UINT32_MAX);
  if (++node.references > 1) return index;
  ++size_;
  ++version_;
  set_flags(index);
  return index;
}

void SubscriptionTrie::add(PatternId id) {
  RadixNode& node = nodes_[id];
  CHECK(node.references > 0);
  CHECK(node.references < UINT32_MAX);
  ++node.references;
}

void SubscriptionTrie::remove(PatternId id) {
  CHECK(id < nodes_.used());
  RadixNode& node = nodes_[id];
  CHECK(node.references > 0);
  if (--node.references > 0) return;
  --size_;
  ++version_;
  prune(id);
}

PatternId SubscriptionTrie::find(std::string_view pattern) const {
  NodeIndex index = kRoot;
  while (!pattern.empty()) {
    const Edge* edge = child(index, token(pattern));
    if (edge == nullptr) return kNoPattern;
    const std::string_view label = edge->label.view();
    if (!pattern.starts_with(label)) return kNoPattern;
    pattern.remove_prefix(label.size());
    // "/a/b" is a prefix of "/a/bc" by bytes, not by tokens.
    if (label.back() != '/' && !pattern.empty()) return kNoPattern;
    index = edge->node;
  }
  return nodes_[index].references > 0 ? index : kNoPattern;
}

std::string SubscriptionTrie::pattern(PatternId id) const {
  CHECK(id < nodes_.used());
  CHECK(nodes_[id].references > 0);
  std::vector<std::string_view> labels;
  size_t bytes = 0;
  for (NodeIndex index = id; index != kRoot; index = edge_to(index).parent) {
    labels.push_back(edge_to(index).label.view());
    bytes += labels.back().size();
  }
  std::string text;
  text.reserve(bytes);
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) text += *label;
  return text;
}

size_t SubscriptionTrie::memory_bytes() const {
  return sizeof(*this) + nodes_.memory_bytes() + heap_bytes_ + edges_.memory_bytes();
}

// The node at the end of `pattern`, made if there is none.
NodeIndex SubscriptionTrie::reach(std::string_view pattern) {
  NodeIndex index = kRoot;
  while (!pattern.empty()) {
    const Edge* edge = child(index, token(pattern));
    if (edge == nullptr) return adopt(index, nodes_.take(), EdgeLabel(pattern));
    const size_t common = common_tokens(edge->label.view(), pattern);
    index = common < edge->label.size() ? split(edge->node, common) : edge->node;
    pattern.remove_prefix(common);
  }
  return index;
}

// Cuts the label of `lower` in two: a new node with the first `at` bytes comes above it.
NodeIndex SubscriptionTrie::split(NodeIndex lower, size_t at) {
  const std::string_view label = edge_to(lower).label.view();
  CHECK(at > 0);
  CHECK(at < label.size());
  EdgeLabel above(label.substr(0, at));
  EdgeLabel below(label.substr(at));
  const NodeIndex upper = nodes_.take();
  inherit(lower, upper, std::move(above));
  adopt(upper, lower, std::move(below));
  return upper;
}

// A pattern has just left this node: takes away what only it needed.
void SubscriptionTrie::prune(NodeIndex index) {
  if (nodes_[index].child_count > 0) {
    set_flags(index);
  } else {
    const NodeIndex parent = disown(index);
    nodes_.give(index);
    index = parent;
  }
  if (index == kRoot) return;
  const RadixNode& node = nodes_[index];
  if (node.references == 0 && node.child_count == 1) merge_with_child(index);
}

// The child takes the node's place: like this the grandchildren need no new parent.
void SubscriptionTrie::merge_with_child(NodeIndex index) {
  const NodeIndex heir = nodes_[index].children_xored;
  EdgeLabel joined(edge_to(index).label.view(), edge_to(heir).label.view());
  disown(heir);
  inherit(index, heir, std::move(joined));
  nodes_.give(index);
}

NodeIndex SubscriptionTrie::adopt(NodeIndex parent, NodeIndex index, EdgeLabel label) {
  nodes_[index].tag = tag(parent, token(label.view()));
  heap_bytes_ += allocated(label);
  edges_.insert(nodes_[index].tag, parent, index, std::move(label));
  set_flags(index);
  nodes_[parent].children_xored ^= index;
  if (++nodes_[parent].child_count == 1) set_flags(parent);
  return index;
}

/// Returns the parent, who has lost it.
NodeIndex SubscriptionTrie::disown(NodeIndex index) {
  Edge& edge = edge_to(index);
  const NodeIndex parent = edge.parent;
  set_label(edge, EdgeLabel());
  edges_.erase(nodes_[index].tag, index);
  nodes_[parent].children_xored ^= index;
  if (--nodes_[parent].child_count == 0) set_flags(parent);
  return parent;
}

// The edge to `index` leads to `heir` from now on. The label's first token stays what it was.
void SubscriptionTrie::inherit(NodeIndex index, NodeIndex heir, EdgeLabel label) {
  Edge& edge = edge_to(index);
  nodes_[edge.parent].children_xored ^= index ^ heir;
  nodes_[heir].tag = nodes_[index].tag;
  edge.node = heir;
  set_label(edge, std::move(label));
  set_flags(heir);
}

void SubscriptionTrie::set_label(Edge& edge, EdgeLabel label) {
  heap_bytes_ -= allocated(edge.label);
  edge.label = std::move(label);
  heap_bytes_ += allocated(edge.label);
}

// What a match wants to know of the node, where the match comes by.
void SubscriptionTrie::set_flags(NodeIndex index) {
  if (index == kRoot) return;
  const RadixNode& node = nodes_[index];
  const uint32_t flags =
      (node.references > 0 ? Edge::kPattern : 0U) | (node.child_count > 0 ? Edge::kChildren : 0U);
  edge_to(index).tag_and_flags = node.tag | flags;
}

void SubscriptionTrie::check_invariants() const {
  struct Family {
    uint32_t children = 0;
    NodeIndex xored = 0;
  };
  std::vector<Family> families(nodes_.used());
  size_t nodes = 1;
  size_t terminals = 0;
  size_t heap_bytes = 0;
  for (NodeIndex index = 1; index < nodes_.used(); ++index) {
    if (nodes_[index].references == 0 && nodes_[index].child_count == 0) continue;  // free
    ++nodes;
    terminals += nodes_[index].references > 0;
    const Edge& edge = edge_to(index);
    heap_bytes += allocated(edge.label);
    check_edge(index);
    ++families[edge.parent].children;
    families[edge.parent].xored ^= index;
  }
  for (NodeIndex index = 0; index < nodes_.used(); ++index) {
    CHECK(families[index].children == nodes_[index].child_count);
    if (families[index].children == 0) continue;
    CHECK(families[index].xored == nodes_[index].children_xored);
  }
  CHECK(nodes_[kRoot].references == 0);
  CHECK(nodes == nodes_.live());
  CHECK(nodes == edges_.size() + 1);
  CHECK(terminals == size_);
  CHECK(heap_bytes == heap_bytes_);
}

void SubscriptionTrie::check_edge(NodeIndex index) const {
  const RadixNode& node = nodes_[index];
  const Edge& edge = edge_to(index);
  CHECK(edge.label.size() > 0);
  CHECK(child(edge.parent, token(edge.label.view())) == &edge);
  CHECK(edge.has_pattern() == (node.references > 0));
  CHECK(edge.has_children() == (node.child_count > 0));
  CHECK(edge.has_pattern() || node.child_count >= 2);              // path compression
  CHECK(!edge.has_children() || edge.label.view().back() == '/');  // branches between tokens
}

}  // namespace ringroad::shard
