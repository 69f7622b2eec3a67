#include "tools/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ringroad::tools {

LatencySnapshot& LatencySnapshot::operator+=(const LatencySnapshot& other) {
  if (counts_.empty()) counts_.resize(other.counts_.size());
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  return *this;
}

LatencySnapshot LatencySnapshot::operator-(const LatencySnapshot& older) const {
  LatencySnapshot difference = *this;
  for (size_t i = 0; i < older.counts_.size(); ++i) difference.counts_[i] -= older.counts_[i];
  return difference;
}

uint64_t LatencySnapshot::count() const {
  return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
}

uint64_t LatencySnapshot::percentile(double share) const {
  const uint64_t total = count();
  if (total == 0) return 0;
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(total)));
  const uint64_t rank = std::clamp<uint64_t>(wanted, 1, total);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return LatencyHistogram::last_of(bucket);
  }
  return 0;
}

LatencySnapshot LatencyHistogram::snapshot() const {
  std::vector<uint64_t> counts(kBuckets);
  for (size_t i = 0; i < kBuckets; ++i) counts[i] = counts_[i].load(std::memory_order_relaxed);
  return LatencySnapshot(std::move(counts));
}

}  // namespace ringroad::tools
