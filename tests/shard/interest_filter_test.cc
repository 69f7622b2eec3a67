// Property: may_match() never says no to a URL that an added pattern matches, its yes is rare
//           otherwise, and as many removes as adds leave it empty.
// Method: seeded patterns next to a list scanned with proto::url_matches(); a reader thread that
//         asks for an answered subscription while the owner works on others.
#include "shard/interest_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "proto/url.h"

namespace ringroad::shard {
namespace {

std::string random_url(std::mt19937_64& random) {
  static constexpr std::string_view kLetters = "//abc\xff";
  std::string url = "/";
  for (size_t length = random() % 10; length > 0; --length) {
    url += kLetters[random() % kLetters.size()];
  }
  return url;
}

TEST(InterestFilter, HasNoFalseNegatives) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const auto filter = std::make_unique<InterestFilter>();
    std::vector<std::string> patterns;
    size_t false_positives = 0;
    for (int step = 0; step < 2'000; ++step) {
      if (random() % 2 == 0 || patterns.empty()) {
        patterns.push_back(random_url(random));
        filter->add(patterns.back());
      } else {
        std::swap(patterns[random() % patterns.size()], patterns.back());
        filter->remove(patterns.back());
        patterns.pop_back();
      }
      const std::string url = random_url(random);
      const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
        return proto::url_matches(pattern, url);
      });
      const bool maybe = filter->may_match(url);
      ASSERT_TRUE(maybe || !wanted) << url;
      false_positives += maybe && !wanted;
    }
    EXPECT_LT(false_positives, 20U);
    for (const std::string& pattern : patterns) filter->remove(pattern);
    for (int i = 0; i < 200; ++i) ASSERT_FALSE(filter->may_match(random_url(random)));
  }
}

TEST(InterestFilter, MoreSlashesThanItChecksAreAYes) {
  const auto filter = std::make_unique<InterestFilter>();
  const std::string deepest(CandidateHashes::kSlashesMax, '/');
  EXPECT_FALSE(filter->may_match(deepest));
  EXPECT_TRUE(filter->may_match(deepest + "/"));
  filter->add(deepest);
  EXPECT_TRUE(filter->may_match(deepest + "x"));
  EXPECT_TRUE(filter->may_match(deepest.substr(1))) << "its parent";
  EXPECT_FALSE(filter->may_match(deepest.substr(2)));
}

TEST(InterestFilter, ACounterAtItsMaximumSticks) {
  const auto filter = std::make_unique<InterestFilter>();
  constexpr int kMany = 70'000;  // more than a counter can count
  for (int i = 0; i < kMany; ++i) filter->add("/a");
  for (int i = 0; i < kMany; ++i) filter->remove("/a");
  EXPECT_TRUE(filter->may_match("/a")) << "it no longer knows, so it must not say no";
  EXPECT_FALSE(filter->may_match("/b"));
}

TEST(InterestFilter, ReadersSeeAnsweredSubscriptions) {
  const auto filter = std::make_unique<InterestFilter>();
  std::atomic<int> answered{0};  // stands for the SUBSCRIBE replies
  constexpr int kPatterns = 5'000;
  std::atomic<bool> reading{false};
  std::atomic<bool> missed{false};
  std::thread reader([&] {
    reading = true;
    for (int known = 0; known < kPatterns;) {
      known = answered.load(std::memory_order_acquire);
      if (known > 0 && !filter->may_match("/p/" + std::to_string(known - 1))) missed = true;
    }
  });
  while (!reading) std::this_thread::yield();
  for (int i = 0; i < kPatterns; ++i) {
    filter->add("/p/" + std::to_string(i));
    filter->add("/other");
    answered.store(i + 1, std::memory_order_release);
    filter->remove("/other");
  }
  reader.join();
  EXPECT_FALSE(missed);
}

}  // namespace
}  // namespace ringroad::shard
