#include "shard/cohort_table.h"

#include <algorithm>

#include "base/check.h"

namespace ringroad::shard {
namespace {

/// splitmix64's finaliser: every input bit reaches every output bit.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

auto edge_position(Cohort& cohort, PatternId pattern) {
  return std::lower_bound(cohort.edges_.begin(), cohort.edges_.end(), pattern,
                          [](const CohortEdge& edge, PatternId id) { return edge.pattern < id; });
}

}  // namespace

void SetHash::add(PatternId pattern) {
  low += mix(pattern + 0x9e3779b97f4a7c15ULL);
  high += mix(pattern + 0xd1b54a32d192ed03ULL);
}

void SetHash::remove(PatternId pattern) {
  low -= mix(pattern + 0x9e3779b97f4a7c15ULL);
  high -= mix(pattern + 0xd1b54a32d192ed03ULL);
}

Cohort* CohortTable::find(const SetHash& hash, Standing standing, std::span<const PatternId> set) {
  const auto [begin, end] = by_hash_.equal_range(hash.low);
  for (auto entry = begin; entry != end; ++entry) {
    Cohort& cohort = *entry->second;
    if (cohort.hash_ != hash || cohort.standing_ != standing) continue;
    const bool same =
        std::equal(cohort.edges_.begin(), cohort.edges_.end(), set.begin(), set.end(),
                   [](const CohortEdge& edge, PatternId id) { return edge.pattern == id; });
    if (same) return &cohort;
  }
  return nullptr;
}

Cohort& CohortTable::create(const SetHash& hash, Standing standing,
                            std::span<const PatternId> set) {
  uint32_t index = static_cast<uint32_t>(cohorts_.size());
  if (free_.empty()) {
    cohorts_.push_back(nullptr);
  } else {
    index = free_.back();
    free_.pop_back();
  }
  cohorts_[index] = std::make_unique<Cohort>(pool_);
  Cohort& cohort = *cohorts_[index];
  cohort.hash_ = hash;
  cohort.standing_ = standing;
  prior_ += standing.priority == 0 ? 0 : 1;
  cohort.index_ = index;
  cohort.edges_.reserve(set.size());
  for (const PatternId pattern : set) cohort.edges_.push_back({pattern, 0});
  for (CohortEdge& edge : cohort.edges_) link(cohort, edge);
  by_hash_.emplace(hash.low, &cohort);
  return cohort;
}

void CohortTable::destroy(Cohort& cohort) {
  CHECK(cohort.members_.empty());
  CHECK(cohort.waiting_.empty() && cohort.due_.empty() && cohort.straggling_.empty());
  cohort.dirty_hook_.unlink();
  for (const CohortEdge& edge : cohort.edges_) unlink(cohort, edge);
  by_hash_.erase(entry_of(cohort));
  prior_ -= cohort.standing_.priority == 0 ? 0 : 1;
  free_.push_back(cohort.index_);
  cohorts_[cohort.index_].reset();
}

void CohortTable::add_pattern(Cohort& cohort, PatternId pattern) {
  const auto place = edge_position(cohort, pattern);
  CHECK(place == cohort.edges_.end() || place->pattern != pattern);
  link(cohort, *cohort.edges_.insert(place, {pattern, 0}));
  SetHash hash = cohort.hash_;
  hash.add(pattern);
  rehash(cohort, hash);
}

void CohortTable::remove_pattern(Cohort& cohort, PatternId pattern) {
  const auto place = edge_position(cohort, pattern);
  CHECK(place != cohort.edges_.end() && place->pattern == pattern);
  unlink(cohort, *place);
  cohort.edges_.erase(place);
  SetHash hash = cohort.hash_;
  hash.remove(pattern);
  rehash(cohort, hash);
}

std::span<Cohort* const> CohortTable::cohorts_of(PatternId pattern) const {
  if (pattern >= by_pattern_.size()) return {};
  return by_pattern_[pattern];
}

void CohortTable::link(Cohort& cohort, CohortEdge& edge) {
  if (cohort.standing_.audience == Audience::muted) return;
  if (edge.pattern >= by_pattern_.size()) by_pattern_.resize(edge.pattern + 1);
  std::vector<Cohort*>& list = by_pattern_[edge.pattern];
  edge.position = static_cast<uint32_t>(list.size());
  list.push_back(&cohort);
  ++version_;
}

void CohortTable::unlink(Cohort& cohort, const CohortEdge& edge) {
  if (cohort.standing_.audience == Audience::muted) return;
  std::vector<Cohort*>& list = by_pattern_[edge.pattern];
  CHECK(list[edge.position] == &cohort);
  Cohort& last = *list.back();
  list[edge.position] = &last;
  edge_position(last, edge.pattern)->position = edge.position;
  list.pop_back();
  if (list.empty()) std::vector<Cohort*>().swap(list);
  ++version_;
}

void CohortTable::rehash(Cohort& cohort, const SetHash& hash) {
  by_hash_.erase(entry_of(cohort));
  cohort.hash_ = hash;
  by_hash_.emplace(hash.low, &cohort);
}

CohortTable::HashIndex::iterator CohortTable::entry_of(const Cohort& cohort) {
  const auto [begin, end] = by_hash_.equal_range(cohort.hash_.low);
  const auto entry =
      std::find_if(begin, end, [&cohort](const auto& item) { return item.second == &cohort; });
  CHECK(entry != end);
  return entry;
}

}  // namespace ringroad::shard
