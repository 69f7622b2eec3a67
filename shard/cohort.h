// cohort.h — all clients of this shard with the same subscription set, and the one log they share.
// Owner:  CohortTable.   Thread: the shard's.
// Bound:  members: the shard's clients. Memory without members: none, the table deletes it.
// Why here: publishing costs one append per cohort, not one per client (docs/ARCHITECTURE.md).
#pragma once

#include <cstdint>
#include <vector>

#include "base/intrusive_list.h"
#include "shard/cohort_log.h"
#include "shard/member.h"
#include "shard/subscription_trie.h"

namespace ringroad::shard {

/// Who gets publishes at all.
enum class Audience : uint8_t { listening, muted };

/// What the members of a cohort have in common beside their set. Part of its identity.
struct Standing {
  Audience audience = Audience::listening;
  uint8_t priority = 0;  // below kPriorities

  bool operator==(const Standing&) const = default;
};

/// One pattern of a cohort's set, and where the cohort stands in that pattern's list of cohorts.
struct CohortEdge {
  PatternId pattern;
  uint32_t position;
};

/// Order-free 128-bit hash of a subscription set: the sum of its patterns' hashes.
struct SetHash {
  uint64_t low = 0;
  uint64_t high = 0;

  bool operator==(const SetHash&) const = default;
  void add(PatternId pattern);
  void remove(PatternId pattern);
};

class Cohort {
 public:
  explicit Cohort(engine::BlockPool& pool) : log_(pool) {}

  std::vector<CohortEdge> edges_;  // sorted by pattern
  SetHash hash_;
  Standing standing_;
  uint32_t index_ = 0;    // in the table
  uint64_t visited_ = 0;  // the publish that last came by: one copy per client (D13)

  CohortLog log_;
  std::vector<Member*> members_;                         // dense; Member::position_
  base::IntrusiveList<Member, &Member::hook_> waiting_;  // following, caught up, no send in flight
  base::IntrusiveList<Member, &Member::hook_> due_;      // waited until something was appended
  base::IntrusiveList<Member, &Member::hook_>
      straggling_;             // fed one by one until they have caught up
  base::ListHook dirty_hook_;  // linked: somebody may be due
};

}  // namespace ringroad::shard
