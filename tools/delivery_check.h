// delivery_check.h — did one subscriber get every message of its publishers, once and in order?
// Thread: one (the subscriber's).
// Bound:  a counter per publisher, plus what is missing at the moment.
// Fails:  nothing; verdict() counts each kind of fault apart.
// Shape:  a publisher numbers its messages 1, 2, 3 ...; a number that comes late is out of order,
//         one that comes again is doubled, one that never came is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace ringroad::tools {

struct DeliveryVerdict {
  uint64_t expected = 0;
  uint64_t received = 0;  // everything that arrived
  uint64_t missing = 0;
  uint64_t doubled = 0;
  uint64_t out_of_order = 0;
  uint64_t stray = 0;  // never sent, or not for this subscriber

  bool perfect() const {
    return received == expected && missing + doubled + out_of_order + stray == 0;
  }
  DeliveryVerdict& operator+=(const DeliveryVerdict& other);
};

class DeliveryCheck {
 public:
  explicit DeliveryCheck(size_t publishers) : tracks_(publishers) {}

  void accept(size_t publisher, uint64_t number);
  /// Something that is no message of a known publisher.
  void accept_stray() {
    ++received_;
    ++stray_;
  }
  /// sent[i] = the last number that publisher i used.
  DeliveryVerdict verdict(std::span<const uint64_t> sent) const;

 private:
  struct Track {
    uint64_t next = 1;
    std::set<uint64_t> holes;  // below next, not seen yet
  };

  void accept_late(Track& track, uint64_t number);

  std::vector<Track> tracks_;  // per publisher
  uint64_t received_ = 0;
  uint64_t doubled_ = 0;
  uint64_t out_of_order_ = 0;
  uint64_t stray_ = 0;
};

}  // namespace ringroad::tools
