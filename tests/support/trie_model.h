// trie_model.h — a SubscriptionTrie next to the plain reading of V2: a list that is scanned.
// Use:    change both through add() and remove(); then ask where they disagree ("" = nowhere).
// Why here: the unit test and the fuzz target compare with the same model.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/url.h"
#include "shard/subscription_trie.h"

namespace ringroad::test {

class TrieModel {
 public:
  struct Pattern {
    std::string text;
    shard::PatternId id = shard::kNoPattern;
    uint32_t references = 0;
  };

  std::string add(std::string_view text) {
    const uint64_t version = trie_.version();
    const shard::PatternId id = trie_.add(text);
    for (Pattern& pattern : patterns_) {
      if (pattern.text != text) continue;
      ++pattern.references;
      if (pattern.id != id) return "add() of a known pattern made a new id";
      return trie_.version() == version ? "" : "add() of a known pattern changed the version";
    }
    for (const Pattern& pattern : patterns_) {
      if (pattern.id == id) return "add() gave a live id away: " + quoted(text);
    }
    patterns_.push_back({std::string(text), id, 1});
    return trie_.version() != version ? "" : "add() did not change the version";
  }

  std::string remove(size_t index) {
    const uint64_t version = trie_.version();
    trie_.remove(patterns_[index].id);
    const bool last = --patterns_[index].references == 0;
    if (last) {
      patterns_[index] = patterns_.back();
      patterns_.pop_back();
    }
    return (trie_.version() != version) == last ? "" : "remove(): wrong change of the version";
  }

  std::string disagreement_at(std::string_view url) const {
    std::vector<shard::PatternId> expected;
    for (const Pattern& pattern : patterns_) {
      if (proto::url_matches(pattern.text, url)) expected.push_back(pattern.id);
    }
    std::vector<shard::PatternId> visited;
    trie_.match(url, [&](shard::PatternId id) { visited.push_back(id); });
    std::sort(expected.begin(), expected.end());
    std::sort(visited.begin(), visited.end());
    if (visited == expected) return "";
    return "match(" + quoted(url) + ") visited " + std::to_string(visited.size()) + ", not " +
           std::to_string(expected.size());
  }

  std::string disagreement() const {
    trie_.check_invariants();
    if (trie_.size() != patterns_.size()) return "size()";
    for (const Pattern& pattern : patterns_) {
      if (trie_.find(pattern.text) != pattern.id) return "find(" + quoted(pattern.text) + ")";
      if (trie_.pattern(pattern.id) != pattern.text) return "pattern() of " + quoted(pattern.text);
    }
    return "";
  }

  const std::vector<Pattern>& patterns() const { return patterns_; }
  const shard::SubscriptionTrie& trie() const { return trie_; }

 private:
  static std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

  shard::SubscriptionTrie trie_;
  std::vector<Pattern> patterns_;
};

}  // namespace ringroad::test
