#include "shard/match_memo.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace ringroad::shard {
namespace {

// Not keyed: who makes URLs collide on purpose only makes his own look-ups miss.
uint64_t hash_of(std::string_view url) {
  return std::hash<std::string_view>()(url);
}

bool holds(const MatchMemo::Entry& entry, std::string_view url, uint64_t hash, uint64_t version) {
  return entry.version == version && entry.hash == hash &&
         url == std::string_view(entry.url.data(), entry.url_bytes);
}

}  // namespace

MatchMemo::MatchMemo() : sets_(std::make_unique<Set[]>(kSets)) {
}

const MatchMemo::Entry* MatchMemo::find(std::string_view url, uint64_t version) {
  CHECK(version != 0);
  const uint64_t hash = hash_of(url);
  const size_t index = hash % kSets;
  for (size_t way = 0; way < kWays; ++way) {
    const Entry& entry = sets_[index].ways[way];
    if (!holds(entry, url, hash, version)) continue;
    recent_[index] = static_cast<uint8_t>(way);
    hits_.add();
    return &entry;
  }
  misses_.add();
  return nullptr;
}

void MatchMemo::store(std::string_view url, uint64_t version, std::span<const uint32_t> ids) {
  CHECK(version != 0);
  if (url.size() > kUrlBytesMax || ids.size() > kIdsMax) return;
  const uint64_t hash = hash_of(url);
  const size_t index = hash % kSets;
  Set& set = sets_[index];
  Entry* entry = std::find_if(set.ways.begin(), set.ways.end(), [&](const Entry& candidate) {
    return holds(candidate, url, hash, version);
  });
  if (entry == set.ways.end()) entry = &victim(set, version, recent_[index]);
  entry->version = version;
  entry->hash = hash;
  entry->url_bytes = static_cast<uint16_t>(url.size());
  entry->id_count = static_cast<uint16_t>(ids.size());
  std::copy(ids.begin(), ids.end(), entry->id.begin());
  url.copy(entry->url.data(), url.size());
  recent_[index] = static_cast<uint8_t>(entry - set.ways.data());
}

// An outdated entry if there is one, else the one not used last.
MatchMemo::Entry& MatchMemo::victim(Set& set, uint64_t version, uint8_t recent) {
  for (Entry& entry : set.ways) {
    if (entry.version != version) return entry;
  }
  return set.ways[(recent + 1U) % kWays];
}

}  // namespace ringroad::shard
