// Property: match() visits exactly the patterns that accept the URL, each once, without allocating,
//           whatever was added and removed before; the trie stays canonical and small.
// Method: seeded adds, removes and matches next to a list scanned with proto::url_matches();
//         allocations are counted; named examples for the edges of V2.
#include "shard/subscription_trie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "tests/support/counting_allocator.h"
#include "tests/support/trie_model.h"

namespace ringroad::shard {
namespace {

using test::TrieModel;

size_t below(std::mt19937_64& random, size_t bound) {
  return static_cast<size_t>(random() % bound);
}

// Few letters, so that patterns meet; prefixes on both sides of the inline label's limit.
std::string random_url(std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 4> kPrefixes = {
      "/", "//", "/fleet/", "/fleet/a-label-that-is-not-inline/"};
  static constexpr std::string_view kLetters = "//abc\xff";
  std::string url(kPrefixes[below(random, kPrefixes.size())]);
  for (size_t length = below(random, 7); length > 0; --length) {
    url += kLetters[below(random, kLetters.size())];
  }
  return url;
}

std::vector<std::string> matches(const SubscriptionTrie& trie, std::string_view url) {
  std::vector<std::string> found;
  trie.match(url, [&](PatternId id) { found.push_back(trie.pattern(id)); });
  return found;
}

using Patterns = std::vector<std::string>;

TEST(SubscriptionTrie, V2_SlashGetsEverything) {
  SubscriptionTrie trie;
  trie.add("/");
  EXPECT_EQ(matches(trie, "/"), Patterns{"/"});
  EXPECT_EQ(matches(trie, "/a"), Patterns{"/"});
  EXPECT_EQ(matches(trie, "//"), Patterns{"/"});
}

TEST(SubscriptionTrie, V2_WithoutSlashIsExact) {
  SubscriptionTrie trie;
  trie.add("/a");
  EXPECT_EQ(matches(trie, "/a"), Patterns{"/a"});
  EXPECT_EQ(matches(trie, "/a/"), Patterns{});
  EXPECT_EQ(matches(trie, "/a/b"), Patterns{});
  EXPECT_EQ(matches(trie, "/ab"), Patterns{});
}

TEST(SubscriptionTrie, V2_EndingSlashGetsParentAndChildren) {
  SubscriptionTrie trie;
  trie.add("/a/");
  EXPECT_EQ(matches(trie, "/a"), Patterns{"/a/"});
  EXPECT_EQ(matches(trie, "/a/"), Patterns{"/a/"});
  EXPECT_EQ(matches(trie, "/a/b/c"), Patterns{"/a/"});
  EXPECT_EQ(matches(trie, "/ab"), Patterns{});
  EXPECT_EQ(matches(trie, "/"), Patterns{});
}

TEST(SubscriptionTrie, VisitsShortestFirst) {
  SubscriptionTrie trie;
  for (const char* pattern : {"/a/b", "/a/b/", "/", "/a/", "/a/b/c"}) trie.add(pattern);
  EXPECT_EQ(matches(trie, "/a/b"), (Patterns{"/", "/a/", "/a/b", "/a/b/"}));
}

TEST(SubscriptionTrie, AgreesWithLinearScan) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const size_t target = 1 + below(random, 60);  // patterns the mix settles at
    TrieModel model;
    for (int step = 0; step < 400; ++step) {
      if (model.patterns().empty() || below(random, 2 * target) >= model.patterns().size()) {
        ASSERT_EQ(model.add(random_url(random)), "");
      } else {
        ASSERT_EQ(model.remove(below(random, model.patterns().size())), "");
      }
      ASSERT_EQ(model.disagreement(), "");
      for (int i = 0; i < 4; ++i) ASSERT_EQ(model.disagreement_at(random_url(random)), "");
    }
  }
}

TEST(SubscriptionTrie, EmptiesToNothing) {
  std::mt19937_64 random(7);
  TrieModel model;
  ASSERT_EQ(model.add("/one"), "");
  for (int i = 0; i < 500; ++i) ASSERT_EQ(model.add(random_url(random)), "");
  while (!model.patterns().empty()) {
    ASSERT_EQ(model.remove(below(random, model.patterns().size())), "");
    if (model.patterns().size() % 16 == 0) {
      ASSERT_EQ(model.disagreement(), "");
    }
  }
  EXPECT_EQ(model.trie().size(), 0U);
  EXPECT_EQ(matches(model.trie(), "/one"), Patterns{});
}

TEST(SubscriptionTrie, ReusesIds) {
  SubscriptionTrie trie;
  const PatternId first = trie.add("/first");
  EXPECT_EQ(trie.add("/first"), first);
  trie.remove(first);
  EXPECT_EQ(trie.find("/first"), first) << "one reference is left";
  trie.remove(first);
  EXPECT_EQ(trie.find("/first"), kNoPattern);
  EXPECT_EQ(trie.add("/second"), first);
}

