#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "shard/fanout.h"
#include "shard/interest_filter.h"

namespace ringroad::shard {
namespace {

// Each pattern that changes in place moves the ones behind it: for a long list, a new cohort is
// cheaper.
constexpr size_t kInPlaceMax = 16;

}  // namespace

std::vector<std::string> Fanout::subscribe(Member& member, std::span<const std::string> patterns) {
  std::vector<std::string> news;
  PatternSet added;
  std::unordered_set<PatternId> seen;  // within this list
  for (const std::string& pattern : patterns) {
    const PatternId known = trie_.find(pattern);
    if (known != kNoPattern && (has(member, known) || seen.count(known) > 0)) continue;
    added.push_back(use(pattern));
    seen.insert(added.back());
    news.push_back(pattern);
  }
  std::sort(added.begin(), added.end());
  if (!added.empty()) change(member, added, {});
  return news;
}

std::vector<std::string> Fanout::unsubscribe(Member& member,
                                             std::span<const std::string> patterns) {
  std::vector<std::string> gone;
  PatternSet removed;
  std::unordered_set<PatternId> seen;
  for (const std::string& pattern : patterns) {
    const PatternId known = trie_.find(pattern);
    if (known == kNoPattern || !has(member, known) || !seen.insert(known).second) continue;
    removed.push_back(known);
    gone.push_back(pattern);
  }
  std::sort(removed.begin(), removed.end());
  if (!removed.empty()) change(member, {}, removed);
  return gone;
}

std::vector<std::string> Fanout::unsubscribe_all(Member& member) {
  std::vector<std::string> gone = patterns_of(member);
  if (!gone.empty()) part(member);
  return gone;
}

void Fanout::set_audience(Member& member, Audience audience) {
  const bool muted = audience == Audience::muted;
  if (member.muted_ == muted) return;
  member.muted_ = muted;
  if (member.cohort_ != nullptr) move(member, set_of(member));
}

void Fanout::set_priority(Member& member, uint8_t priority) {
  CHECK(priority < base::kPriorities);
  if (member.priority_ == priority) return;
  member.priority_ = priority;
  if (member.cohort_ != nullptr) move(member, set_of(member));
}

std::vector<std::string> Fanout::leave(Member& member) {
  stats_.dropped.add(pending_packets(member));
  member.backlog_ = Backlog::close;  // what is dropped need not be conflated first
  std::vector<std::string> gone = unsubscribe_all(member);
  member.outbox_.clear();
  member.conflated_.reset();
  member.conflating_ = false;
  member.queued_packets_ = 0;
  count_pinned(member);
  return gone;
}

std::vector<std::string> Fanout::patterns_of(const Member& member) const {
  std::vector<std::string> patterns;
  if (member.cohort_ == nullptr) return patterns;
  for (const CohortEdge& edge : member.cohort_->edges_)
    patterns.push_back(trie_.pattern(edge.pattern));
  return patterns;
}

size_t Fanout::subscription_count(const Member& member) const {
  return member.cohort_ == nullptr ? 0 : member.cohort_->edges_.size();
}

bool Fanout::takes(const Member& member, std::string_view url) const {
  bool taken = false;
  trie_.match(url, [&](PatternId pattern) { taken = taken || has(member, pattern); });
  return taken;
}

bool Fanout::is_subscribed(const Member& member, std::string_view pattern) const {
  const PatternId known = trie_.find(pattern);
  return known != kNoPattern && has(member, known);
}

// ---- Sets and cohorts

// `added` patterns carry one use() each, which the cohort takes over; `removed` ones are in the
// member's set.
void Fanout::change(Member& member, const PatternSet& added, const PatternSet& removed) {
  if (change_in_place(member, added, removed)) return;
  const PatternSet before = set_of(member);
  PatternSet kept;
  std::set_difference(before.begin(), before.end(), removed.begin(), removed.end(),
                      std::back_inserter(kept));
  PatternSet set;
  std::merge(kept.begin(), kept.end(), added.begin(), added.end(), std::back_inserter(set));
  move(member, set);
  for (const PatternId pattern : added) disuse(pattern);  // the new cohort has its own use
}

/// Alone in its cohort, and nobody else has the new set: the cohort changes instead of the member.
bool Fanout::change_in_place(Member& member, const PatternSet& added, const PatternSet& removed) {
  if (member.cohort_ == nullptr || member.cohort_->members_.size() != 1) return false;
  if (added.size() + removed.size() > kInPlaceMax) return false;
  Cohort& cohort = *member.cohort_;
  if (cohort.edges_.size() + added.size() == removed.size())
    return false;  // the empty set has no cohort
  SetHash hash = cohort.hash_;
  for (const PatternId pattern : added) hash.add(pattern);
  for (const PatternId pattern : removed) hash.remove(pattern);
  if (table_.may_have(hash)) return false;
  for (const PatternId pattern : added) table_.add_pattern(cohort, pattern);
  for (const PatternId pattern : removed) {
    table_.remove_pattern(cohort, pattern);
    disuse(pattern);
  }
  return true;
}

void Fanout::move(Member& member, const PatternSet& set) {
  const Standing standing = {.audience = member.muted_ ? Audience::muted : Audience::listening,
                             .priority = member.priority_};
  SetHash hash;
  for (const PatternId pattern : set) hash.add(pattern);
  Cohort* target = nullptr;
  if (!set.empty()) {
    target = table_.find(hash, standing, set);
    if (target == nullptr) {
      target = &table_.create(hash, standing, set);
      for (const PatternId pattern : set) use(pattern);
    }
  }
  if (member.cohort_ != nullptr)
    part(member);  // after the target has its uses: no pattern comes and goes
  if (target != nullptr) join(member, *target);
}

void Fanout::join(Member& member, Cohort& cohort) {
  CHECK(member.cohort_ == nullptr && !member.hook_.linked());
  member.cohort_ = &cohort;
  member.position_ = static_cast<uint32_t>(cohort.members_.size());
  cohort.members_.push_back(&member);
  if (!member.caught_up()) {
    member.following_ = Member::Following::lane;
    cohort.straggling_.push_back(member);
    return;
  }
  member.following_ = Member::Following::log;
  member.cursor_ = cohort.log_.enter();
  if (!member.sending()) cohort.waiting_.push_back(member);
}

void Fanout::part(Member& member) {
  straggle(member);
  Cohort& cohort = *member.cohort_;
  member.hook_.unlink();
  member.following_ = Member::Following::none;
  member.cohort_ = nullptr;
  cohort.members_[member.position_] = cohort.members_.back();
  cohort.members_[member.position_]->position_ = member.position_;
  cohort.members_.pop_back();
  if (!cohort.members_.empty()) return;
  const std::vector<CohortEdge> edges = cohort.edges_;
  table_.destroy(cohort);
  for (const CohortEdge& edge : edges) disuse(edge.pattern);
}

bool Fanout::has(const Member& member, PatternId pattern) const {
  if (member.cohort_ == nullptr) return false;
  const std::vector<CohortEdge>& edges = member.cohort_->edges_;
  const auto place =
      std::lower_bound(edges.begin(), edges.end(), pattern,
                       [](const CohortEdge& edge, PatternId id) { return edge.pattern < id; });
  return place != edges.end() && place->pattern == pattern;
}

Fanout::PatternSet Fanout::set_of(const Member& member) const {
  PatternSet set;
  if (member.cohort_ == nullptr) return set;
  set.reserve(member.cohort_->edges_.size());
  for (const CohortEdge& edge : member.cohort_->edges_) set.push_back(edge.pattern);
  return set;
}

PatternId Fanout::use(const std::string& pattern) {
  const PatternId id = trie_.add(pattern);
  if (trie_.references(id) == 1) filter_.add(pattern);
  return id;
}

void Fanout::disuse(PatternId pattern) {
  if (trie_.references(pattern) == 1) filter_.remove(trie_.pattern(pattern));
  trie_.remove(pattern);
}

}  // namespace ringroad::shard
