// subscription_trie.h — from a URL to the subscription patterns that match it (V2).
// Owner:  the shard.   Thread: the shard's.
// Bound:  the sessions' subscription limits; at most two nodes per pattern, whatever its length.
//         memory_bytes() per pattern was 83 for 250,000 fleet URLs of 20 bytes.
// Fails:  never. The caller has validated patterns and URLs: '/' first, <= kUrlBytesMax.
// Cost:   match() walks the URL once, whatever the number of patterns, and allocates nothing. A
//         step reads one cache line; of a fleet's URL only the vehicle's own is a cold one.
// Why here: the patterns that match a URL are prefixes of it (or of it and a '/'), so all of them
//           lie on one path of a path-compressed trie. It branches between tokens, not between
//           bytes: patterns match at a '/' only, and each byte level would be one cache miss more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "shard/edge_table.h"
#include "shard/radix_node.h"
#include "shard/token_hash.h"

namespace ringroad::shard {

using PatternId = NodeIndex;  // the node at its end, which keeps its index
inline constexpr PatternId kNoPattern = kNoNode;

class SubscriptionTrie {
 public:
  SubscriptionTrie();
  SubscriptionTrie(const SubscriptionTrie&) = delete;
  SubscriptionTrie& operator=(const SubscriptionTrie&) = delete;

  /// One reference more to the pattern, which is created by the first.
  PatternId add(std::string_view pattern);
  void add(PatternId id);
  /// One reference less. With the last one the pattern goes, and its id is used again.
  void remove(PatternId id);

  PatternId find(std::string_view pattern) const;
  /// Rebuilt from the labels on its path: nothing stores it whole.
  std::string pattern(PatternId id) const;
  /// Who holds it; 0: there is no such pattern.
  uint32_t references(PatternId id) const { return nodes_[id].references; }

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
  static constexpr NodeIndex kRoot = 0;

  /// What the edges of a node are told apart by: the URL's bytes from `at` up to a '/', this
  /// included, or up to the end.
  static std::string_view token(std::string_view url, size_t at = 0) {
    return url.substr(at, std::min(url.find('/', at), url.size() - 1) + 1 - at);
  }
  /// Does the label begin with exactly this token?
  static bool leads(std::string_view label, std::string_view token) {
    if (!label.starts_with(token)) return false;
    return token.back() == '/' || label.size() == token.size();
  }
  /// "a" and "a/" have the same tag, so that one look finds both.
  uint32_t tag(NodeIndex parent, std::string_view token) const {
    if (token.ends_with('/')) token.remove_suffix(1);
    return static_cast<uint32_t>(hash_(parent, token) >> 32) & ~Edge::kFlags;
  }
  /// To the child whose label begins with this token, or null.
  const Edge* child(NodeIndex parent, std::string_view token) const;
  Edge& edge_to(NodeIndex index) { return edges_.at(nodes_[index].tag, index); }
  const Edge& edge_to(NodeIndex index) const { return edges_.at(nodes_[index].tag, index); }
  template <typename Visit>
  void match_end(NodeIndex parent, std::string_view last, Visit& visit) const;

  NodeIndex reach(std::string_view pattern);
  NodeIndex split(NodeIndex lower, size_t at);
  void prune(NodeIndex index);
  void merge_with_child(NodeIndex index);
  NodeIndex adopt(NodeIndex parent, NodeIndex index, EdgeLabel label);
  NodeIndex disown(NodeIndex index);
  void inherit(NodeIndex index, NodeIndex heir, EdgeLabel label);
  void set_label(Edge& edge, EdgeLabel label);
  void set_flags(NodeIndex index);
  void check_edge(NodeIndex index) const;

  const TokenHash hash_;  // Constant after construction.
  RadixNodes nodes_;      // [kRoot] always lives
  EdgeTable edges_;       // one to each node but the root, with its label
  size_t size_ = 0;
  uint64_t version_ = 1;   // never 0, so that 0 can mean "no version"
  size_t heap_bytes_ = 0;  // labels, as the allocator rounds them
};

inline const Edge* SubscriptionTrie::child(NodeIndex parent, std::string_view token) const {
  const Edge* found = nullptr;
  edges_.find(tag(parent, token), [&](const Edge& edge) {
    if (edge.parent != parent || !leads(edge.label.view(), token)) return false;
    found = &edge;
    return true;
  });
  return found;
}

// The subscriptions that match a URL are exactly: its prefixes that end in '/', the URL, and the
// URL + "/". All of them are prefixes of the URL + "/", the path that is walked here.
template <typename Visit>
void SubscriptionTrie::match(std::string_view url, Visit visit) const {
  NodeIndex index = kRoot;
  for (size_t at = 0;;) {
    const size_t slash = url.find('/', at);
    if (slash == std::string_view::npos) return match_end(index, url.substr(at), visit);
    const Edge* edge = child(index, url.substr(at, slash + 1 - at));
    if (edge == nullptr) return;
    const std::string_view label = edge->label.view();
    const std::string_view rest = url.substr(at);
    if (label.size() > rest.size()) {  // only the URL + "/" can be so long: nothing lies behind it
      if (label.size() == rest.size() + 1 && label.starts_with(rest) && label.back() == '/' &&
          edge->has_pattern())
        visit(edge->node);
      return;
    }
    // Its first token is the same; that is all of a label of one token.
    const size_t token_bytes = slash + 1 - at;
    if (label.size() > token_bytes && !rest.starts_with(label)) return;
    at += label.size();
    index = edge->node;
    if (edge->has_pattern() && (label.back() == '/' || at == url.size())) visit(index);
    if (!edge->has_children()) return;
  }
}

// The URL ends in this token, without a '/': who subscribed to just that, and to that + "/"?
template <typename Visit>
void SubscriptionTrie::match_end(NodeIndex parent, std::string_view last, Visit& visit) const {
  NodeIndex exact = kNoNode;
  NodeIndex below = kNoNode;
  edges_.find(tag(parent, last), [&](const Edge& edge) {
    const std::string_view label = edge.label.view();
    if (edge.parent != parent || !edge.has_pattern() || !label.starts_with(last)) return false;
    if (label.size() == last.size()) exact = edge.node;
    if (label.size() == last.size() + 1 && label.back() == '/') below = edge.node;
    return false;
  });
  if (exact != kNoNode) visit(exact);
  if (below != kNoNode) visit(below);
}

}  // namespace ringroad::shard
