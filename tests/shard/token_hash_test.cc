// Property: nobody who does not know the key can choose texts that collide.
// Method:   families of texts that did, or would, if a word of the hash were a known constant; under
//           several keys, by the bits that the edge table uses.
#include "shard/token_hash.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <string>

namespace ringroad::shard {
namespace {

constexpr uint64_t kTexts = 2'000;

std::string bytes_of(uint64_t word) {
  std::string text(sizeof word, '\0');
  std::memcpy(text.data(), &word, sizeof word);
  return text;
}

template <typename Family>
void expect_spread(Family family) {
  for (const uint64_t key :
       {uint64_t{0}, uint64_t{1}, uint64_t{0x9e37'79b9'7f4a'7c15}, ~uint64_t{0}}) {
    const TokenHash hash(key);
    std::set<uint64_t> tags;
    for (uint64_t i = 0; i < kTexts; ++i) tags.insert(hash(7, family(i)) >> 34);
    EXPECT_GT(tags.size(), kTexts - 10) << key;  // of 2^30
  }
}

TEST(TokenHash, NoConstantMakesAFactorZero) {
  // SplitMix64's constants, and words of other hashes of this kind; with and without the length.
  for (const uint64_t word :
       {uint64_t{0}, uint64_t{0x9e37'79b9'7f4a'7c15}, uint64_t{0xd1b5'4a32'd192'ed03},
        uint64_t{0xbf58'476d'1ce4'e5b9}, uint64_t{0x94d0'49bb'1331'11eb}}) {
    for (const uint64_t size : {0, 16, 24, 32}) {
      expect_spread([&](uint64_t i) { return bytes_of(word ^ size) + bytes_of(i); });
      expect_spread([&](uint64_t i) { return bytes_of(word ^ size) + bytes_of(i) + "12345678"; });
      expect_spread([&](uint64_t i) { return bytes_of(i) + bytes_of(word ^ size); });
      expect_spread([&](uint64_t i) {
        return bytes_of(word) + bytes_of(i) + bytes_of(word) + bytes_of(word ^ size);
      });
    }
  }
}

TEST(TokenHash, ShortTextsDiffer) {
  expect_spread([](uint64_t i) { return std::to_string(i); });
  expect_spread([](uint64_t i) { return std::string(static_cast<size_t>(i), 'a'); });
}

TEST(TokenHash, OfTheSameTextUnderAnotherKeyOrSeedIsAnother) {
  EXPECT_NE(TokenHash(1)(0, "fleet/"), TokenHash(2)(0, "fleet/"));
  EXPECT_NE(TokenHash(1)(0, "fleet/"), TokenHash(1)(1, "fleet/"));
  EXPECT_NE(TokenHash::random()(0, "fleet/"), TokenHash::random()(0, "fleet/"));
}

}  // namespace
}  // namespace ringroad::shard
