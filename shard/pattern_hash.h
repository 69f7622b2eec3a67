// pattern_hash.h — a hash of a subscription pattern that grows with the bytes read.
// Thread: value.   Cost: a multiplication per byte.
// Why here: the candidate patterns of a URL are its prefixes; one pass gives the hashes of all.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringroad::shard {

/// FNV-1a over 64 bits, with a finaliser because its low bits are weak.
class PatternHash {
 public:
  static constexpr uint64_t kBasis = 0xcbf2'9ce4'8422'2325;

  explicit PatternHash(uint64_t basis = kBasis) : state_(basis) {}

  PatternHash& append(char byte) {
    state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x0000'0100'0000'01b3;
    return *this;
  }
  PatternHash& append(std::string_view bytes) {
    for (const char byte : bytes) append(byte);
    return *this;
  }
  /// The hash of what was appended so far; one may go on appending.
  uint64_t value() const {
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 33)) * 0xff51'afd7'ed55'8ccd;
    mixed = (mixed ^ (mixed >> 33)) * 0xc4ce'b9fe'1a85'ec53;
    return mixed ^ (mixed >> 33);
  }

 private:
  uint64_t state_;
};

}  // namespace ringroad::shard
