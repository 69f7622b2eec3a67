// pattern_directory.h — how many active, authorised clients have a pattern; all shards, exactly.
// Owner:  the server.   Thread: any; it locks one stripe at a time.
// Bound:  the distinct patterns of all clients.
// Fails:  never; removing more than was added is our bug (CHECK).
// Why here: is_subscribed() must be exact, and the interest filter's "yes" is not. The one lock in
//           shard/, taken by SUBSCRIBE, UNSUBSCRIBE and is_subscribed() only, never by a publish.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proto/url.h"

namespace ringroad::shard {

class PatternDirectory {
 public:
  PatternDirectory();

  void add(std::string_view pattern, uint32_t clients = 1);
  void remove(std::string_view pattern, uint32_t clients = 1);
  /// Has anybody a pattern that matches the URL? True means so at some moment during the call.
  bool any_match(std::string_view url) const;

 private:
  static constexpr size_t kStripes = 64;

  // Looks a candidate up without building its string. The basis is random, so that no client can
  // choose patterns that all fall into one bucket.
  struct Hash {
    using is_transparent = void;
    Hash() : basis(0) {}
    explicit Hash(uint64_t random_basis) : basis(random_basis) {}
    size_t operator()(std::string_view pattern) const;
    size_t operator()(const proto::Candidate& candidate) const;
    uint64_t basis;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    bool operator()(const proto::Candidate& a, std::string_view b) const;
    bool operator()(std::string_view a, const proto::Candidate& b) const { return (*this)(b, a); }
  };
  struct alignas(64) Stripe {  // a cache line of its own: threads meet on patterns, not by accident
    mutable std::mutex mutex;
    std::unordered_map<std::string, uint32_t, Hash, Equal> clients;  // never 0
  };

  template <typename Key>
  size_t stripe_of(const Key& key) const {
    return Hash(basis_)(key) >> 32 & (kStripes - 1);  // the map uses the low bits
  }

  const uint64_t basis_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace ringroad::shard
