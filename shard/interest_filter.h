// interest_filter.h — "may anybody on this shard want this URL?", asked by every publisher.
// Owner:  the shard.   Thread: add/remove: the shard's; may_match: any, without locks.
// Bound:  256 KiB. A counter that reaches its maximum stays there, and says "maybe" for ever.
// Fails:  by false positives only: "no" is certain for every SUBSCRIBE that was answered before.
// Why here: a shard without a subscriber must not be woken for a message.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ringroad::shard {

/// The hashes of all patterns that match one URL, made once by a publisher for all shards.
class CandidateHashes {
 public:
  explicit CandidateHashes(std::string_view url);

  std::span<const uint64_t> values() const { return {values_.data(), count_}; }
  /// The URL has more than kSlashesMax: not all candidates are here.
  bool incomplete() const { return incomplete_; }

  static constexpr size_t kSlashesMax = 64;

 private:
  std::array<uint64_t, kSlashesMax + 2>
      values_;  // prefixes that end in '/', the URL, the URL + "/"
  size_t count_ = 0;
  bool incomplete_ = false;
};

class InterestFilter {
 public:
  // A power of two. Twelve thousand vehicles, each with its own pattern, make it say "maybe" to one
  // foreign URL in ten; with 16,384 counters it would say so to nearly all.
  static constexpr size_t kCounters = 131'072;

  /// Raised before the SUBSCRIBE is answered.
  void add(std::string_view pattern);
  /// Lowered after the pattern's last subscriber has left; once per add().
  void remove(std::string_view pattern);

  bool may_match(const CandidateHashes& candidates) const;
  bool may_match(std::string_view url) const { return may_match(CandidateHashes(url)); }

 private:
  static constexpr uint16_t kStuck = UINT16_MAX;
  static size_t first(uint64_t hash) { return hash % kCounters; }
  static size_t second(uint64_t hash) { return (hash >> 32) % kCounters; }
  void raise(size_t index);
  void lower(size_t index);
  bool may_hold(uint64_t hash) const;

  // How many added patterns have a hash at this position. The release store of raise() and lower()
  // pairs with the acquire load of may_hold(): a publisher that knows of an answered SUBSCRIBE, by
  // whatever chain of events, reads its counters or later ones. The owner is the only writer, so
  // that a load and a store are enough. No order between different counters is needed: a pattern's
  // two are both raised before its answer and both stay up until its remove().
  std::array<std::atomic<uint16_t>, kCounters> counters_ = {};
};

}  // namespace ringroad::shard
