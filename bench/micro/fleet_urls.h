// fleet_urls.h — URLs as a fleet has them: "/fleet/<region>/<vehicle>/".
// Owner:  the caller.   Why here: a trie costs what its URLs share, so all benchmarks use the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace ringroad::bench {

inline constexpr std::array<std::string_view, 8> kRegions = {"north", "south", "east",  "west",
                                                             "coast", "hills", "lakes", "plain"};

/// So many different ones, the same each time; another seed gives others (of 33 million vehicles a
/// region).
inline std::vector<std::string> vehicle_urls(size_t count, uint64_t seed) {
  static constexpr std::string_view kLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  std::mt19937_64 random(seed);
  std::unordered_set<std::string> known;
  std::vector<std::string> urls;
  urls.reserve(count);
  while (urls.size() < count) {
    std::string url = "/fleet/";
    url += kRegions[random() % kRegions.size()];
    url += "/K";  // plates differ behind the letter of their state
    uint64_t plate = random() % (1ULL << 25);
    for (int i = 0; i < 5; ++i, plate /= kLetters.size()) url += kLetters[plate % kLetters.size()];
    url += '/';
    if (known.insert(url).second) urls.push_back(std::move(url));
  }
  return urls;
}

}  // namespace ringroad::bench
