#include "shard/token_hash.h"

#include <random>

namespace ringroad::shard {

TokenHash TokenHash::random() {
  std::random_device random;
  return TokenHash(uint64_t{random()} << 32 | random());
}

}  // namespace ringroad::shard
