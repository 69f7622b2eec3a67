// match_memo.h — remembers which patterns matched a URL, while no pattern comes or goes.
// Owner:  the shard.   Thread: the shard's; the counters: any.
// Bound:  kSets * kWays entries of 192 bytes, 768 KiB. URLs over kUrlBytesMax and results over
//         kIdsMax are not remembered; an older URL of the same set gives way.
// Cost:   a hit: one hash of the URL and two or three cache lines. Only construction allocates.
// Why here: a hot URL must not walk the trie for every message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/counter.h"

namespace ringroad::shard {

class MatchMemo {
 public:
  static constexpr size_t kUrlBytesMax = 128;
  static constexpr size_t kIdsMax = 11;
  static constexpr size_t kSets = 2048;  // a power of two
  static constexpr size_t kWays = 2;     // so that two hot URLs of one set do not fight

  struct alignas(64) Entry {
    std::span<const uint32_t> ids() const { return {id.data(), id_count}; }

    // The first cache line says no without the second.
    uint64_t version = 0;  // of the trie; 0: nothing stored
    uint64_t hash = 0;
    uint16_t url_bytes = 0;
    uint16_t id_count = 0;
    std::array<uint32_t, kIdsMax> id = {};
    std::array<char, kUrlBytesMax> url = {};
  };
  static_assert(sizeof(Entry) == 3 * 64);

  MatchMemo();

  /// What store() was given for this URL and version (not 0), or null. Valid until the next
  /// store().
  const Entry* find(std::string_view url, uint64_t version);
  /// Does nothing if the URL or the result is too large.
  void store(std::string_view url, uint64_t version, std::span<const uint32_t> ids);

  const base::Counter& hits() const { return hits_; }
  const base::Counter& misses() const { return misses_; }

 private:
  struct Set {
    std::array<Entry, kWays> ways;
  };
  static Entry& victim(Set& set, uint64_t version, uint8_t recent);

  std::unique_ptr<Set[]> sets_;             // kSets
  std::array<uint8_t, kSets> recent_ = {};  // per set: the way used last
  base::Counter hits_;
  base::Counter misses_;
};

}  // namespace ringroad::shard
