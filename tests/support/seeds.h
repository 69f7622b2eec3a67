// seeds.h — how many seeds a randomised suite runs: few by default, RINGROAD_SEEDS in a campaign.
// Why here: the default must be quick; what a campaign found must run again alone.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace ringroad::test {

struct Seeds {
  uint64_t first = 1;
  uint64_t last;
};

/// 1 to `count`; RINGROAD_SEEDS=N makes it 1 to N, RINGROAD_SEED=S that one alone.
inline Seeds seeds(uint64_t count) {
  const char* one = std::getenv("RINGROAD_SEED");
  const char* many = std::getenv("RINGROAD_SEEDS");
  const uint64_t first = one == nullptr ? 1 : std::strtoull(one, nullptr, 10);
  if (one != nullptr) return {first, first};
  return {first, many == nullptr ? count : std::strtoull(many, nullptr, 10)};
}

}  // namespace ringroad::test
