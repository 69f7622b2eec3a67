#include "shard/interest_filter.h"

#include <algorithm>

#include "base/check.h"
#include "shard/pattern_hash.h"

namespace ringroad::shard {

CandidateHashes::CandidateHashes(std::string_view url) {
  PatternHash hash;
  for (const char byte : url) {
    hash.append(byte);
    if (byte != '/') continue;
    if (count_ == kSlashesMax) {
      incomplete_ = true;
      return;
    }
    values_[count_++] = hash.value();
  }
  if (!url.ends_with('/')) values_[count_++] = hash.value();  // else the loop had it
  values_[count_++] = hash.append('/').value();
}

void InterestFilter::add(std::string_view pattern) {
  const uint64_t hash = PatternHash().append(pattern).value();
  raise(first(hash));
  raise(second(hash));
}

void InterestFilter::remove(std::string_view pattern) {
  const uint64_t hash = PatternHash().append(pattern).value();
  lower(first(hash));
  lower(second(hash));
}

bool InterestFilter::may_match(const CandidateHashes& candidates) const {
  if (candidates.incomplete()) return true;
  const auto values = candidates.values();
  return std::any_of(values.begin(), values.end(),
                     [this](uint64_t hash) { return may_hold(hash); });
}

void InterestFilter::raise(size_t index) {
  const uint16_t count = counters_[index].load(std::memory_order_relaxed);
  if (count == kStuck) return;
  counters_[index].store(static_cast<uint16_t>(count + 1), std::memory_order_release);
}

void InterestFilter::lower(size_t index) {
  const uint16_t count = counters_[index].load(std::memory_order_relaxed);
  CHECK(count > 0);
  if (count == kStuck) return;
  counters_[index].store(static_cast<uint16_t>(count - 1), std::memory_order_release);
}

bool InterestFilter::may_hold(uint64_t hash) const {
  return counters_[first(hash)].load(std::memory_order_acquire) > 0 &&
         counters_[second(hash)].load(std::memory_order_acquire) > 0;
}

}  // namespace ringroad::shard
