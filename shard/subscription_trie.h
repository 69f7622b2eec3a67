// subscription_trie.h — from a URL to the subscription patterns that match it (V2).
// Owner:  the shard.   Thread: the shard's.
// Bound:  the sessions' subscription limits. memory_bytes() per pattern was 57 to 102 for 100,000
//         fleet URLs of 17 to 28 bytes.
// Fails:  never. The caller has validated patterns and URLs: '/' first, <= kUrlBytesMax.
// Cost:   match() walks the URL once, whatever the number of patterns, and allocates nothing.
// Why here: the patterns that match a URL are prefixes of it (or of it and a '/'), so all of them
//           lie on one path of a path-compressed radix trie; and fleets share long prefixes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "shard/radix_node.h"

namespace ringroad::shard {

using PatternId = uint32_t;
inline constexpr PatternId kNoPattern = kNoNode;

class SubscriptionTrie {
 public:
  SubscriptionTrie();
  SubscriptionTrie(const SubscriptionTrie&) = delete;
  SubscriptionTrie& operator=(const SubscriptionTrie&) = delete;

  /// One reference more to the pattern, which is created by the first.
  PatternId add(std::string_view pattern);
  /// One reference less. With the last one the pattern goes, and its id is used again.
  void remove(PatternId id);

  PatternId find(std::string_view pattern) const;
  /// Rebuilt from the labels on its path: nothing stores it whole.
  std::string pattern(PatternId id) const;

  /// visit(PatternId) every pattern that matches the URL, each once, shortest first.
  /// `visit` must not change the trie.
  template <typename Visit>
  void match(std::string_view url, Visit visit) const;

  /// Live patterns.
  size_t size() const { return size_; }
  /// Changes whenever a pattern appears or disappears: what match() said before may be wrong now.
  uint64_t version() const { return version_; }
  /// What the trie holds, the allocator's own share included by estimate.
  size_t memory_bytes() const;
  /// O(patterns). Aborts if the trie is not canonical; for tests.
  void check_invariants() const;

 private:
  struct PatternSlot {
    NodeIndex node = kNoNode;  // in a free slot: the next free one
    uint32_t references = 0;   // 0: free
  };
  static constexpr NodeIndex kRoot = 0;

  NodeIndex reach(std::string_view pattern);
  NodeIndex add_leaf(NodeIndex parent, std::string_view label);
  NodeIndex split(NodeIndex lower, size_t at);
  void prune(NodeIndex index);
  void merge_with_child(NodeIndex index);
  PatternId take_id(NodeIndex node);
  void give_id(PatternId id);
  void set_label(RadixNode& node, EdgeLabel label);
  template <typename Edit>
  void edit_children(RadixNode& node, Edit edit);
  void check_node(NodeIndex index) const;

  RadixNodes nodes_;                   // [kRoot] always lives
  std::vector<PatternSlot> patterns_;  // by PatternId
  PatternId first_free_ = kNoPattern;
  size_t size_ = 0;
  uint64_t version_ = 1;   // never 0, so that 0 can mean "no version"
  size_t heap_bytes_ = 0;  // labels and child tables, as the allocator rounds them
};

// The subscriptions that match a URL are exactly: its prefixes that end in '/', the URL, and the
// URL + "/". All of them are prefixes of the URL + "/", the path that is walked here.
template <typename Visit>
void SubscriptionTrie::match(std::string_view url, Visit visit) const {
  NodeIndex index = kRoot;
  for (size_t at = 0; at <= url.size();) {
    const size_t rest = url.size() - at;
    index = nodes_[index].children.find(rest > 0 ? url[at] : '/');
    if (index == kNoNode) return;
    const RadixNode& node = nodes_[index];
    const std::string_view label = node.label.view();
    if (std::memcmp(label.data(), url.data() + at, std::min(label.size(), rest)) != 0) return;
    if (label.size() > rest + 1) return;
    at += label.size();
    if (node.pattern == kNoPattern) continue;
    if (label.back() == '/' || at == url.size()) visit(node.pattern);
  }
}

}  // namespace ringroad::shard
