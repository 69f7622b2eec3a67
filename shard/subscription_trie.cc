#include "shard/subscription_trie.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::shard {
namespace {

// What glibc takes for a block: 8 bytes of its own, multiples of 16, at least 32.
size_t allocated(size_t bytes) {
  if (bytes == 0) return 0;
  return std::max<size_t>(32, (bytes + 8 + 15) / 16 * 16);
}

size_t allocated(const RadixNode& node) {
  return allocated(node.label.heap_size()) + allocated(node.children.heap_size());
}

size_t common_prefix(std::string_view a, std::string_view b) {
  const size_t end = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + end, b.begin()).first -
                             a.begin());
}

}  // namespace

SubscriptionTrie::SubscriptionTrie() {
  CHECK(nodes_.take() == kRoot);
}

PatternId SubscriptionTrie::add(std::string_view pattern) {
  CHECK(!pattern.empty());
  CHECK(pattern.size() <= base::kUrlBytesMax);
  const NodeIndex index = reach(pattern);
  RadixNode& node = nodes_[index];
  if (node.pattern == kNoPattern) node.pattern = take_id(index);
  PatternSlot& slot = patterns_[node.pattern];
  CHECK(slot.references < UINT32_MAX);
  ++slot.references;
  return node.pattern;
}

void SubscriptionTrie::remove(PatternId id) {
  CHECK(id < patterns_.size());
  PatternSlot& slot = patterns_[id];
  CHECK(slot.references > 0);
  if (--slot.references > 0) return;
  const NodeIndex index = slot.node;
  CHECK(nodes_[index].pattern == id);
  nodes_[index].pattern = kNoPattern;
  give_id(id);
  prune(index);
}

PatternId SubscriptionTrie::find(std::string_view pattern) const {
  NodeIndex index = kRoot;
  while (!pattern.empty()) {
    index = nodes_[index].children.find(pattern.front());
    if (index == kNoNode) return kNoPattern;
    const std::string_view label = nodes_[index].label.view();
    if (!pattern.starts_with(label)) return kNoPattern;
    pattern.remove_prefix(label.size());
  }
  return nodes_[index].pattern;
}

std::string SubscriptionTrie::pattern(PatternId id) const {
  CHECK(id < patterns_.size());
  CHECK(patterns_[id].references > 0);
  size_t end = 0;
  for (NodeIndex i = patterns_[id].node; i != kRoot; i = nodes_[i].parent) {
    end += nodes_[i].label.size();
  }
  std::string text(end, '\0');
  for (NodeIndex i = patterns_[id].node; i != kRoot; i = nodes_[i].parent) {
    const std::string_view label = nodes_[i].label.view();
    end -= label.size();
    label.copy(text.data() + end, label.size());
  }
  return text;
}

size_t SubscriptionTrie::memory_bytes() const {
  return sizeof(*this) + nodes_.memory_bytes() + heap_bytes_ +
         patterns_.capacity() * sizeof(PatternSlot);
}

// The node at the end of `pattern`, made if there is none.
NodeIndex SubscriptionTrie::reach(std::string_view pattern) {
  NodeIndex index = kRoot;
  while (!pattern.empty()) {
    NodeIndex child = nodes_[index].children.find(pattern.front());
    if (child == kNoNode) return add_leaf(index, pattern);
    const size_t common = common_prefix(nodes_[child].label.view(), pattern);
    if (common < nodes_[child].label.size()) child = split(child, common);
    pattern.remove_prefix(common);
    index = child;
  }
  return index;
}

NodeIndex SubscriptionTrie::add_leaf(NodeIndex parent, std::string_view label) {
  const NodeIndex index = nodes_.take();
  RadixNode& leaf = nodes_[index];
  leaf.parent = parent;
  set_label(leaf, EdgeLabel(label));
  edit_children(nodes_[parent], [&](ChildTable& table) { table.insert(label.front(), index); });
  return index;
}

// Cuts the label of `lower` in two: a new node with the first `at` bytes comes above it.
NodeIndex SubscriptionTrie::split(NodeIndex lower, size_t at) {
  const NodeIndex upper = nodes_.take();
  RadixNode& above = nodes_[upper];
  RadixNode& below = nodes_[lower];
  const std::string_view label = below.label.view();
  CHECK(at > 0);
  CHECK(at < label.size());
  nodes_[below.parent].children.replace(label.front(), upper);
  above.parent = std::exchange(below.parent, upper);
  edit_children(above, [&](ChildTable& table) { table.insert(label[at], lower); });
  set_label(above, EdgeLabel(label.substr(0, at)));
  set_label(below, EdgeLabel(label.substr(at)));  // ends the life of `label`
  return upper;
}

