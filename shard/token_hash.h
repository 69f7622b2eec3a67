// token_hash.h — a keyed hash of a short text, by the word instead of by the byte.
// Thread: value.   Cost: two multiplications for 16 bytes or less, one more per further 16.
// Fails:  never; a text is read within its bounds only.
// Why here: URLs are matched token by token ("fleet/"), and tokens are short. The key is random, so
//           that no client can choose subscriptions that collide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringroad::shard {

class TokenHash {
 public:
  explicit TokenHash(uint64_t key) : key_(fold(key ^ kFirst, kSecond)) {}

  /// Of the text, behind something that `seed` stands for.
  uint64_t operator()(uint64_t seed, std::string_view text) const {
    const char* bytes = text.data();
    size_t left = text.size();
    uint64_t state = fold(seed ^ key_, kFirst);
    for (; left > 16; left -= 16, bytes += 16)
      state = fold(word(bytes) ^ kFirst, word(bytes + 8) ^ state);
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
    return fold(low ^ kSecond ^ text.size(), high ^ state);
  }

 private:
  // Odd, with as many ones as zeros, random otherwise.
  static constexpr uint64_t kFirst = 0x9e37'79b9'7f4a'7c15;
  static constexpr uint64_t kSecond = 0xd1b5'4a32'd192'ed03;

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

  uint64_t key_;
};

}  // namespace ringroad::shard
