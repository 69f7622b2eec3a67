// Property: any_match() is true exactly while somebody has a pattern that matches.
// Method: seeded adds and removes next to a list scanned with proto::url_matches(); threads that
//         add and remove their own patterns while others ask for one that stays.
#include "shard/pattern_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace ringroad::shard {
namespace {

std::string random_url(std::mt19937_64& random) {
  static constexpr std::string_view kLetters = "//abc\xff";
  std::string url = "/";
  for (size_t length = random() % 6; length > 0; --length) {
    url += kLetters[random() % kLetters.size()];
  }
  return url;
}

TEST(PatternDirectory, AgreesWithLinearScan) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    PatternDirectory directory;
    std::vector<std::string> patterns;
    for (int step = 0; step < 3'000; ++step) {
      if (patterns.size() < 1 + random() % 10) {
        patterns.push_back(random_url(random));
        directory.add(patterns.back());
      } else {
        std::swap(patterns[random() % patterns.size()], patterns.back());
        directory.remove(patterns.back());
        patterns.pop_back();
      }
      const std::string url = random_url(random);
      const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
        return proto::url_matches(pattern, url);
      });
      ASSERT_EQ(directory.any_match(url), wanted) << url;
    }
  }
}

TEST(PatternDirectory, CountsClients) {
  PatternDirectory directory;
  directory.add("/a/", 3);
  directory.add("/a/");
  directory.add("/b", 0);
  directory.remove("/a/", 2);
  directory.remove("/a/");
  EXPECT_TRUE(directory.any_match("/a"));
  EXPECT_FALSE(directory.any_match("/b"));
  directory.remove("/a/");
  EXPECT_FALSE(directory.any_match("/a"));
}

TEST(PatternDirectory, ServesThreads) {
  PatternDirectory directory;
  directory.add("/stays/");
  std::atomic<int> missed{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&directory, &missed, id] {
      const std::string own = "/own/" + std::to_string(id);
      for (int i = 0; i < 5'000; ++i) {
        directory.add("/shared");
        directory.add(own);
        missed += !directory.any_match("/stays/here");
        missed += !directory.any_match("/shared");
        missed += !directory.any_match(own);
        directory.remove(own);
        missed += directory.any_match(own);
        directory.remove("/shared");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(missed, 0);
  EXPECT_FALSE(directory.any_match("/shared"));
}

}  // namespace
}  // namespace ringroad::shard
