// Property: V2's rule of matching, to the letter; for_each_candidate() visits exactly the
//           subscriptions that match, each once.
// Method: the examples of the rules; every pair of short strings over a small alphabet; random
// ones.
#include "proto/url.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace ringroad::proto {
namespace {

std::vector<std::string> candidates(std::string_view url) {
  std::vector<std::string> texts;
  for_each_candidate(url, [&texts](Candidate candidate) {
    texts.push_back(std::string(candidate.text) + (candidate.slash_appended ? "/" : ""));
  });
  return texts;
}

// Every string of '/', 'a' and 'b' that starts with '/' and has at most `bytes_max` bytes.
std::vector<std::string> all_urls(size_t bytes_max) {
  std::vector<std::string> urls = {"/"};
  for (size_t i = 0; i < urls.size(); ++i) {
    if (urls[i].size() == bytes_max) continue;
    for (const char c : {'/', 'a', 'b'}) urls.push_back(urls[i] + c);
  }
  return urls;
}

TEST(Url, V1_ValidUrls) {
  for (const std::string_view url : {"/", "/a", "/a/b", "//", "/a/", "/\xc3\xa9", "/\xff", "/ "}) {
    EXPECT_TRUE(valid_url(url)) << url;
  }
  for (const std::string_view url : {"", "a", "a/", " /a"}) EXPECT_FALSE(valid_url(url)) << url;
  EXPECT_FALSE(valid_url(std::string_view("/a\0b", 4)));
  EXPECT_FALSE(valid_url(std::string_view("/\0", 2)));
  EXPECT_TRUE(valid_url(std::string(65535, '/')));
  EXPECT_FALSE(valid_url(std::string(65536, '/')));
}

TEST(Url, V2_D9_SlashMatchesEverything) {
  for (const std::string& url : all_urls(4)) EXPECT_TRUE(url_matches("/", url)) << url;
}

TEST(Url, V2_WithoutSlashAtTheEndMatchesItselfOnly) {
  for (const std::string& url : all_urls(5)) EXPECT_EQ(url_matches("/a", url), url == "/a") << url;
}

TEST(Url, V2_PrefixMatchesTheUrlAndWhatIsBelow) {
  for (const std::string_view url : {"/a", "/a/", "/a/b", "/a/b/c", "/a//"}) {
    EXPECT_TRUE(url_matches("/a/", url)) << url;
  }
  for (const std::string_view url : {"/", "/ab", "/ab/", "/b", "/b/a/", "//a"}) {
    EXPECT_FALSE(url_matches("/a/", url)) << url;
  }
  EXPECT_TRUE(url_matches("/a/b", "/a/b"));
  EXPECT_FALSE(url_matches("/a/b", "/a/b/c"));
  EXPECT_FALSE(url_matches("/a/b", "/a"));
}

TEST(Url, D10_TwoSlashes) {
  for (const std::string_view url : {"/", "//", "//a", "///"}) {
    EXPECT_TRUE(url_matches("//", url)) << url;
  }
  for (const std::string_view url : {"/a", "/a/", "/a//"}) {
    EXPECT_FALSE(url_matches("//", url)) << url;
  }
}

TEST(Url, D11_D12_TheSlashAtTheEndCounts) {
  EXPECT_TRUE(url_matches("/tick/", "/tick"));
  EXPECT_FALSE(url_matches("/tick", "/tick/"));
}

TEST(Url, CandidatesInOrder) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(candidates("/"), (Texts{"/", "//"}));
  EXPECT_EQ(candidates("/a"), (Texts{"/", "/a", "/a/"}));
  EXPECT_EQ(candidates("/a/"), (Texts{"/", "/a/", "/a//"}));
  EXPECT_EQ(candidates("/a/b"), (Texts{"/", "/a/", "/a/b", "/a/b/"}));
  EXPECT_EQ(candidates("//"), (Texts{"/", "//", "///"}));
}

TEST(Url, CandidatesAreTheMatches_AllShortUrls) {
  const std::vector<std::string> urls = all_urls(5);
  const std::vector<std::string> subscriptions = all_urls(6);
  ASSERT_EQ(urls.size(), 121U);
  for (const std::string& url : urls) {
    std::vector<std::string> expected;
    for (const std::string& subscription : subscriptions) {
      if (url_matches(subscription, url)) expected.push_back(subscription);
    }
    std::vector<std::string> visited = candidates(url);
    std::sort(visited.begin(), visited.end());  // duplicates stay, and fail
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(visited, expected) << url;
  }
}

TEST(Url, CandidatesAreTheMatches_RandomUrls) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const auto append = [&random](std::string& text, size_t count) {
      for (; count > 0; --count) text += "//ab\xc3"[random() % 5];
    };
    std::string url = "/";
    append(url, random() % 30);
    std::string subscription = url.substr(0, 1 + random() % url.size());  // a relative of the URL
    append(subscription, random() % 3);
    const std::vector<std::string> visited = candidates(url);
    EXPECT_EQ(std::count(visited.begin(), visited.end(), subscription),
              url_matches(subscription, url) ? 1 : 0)
        << subscription << " at " << url;
  }
}

}  // namespace
}  // namespace ringroad::proto
