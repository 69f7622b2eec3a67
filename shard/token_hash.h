// token_hash.h — a keyed hash of a short text, by the word instead of by the byte.
// Thread: value.   Cost: two multiplications for 16 bytes or less, one more per further 16.
// Fails:  never; a text is read within its bounds only.
// Why here: URLs are matched token by token ("fleet/"), and tokens are short. Every word that meets
//           bytes of a text comes from the key, and the key is random: a constant in such a place
//           would let a client choose a text that makes a factor 0, and with it the hash, whatever
//           the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringroad::shard {

class TokenHash {
 public:
  explicit TokenHash(uint64_t key)
      : seed_word_(mixed(key + kStep)),
        loop_word_(mixed(key + 2 * kStep)),
        last_word_(mixed(key + 3 * kStep)) {}

  /// With a key that nobody knows.
  static TokenHash random();

  /// Of the text, behind something that `seed` stands for.
  uint64_t operator()(uint64_t seed, std::string_view text) const {
    const char* bytes = text.data();
    size_t left = text.size();
    uint64_t state = fold(seed ^ seed_word_, loop_word_ ^ text.size());
    for (; left > 16; left -= 16, bytes += 16)
      state = fold(word(bytes) ^ loop_word_, word(bytes + 8) ^ state);
    uint64_t low = 0;
    uint64_t high = 0;
    if (left >= 8) {
      low = word(bytes);
      high = word(bytes + left - 8);  // they may overlap
    } else if (left >= 4) {
      low = half(bytes);
      high = half(bytes + left - 4);
    } else if (left > 0) {
      low = byte(bytes[0]) << 16 | byte(bytes[left / 2]) << 8 | byte(bytes[left - 1]);
    }
    return fold(low ^ last_word_, high ^ state);
  }

 private:
  static constexpr uint64_t kStep = 0x9e37'79b9'7f4a'7c15;  // SplitMix64's, and its finaliser

  static uint64_t mixed(uint64_t value) {
    value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
    value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
    return value ^ value >> 31;
  }
  /// Both halves of the product: every bit of the factors reaches every bit of the result.
  static uint64_t fold(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static uint64_t word(const char* bytes) {
    uint64_t value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
  static uint64_t half(const char* bytes) {
    uint32_t value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
  static uint64_t byte(char value) { return static_cast<unsigned char>(value); }

  uint64_t seed_word_;
  uint64_t loop_word_;
  uint64_t last_word_;
};

}  // namespace ringroad::shard