// A pattern has just left this node: takes away what only it needed.
void SubscriptionTrie::prune(NodeIndex index) {
  if (nodes_[index].children.size() == 0) {
    RadixNode& leaf = nodes_[index];
    const char byte = leaf.label.view().front();
    const NodeIndex parent = std::exchange(leaf.parent, kNoNode);
    edit_children(nodes_[parent], [&](ChildTable& table) { table.erase(byte); });
    set_label(leaf, EdgeLabel());
    nodes_.give(index);
    index = parent;
  }
  if (index == kRoot) return;
  const RadixNode& node = nodes_[index];
  if (node.pattern == kNoPattern && node.children.size() == 1) merge_with_child(index);
}

// The child takes the node's place: like this the grandchildren need no new parent.
void SubscriptionTrie::merge_with_child(NodeIndex index) {
  RadixNode& node = nodes_[index];
  const NodeIndex heir = node.children.at(0);
  RadixNode& child = nodes_[heir];
  const std::string_view label = node.label.view();
  nodes_[node.parent].children.replace(label.front(), heir);
  child.parent = node.parent;
  const char byte = child.label.view().front();
  set_label(child, EdgeLabel(label, child.label.view()));
  edit_children(node, [&](ChildTable& table) { table.erase(byte); });
  set_label(node, EdgeLabel());
  nodes_.give(index);
}

PatternId SubscriptionTrie::take_id(NodeIndex node) {
  ++size_;
  ++version_;
  PatternId id = first_free_;
  if (id == kNoPattern) {
    id = static_cast<PatternId>(patterns_.size());
    CHECK(id < kNoPattern);
    patterns_.emplace_back();
  } else {
    first_free_ = patterns_[id].node;
  }
  patterns_[id] = {.node = node};
  return id;
}

void SubscriptionTrie::give_id(PatternId id) {
  CHECK(size_ > 0);
  --size_;
  ++version_;
  patterns_[id] = {.node = std::exchange(first_free_, id)};
}

void SubscriptionTrie::set_label(RadixNode& node, EdgeLabel label) {
  heap_bytes_ -= allocated(node);
  node.label = std::move(label);
  heap_bytes_ += allocated(node);
}

template <typename Edit>
void SubscriptionTrie::edit_children(RadixNode& node, Edit edit) {
  heap_bytes_ -= allocated(node);
  edit(node.children);
  heap_bytes_ += allocated(node);
}

void SubscriptionTrie::check_invariants() const {
  size_t nodes = 0;
  size_t terminals = 0;
  size_t heap_bytes = 0;
  std::vector<NodeIndex> open = {kRoot};
  while (!open.empty()) {
    const NodeIndex index = open.back();
    const RadixNode& node = nodes_[index];
    open.pop_back();
    ++nodes;
    terminals += node.pattern != kNoPattern;
    heap_bytes += allocated(node);
    check_node(index);
    for (size_t i = 0; i < node.children.size(); ++i) open.push_back(node.children.at(i));
  }
  CHECK(nodes == nodes_.live());
  CHECK(terminals == size_);
  CHECK(heap_bytes == heap_bytes_);
  size_t live = 0;
  for (const PatternSlot& slot : patterns_) live += slot.references > 0;
  CHECK(live == size_);
}

void SubscriptionTrie::check_node(NodeIndex index) const {
  const RadixNode& node = nodes_[index];
  const ChildTable& children = node.children;
  for (size_t i = 0; i < children.size(); ++i) {
    const RadixNode& child = nodes_[children.at(i)];
    CHECK(child.parent == index);
    CHECK(child.label.size() > 0);
    CHECK(children.find(child.label.view().front()) == children.at(i));
  }
  if (index == kRoot) {
    CHECK(node.pattern == kNoPattern);
    CHECK(node.label.size() == 0);
  } else if (node.pattern == kNoPattern) {
    CHECK(children.size() >= 2);  // path compression
  } else {
    CHECK(node.pattern < patterns_.size());
    CHECK(patterns_[node.pattern].node == index);
    CHECK(patterns_[node.pattern].references > 0);
  }
}

}  // namespace ringroad::shard
