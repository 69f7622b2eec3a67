// fanout.h — from one published packet to every client that subscribed: O(cohorts) to publish,
// O(clients) to flush.
// Owner:  Shard.
// Thread: the shard's.
// Bound:  per client queue_bytes_max, exact: a follower lags at most half of it, then it
//         straggles with a lane of its own, whose every push is checked. Full: on_overflow() (the
//         session closes), counted.
// Order:  one client gets publishes in publish order, whole, once; across changes of its
//         subscriptions and priority, too. Of many clients, higher priorities are sent to first.
//         Of a client that conflates and lags, a newer publish replaces the one of its URL that waits.
// Counts: offered = sent + dropped + conflated + pending, always (Stats).
// Why here: the life of a publish inside one shard, without sockets: tested with members that are
//         no sessions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "base/intrusive_list.h"
#include "base/limits.h"
#include "engine/block.h"
#include "shard/cohort_table.h"
#include "shard/match_memo.h"
#include "shard/member.h"
#include "shard/subscription_trie.h"

namespace ringroad::shard {

class InterestFilter;

class Fanout {
 public:
  struct Stats {
    base::Counter appends;       // to cohort logs: one per (publish, cohort)
    base::Counter offered;       // (publish, client) pairs
    base::Counter sent;          // of those: composed into a send
    base::Counter dropped;       // of those: the client left first
    base::Counter conflated;     // of those: a newer one of the same URL took their place
    base::Counter overflows;     // clients that reached their bound
    base::Counter pinned_bytes;  // now: by the members' own lanes, summed up
  };

  Fanout(engine::BlockPool& pool, InterestFilter& filter, size_t queue_bytes_max);
  ~Fanout();  ///< Every member must have left.
  Fanout(const Fanout&) = delete;
  Fanout& operator=(const Fanout&) = delete;

  /// Adds patterns (valid URLs); returns those the member did not have yet. What was published
  /// before stays ahead of what is pushed to the ordered lane next.
  std::vector<std::string> subscribe(Member& member, std::span<const std::string> patterns);
  /// Removes exactly these; returns those it had.
  std::vector<std::string> unsubscribe(Member& member, std::span<const std::string> patterns);
  std::vector<std::string> unsubscribe_all(Member& member);
  /// muted: keeps its subscriptions and gets nothing from now on. What is pending is still sent.
  void set_audience(Member& member, Audience audience);
  /// Higher ones are sent to first (V30). What is pending is still sent, in order.
  void set_priority(Member& member, uint8_t priority);
  /// close: what waits is sent all the same. conflate: from the next publish on.
  void set_backlog(Member& member, Backlog backlog);
  /// For good: drops its subscriptions and what is pending. Returns its patterns.
  std::vector<std::string> leave(Member& member);
  std::vector<std::string> patterns_of(const Member& member) const;
  size_t subscription_count(const Member& member) const;
  /// Does a pattern of it match this URL?
  bool takes(const Member& member, std::string_view url) const;
  /// Has it exactly this pattern?
  bool is_subscribed(const Member& member, std::string_view pattern) const;

  /// One encoded PUBLISH packet to everybody here who subscribed to a match. Returns the clients it
  /// was offered to.
  size_t publish(std::string_view url, const engine::Slice& packet);
  /// The same by UDP, at once. Returns the clients.
  size_t publish_quick(std::string_view url, std::span<const std::byte> packet);

  /// Pushes a packet that must not overtake what was published before.
  void push_ordered(Member& member, engine::Slice packet);
  /// Pushes a packet that may overtake.
  void push_control(Member& member, engine::Slice packet);
  /// Pushes a packet that goes first, and alone.
  void push_solo(Member& member, engine::Slice packet);
  /// Makes the member straggle: from now on everything goes through its own lane (the session gate
  /// is closing).
  void detach(Member& member);
  /// Adds what the log has for the member; its outbox must be drained. To be called from its
  /// compose().
  void compose(Member& member, engine::SendBatch& batch);
  /// A send is done: waits for the next publish, or flushes soon if there is more.
  void settle(Member& member);
  /// Bytes that wait for the member: outbox, conflated lane and lag.
  size_t pending_bytes(const Member& member) const;
  uint64_t pending_packets(const Member& member) const;

  /// Flushes the members of this priority that are due, at most `sends`. Returns how many.
  size_t flush(size_t priority, size_t sends);
  /// Flushes all that are due, the higher priorities first, at most `sends`. False: some are left.
  bool flush(size_t sends);
  /// Bit i: flush(i, …) may have something to do.
  uint32_t due() const { return due_; }

  const Stats& stats() const { return stats_; }
  const SubscriptionTrie& trie() const { return trie_; }
  size_t cohorts() const { return table_.size(); }
  /// Nobody is due: flush() would do nothing.
  bool flushed() const { return due_ == 0; }

 private:
  using Lane = engine::Outbox::Lane;
  using PatternSet = std::vector<PatternId>;  // sorted

  // fanout.cc: publishing and flushing
  template <typename Visit>
  void for_each_cohort(std::string_view url, Visit visit);
  void match_slow(std::string_view url);
  void append(Cohort& cohort, std::string_view url, const engine::Slice& packet);
  void push_to_straggler(Member& member, std::string_view url, const engine::Slice& packet);
  void overflow(Member& member);
  void push(Member& member, Lane lane, engine::Slice packet);
  void end_overflowed();
  void shed_laggards(Cohort& cohort, size_t lag_bytes_max);
  void straggle(Member& member);
  void take_rest(Member& member);
  void mark_dirty(Cohort& cohort);
  void count_pinned(Member& member);
  // fanout_conflation.cc: clients of which a newer publish replaces an older one
  bool conflates(const Member& member) const;
  void conflate(Member& member, std::string_view url, const engine::Slice& packet);
  void conflate_rest(Member& member);
  void fence(Member& member);
  void compose_conflated(Member& member, engine::SendBatch& batch);
  // fanout_membership.cc: who is in which cohort
  void change(Member& member, const PatternSet& added, const PatternSet& removed);
  bool change_in_place(Member& member, const PatternSet& added, const PatternSet& removed);
  void move(Member& member, const PatternSet& set);
  void join(Member& member, Cohort& cohort);
  void part(Member& member);
  bool has(const Member& member, PatternId pattern) const;
  PatternSet set_of(const Member& member) const;
  PatternId use(const std::string& pattern);
  void use(PatternId pattern) { trie_.add(pattern); }
  void disuse(PatternId pattern);

  engine::BlockPool& pool_;
  InterestFilter& filter_;
  const size_t queue_bytes_max_;  // Constant after construction.
  const size_t lag_bytes_max_;    // Constant after construction. Of a log's span
  const size_t behind_bytes_;     // Constant after construction. More than that: a client lags
  SubscriptionTrie trie_;         // references: cohorts that have the pattern, and who is changing
  CohortTable table_;
  MatchMemo memo_;                 // URL -> indices of cohorts, for table_'s version
  std::vector<uint32_t> matched_;  // scratch of for_each_cohort
  uint64_t publish_number_ = 0;
  std::array<base::IntrusiveList<Cohort, &Cohort::dirty_hook_>, base::kPriorities> dirty_;
  uint32_t due_ = 0;  // bit i: dirty_[i] is not empty, or was a moment ago
  base::IntrusiveList<Member, &Member::hook_> overflowed_;  // within one publish
  Stats stats_;
};

}  // namespace ringroad::shard
