#include "tools/delivery_check.h"

#include <algorithm>

namespace ringroad::tools {
namespace {

constexpr uint64_t kGapMax = 1'000'000;  // a larger one is garbage, not a loss

}  // namespace

DeliveryVerdict& DeliveryVerdict::operator+=(const DeliveryVerdict& other) {
  expected += other.expected;
  received += other.received;
  missing += other.missing;
  doubled += other.doubled;
  out_of_order += other.out_of_order;
  stray += other.stray;
  return *this;
}

void DeliveryCheck::accept(size_t publisher, uint64_t number) {
  Track& track = tracks_[publisher];
  if (number == 0 || (number > track.next && number - track.next > kGapMax)) {
    accept_stray();
    return;
  }
  ++received_;
  if (number < track.next) {
    accept_late(track, number);
    return;
  }
  for (uint64_t hole = track.next; hole < number; ++hole) track.holes.insert(hole);
  track.next = number + 1;
}

void DeliveryCheck::accept_late(Track& track, uint64_t number) {
  if (track.holes.erase(number) == 1) {
    ++out_of_order_;
  } else {
    ++doubled_;
  }
}

DeliveryVerdict DeliveryCheck::verdict(std::span<const uint64_t> sent) const {
  DeliveryVerdict verdict = {
      .received = received_, .doubled = doubled_, .out_of_order = out_of_order_, .stray = stray_};
  for (size_t i = 0; i < tracks_.size(); ++i) {
    const Track& track = tracks_[i];
    const uint64_t seen_up_to = track.next - 1;
    const auto beyond = track.holes.upper_bound(sent[i]);
    const auto holes_sent = static_cast<uint64_t>(std::distance(track.holes.begin(), beyond));
    const auto holes_beyond = track.holes.size() - holes_sent;
    verdict.expected += sent[i];
    verdict.missing += holes_sent + (sent[i] > seen_up_to ? sent[i] - seen_up_to : 0);
    if (seen_up_to > sent[i]) verdict.stray += seen_up_to - sent[i] - holes_beyond;
  }
  return verdict;
}

}  // namespace ringroad::tools
