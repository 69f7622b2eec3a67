// logins.h — the password, and whose logins were refused.
// Owner:  the server, for all shards.
// Thread: any; one lock, taken by handshakes only.
// Bound:  kAddressesMax addresses; when they are full the one that has been quiet longest gives way,
//         and its count stays in refused() alone.
// Why here: a password may change at any time, and no login by the old one may succeed after that
//         (V16); who guesses comes to every shard (W9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/address.h"

namespace ringroad::shard {

class Logins {
 public:
  static constexpr size_t kAddressesMax = 1'024;

  struct Refusals {
    std::string address;  // IPv4: the address; IPv6: its /64, which one machine may have whole
    uint64_t count = 0;
  };

  /// Empty: none is needed.
  explicit Logins(std::string password = {}) : password_(std::move(password)) {}

  void set_password(std::string password);
  bool password_needed() const;
  /// Compares in constant time; any guess, and none, fits no password (B17).
  bool fits(std::optional<std::string_view> guess) const;
  /// Counts one; returns how many this address has had.
  uint64_t refuse(const engine::Address& from);

  uint64_t refused() const;
  /// By address, most first.
  std::vector<Refusals> refusals() const;

 private:
  mutable std::mutex mutex_;
  // Under the mutex.
  std::string password_;
  std::list<Refusals> by_time_;  // the latest first
  std::unordered_map<std::string, std::list<Refusals>::iterator> by_address_;
  uint64_t refused_ = 0;
};

}  // namespace ringroad::shard
