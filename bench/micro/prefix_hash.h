// prefix_hash.h — the usual alternative to a trie, as a yardstick: a hash table of all patterns,
// asked for every prefix of the URL that may be one.
// Owner:  the benchmark.   Thread: one.
// Fair:   PrefixMap is what one writes with the standard library: it hashes each prefix from its
//         beginning, and allocates nothing. PrefixHash is as good as we can: flat (open addressing,
//         at most half full), 16 bytes per slot, the texts behind each other, compared in full; the
//         URL is hashed once, word by word, whatever the number of its prefixes, with the trie's own
//         hash; all slots are fetched before the first is looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "proto/url.h"
#include "shard/token_hash.h"

namespace ringroad::bench {

class PrefixMap {
 public:
  void add(std::string_view pattern) {
    ids_.emplace(texts_.emplace_back(pattern), static_cast<uint32_t>(ids_.size()));
  }
  template <typename Visit>
  void match(std::string_view url, Visit visit) const {
    std::array<char, kUrlBytesMax + 1> longer;  // the URL + "/", without an allocation
    CHECK(url.size() <= kUrlBytesMax);
    url.copy(longer.data(), url.size());
    longer[url.size()] = '/';
    proto::for_each_candidate(url, [&](const proto::Candidate& candidate) {
      const auto entry =
          ids_.find(candidate.slash_appended ? std::string_view(longer.data(), url.size() + 1)
                                             : candidate.text);
      if (entry != ids_.end()) visit(entry->second);
    });
  }

 private:
  static constexpr size_t kUrlBytesMax = 127;

  std::deque<std::string> texts_;
  // By views: like this the library keeps the hash in the entry, and no look-up makes a string.
  std::unordered_map<std::string_view, uint32_t> ids_;
};

class PrefixHash {
 public:
  explicit PrefixHash(size_t patterns);

  /// Room must be left; each pattern once.
  uint32_t add(std::string_view pattern);
  /// visit(id) every pattern that matches the URL, shortest first.
  template <typename Visit>
  void match(std::string_view url, Visit visit) const;

  size_t size() const { return size_; }
  size_t memory_bytes() const;

 private:
  static constexpr size_t kCandidatesMax = 32;
  struct Slot {
    uint64_t hash = 0;
    uint32_t id = kNone;
    uint32_t text_at = 0;  // in the arena: two bytes of length, the text
  };
  struct Candidate {
    uint64_t hash;
    size_t bytes;
    bool slash_appended;
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  /// Of prefixes that end in '/' and of the whole, from one pass over the text.
  template <typename Visit>
  void for_each_prefix(std::string_view text, Visit visit) const {
    uint64_t state = 0;
    size_t at = 0;
    for (size_t slash = text.find('/'); slash != text.npos; slash = text.find('/', at)) {
      state = hash_(state, text.substr(at, slash - at));
      at = slash + 1;
      visit(state, at);
    }
    if (at < text.size()) visit(~hash_(state, text.substr(at)), text.size());
  }
  bool holds(const Slot& slot, std::string_view url, const Candidate& candidate) const {
    uint16_t bytes;
    std::memcpy(&bytes, arena_.data() + slot.text_at, sizeof(bytes));
    const std::string_view text(arena_.data() + slot.text_at + sizeof(bytes), bytes);
    if (!candidate.slash_appended) return text == url.substr(0, candidate.bytes);
    return text.size() == url.size() + 1 && text.starts_with(url) && text.back() == '/';
  }

  shard::TokenHash hash_{1};
  std::vector<Slot> slots_;  // a power of two
  size_t size_ = 0;
  std::string arena_;
};

template <typename Visit>
void PrefixHash::match(std::string_view url, Visit visit) const {
  std::array<Candidate, kCandidatesMax> candidates;
  size_t count = 0;
  const size_t mask = slots_.size() - 1;
  const auto ask = [&](uint64_t hash, size_t bytes, bool slash_appended) {
    if (count == kCandidatesMax) return;
    __builtin_prefetch(&slots_[hash & mask]);
    candidates[count++] = {hash, bytes, slash_appended};
  };
  uint64_t before = 0;
  for_each_prefix(url, [&](uint64_t hash, size_t bytes) {
    ask(hash, bytes, false);
    before = hash;
  });
  // Behind "/a" comes "/a/"; behind "/a/" comes "/a//".
  ask(url.back() == '/' ? hash_(before, {}) : ~before, url.size(), true);
  for (size_t i = 0; i < count; ++i) {
    const Candidate& candidate = candidates[i];
    for (size_t at = candidate.hash & mask; slots_[at].id != kNone; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (slot.hash == candidate.hash && holds(slot, url, candidate)) {
        visit(slot.id);
        break;
      }
    }
  }
}

}  // namespace ringroad::bench