TEST(SubscriptionTrie, AnyByteMayBranch) {
  TrieModel model;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string pattern = std::string("/x") + static_cast<char>(byte);
    ASSERT_EQ(model.add(pattern), "");
    ASSERT_EQ(model.disagreement(), "");
    ASSERT_EQ(model.disagreement_at(pattern), "");
  }
  while (!model.patterns().empty()) {
    ASSERT_EQ(model.remove(model.patterns().size() / 2), "");
    ASSERT_EQ(model.disagreement(), "");
  }
}

TEST(SubscriptionTrie, TakesTheLongestPatterns) {
  const std::string longest = "/" + std::string(base::kUrlBytesMax - 1, 'x');
  const std::string sibling = longest.substr(0, longest.size() - 1) + "y";
  TrieModel model;
  for (const std::string& pattern : {longest, sibling, longest.substr(0, 40'000)}) {
    ASSERT_EQ(model.add(pattern), "");
    ASSERT_EQ(model.disagreement(), "");
  }
  for (const std::string& url : {longest, sibling}) EXPECT_EQ(model.disagreement_at(url), "");
  const size_t filled = model.trie().memory_bytes();
  ASSERT_EQ(model.remove(2), "");
  ASSERT_EQ(model.remove(1), "");
  ASSERT_EQ(model.disagreement(), "");
  EXPECT_LE(model.trie().memory_bytes(), filled) << "the joined label replaces its parts";
}

// Enough for the edge table to divide several times, and for ids to go round.
TEST(SubscriptionTrie, ThousandsComeAndGo) {
  constexpr size_t kVehicles = 8'000;
  const auto url_of = [](size_t vehicle) {
    const std::string region = vehicle % 3 == 0 ? "south/" : "north/a-longer-way/";
    return "/fleet/" + region + std::to_string(vehicle) + (vehicle % 2 == 0 ? "/" : "");
  };
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    SubscriptionTrie trie;
    std::vector<PatternId> ids(kVehicles, kNoPattern);
    for (const size_t percent : {90, 40, 70, 0}) {  // so many are there
      for (size_t vehicle = 0; vehicle < kVehicles; ++vehicle) {
        const bool wanted = below(random, 100) < percent;
        if (wanted == (ids[vehicle] != kNoPattern)) continue;
        if (!wanted) trie.remove(ids[vehicle]);
        ids[vehicle] = wanted ? trie.add(url_of(vehicle)) : kNoPattern;
      }
      trie.check_invariants();
      for (size_t vehicle = 0; vehicle < kVehicles; ++vehicle) {
        const std::string url = url_of(vehicle);
        ASSERT_EQ(trie.find(url), ids[vehicle]) << url;
        const Patterns expected = ids[vehicle] == kNoPattern ? Patterns{} : Patterns{url};
        ASSERT_EQ(matches(trie, url), expected) << url;
      }
    }
    EXPECT_EQ(trie.size(), 0U);
  }
}

class FleetTrie : public testing::Test {
 protected:
  static constexpr size_t kVehicles = 100'000;

  static std::string url_of(size_t vehicle) {
    const std::string digits = std::to_string(1'000'000 + vehicle);
    return "/fleet/" + digits.substr(1) + "/position";  // 22 bytes
  }

  void SetUp() override {
    trie_.add("/");
    trie_.add("/fleet/");
    for (size_t vehicle = 0; vehicle < kVehicles; ++vehicle) trie_.add(url_of(vehicle));
  }

  SubscriptionTrie trie_;
};

TEST_F(FleetTrie, MatchesAndAllocatesNothing) {
  ASSERT_EQ(trie_.size(), kVehicles + 2);
  size_t visited = 0;
  size_t allocated = 0;
  for (size_t vehicle = 0; vehicle < kVehicles; ++vehicle) {
    const std::string url = url_of(vehicle);
    const size_t before = test::allocations();
    trie_.match(url, [&](PatternId) { ++visited; });
    allocated += test::allocations() - before;
  }
  EXPECT_EQ(visited, kVehicles * 3);
  EXPECT_EQ(allocated, 0U);
}

TEST_F(FleetTrie, IsSmall) {
  EXPECT_LE(trie_.memory_bytes() / trie_.size(), 128U);
  const size_t before = test::allocations();
  trie_.add("/fleet/somebody-new/and-his-label-is-long");
  EXPECT_GT(test::allocations(), before) << "the counter counts";
  trie_.check_invariants();
}

}  // namespace
}  // namespace ringroad::shard
