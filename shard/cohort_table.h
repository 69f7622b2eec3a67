// cohort_table.h — which cohorts exist, and which of them a pattern leads to.
// Owner:  Fanout.
// Thread: the shard's.
// Bound:  one cohort per distinct subscription set in use.
// Cost:   find: one hash look-up, the set compared in full on a hit. Edges: O(1) to add, O(log
//         set) to remove.
// Why here: the trie says which patterns match; this says whom that concerns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "shard/cohort.h"

namespace ringroad::shard {

class CohortTable {
 public:
  explicit CohortTable(engine::BlockPool& pool) : pool_(pool) {}

  /// The cohort of exactly this set (sorted ids), or null.
  Cohort* find(const SetHash& hash, Standing standing, std::span<const PatternId> set);
  /// False: certainly no cohort has this set.
  bool may_have(const SetHash& hash) const { return by_hash_.count(hash.low) > 0; }
  /// A new, empty one, linked to its patterns if it is listening.
  Cohort& create(const SetHash& hash, Standing standing, std::span<const PatternId> set);
  /// It must have no members.
  void destroy(Cohort& cohort);

  /// Changes a cohort's set in place by one pattern.
  void add_pattern(Cohort& cohort, PatternId pattern);
  void remove_pattern(Cohort& cohort, PatternId pattern);

  std::span<Cohort* const> cohorts_of(PatternId pattern) const;
  Cohort* at(uint32_t index) { return cohorts_[index].get(); }
  size_t size() const { return by_hash_.size(); }
  /// Some cohort's priority is not 0.
  bool has_priorities() const { return prior_ > 0; }
  /// Changes whenever cohorts_of() may answer otherwise.
  uint64_t version() const { return version_; }

 private:
  using HashIndex = std::unordered_multimap<uint64_t, Cohort*>;

  void link(Cohort& cohort, CohortEdge& edge);
  void unlink(Cohort& cohort, const CohortEdge& edge);
  void rehash(Cohort& cohort, const SetHash& hash);
  HashIndex::iterator entry_of(const Cohort& cohort);

  engine::BlockPool& pool_;
  std::vector<std::unique_ptr<Cohort>> cohorts_;  // by Cohort::index_; null = free
  std::vector<uint32_t> free_;
  std::vector<std::vector<Cohort*>> by_pattern_;  // listening cohorts only
  HashIndex by_hash_;                             // key: SetHash::low
  size_t prior_ = 0;                              // cohorts whose priority is not 0
  uint64_t version_ = 1;
};

}  // namespace ringroad::shard
