// Property: which URLs lie below a prefix, what they are called behind it, how often it occurs.
// Method: examples, and all short URLs beside an implementation by components.
#include "service/proxy_url.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringroad::service {
namespace {

TEST(ProxyUrl, X4_WhatIsBelowThePrefixLosesIt) {
  EXPECT_EQ(upstream_url("/lamp", "/lamp/on"), "/on");
  EXPECT_EQ(upstream_url("/lamp", "/lamp/"), "/");
  EXPECT_EQ(upstream_url("/lamp", "/lamp"), "/");
  EXPECT_EQ(upstream_url("/site/3", "/site/3/lamp/"), "/lamp/");
  EXPECT_EQ(upstream_url("/lamp", "/lamps"), std::nullopt);
  EXPECT_EQ(upstream_url("/lamp", "/lam"), std::nullopt);
  EXPECT_EQ(upstream_url("/lamp", "/"), std::nullopt);
}

std::vector<std::string> components(const std::string& url) {
  std::vector<std::string> all;
  for (const char letter : url) {
    if (letter == '/') {
      all.emplace_back();
    } else if (!all.empty()) {
      all.back() += letter;
    }
  }
  return all;
}

size_t naive_count(const std::string& prefix, const std::string& url) {
  const std::vector<std::string> wanted = components(prefix);
  const std::vector<std::string> all = components(url);
  size_t count = 0;
  for (size_t at = 0; at + wanted.size() <= all.size();) {
    const bool here = std::equal(wanted.begin(), wanted.end(), all.begin() + static_cast<int>(at));
    count += here ? 1 : 0;
    at += here ? wanted.size() : 1;
  }
  return count;
}

TEST(ProxyUrl, X4_CountsWholeComponentsOnly) {
  const std::string letters = "/ab";
  std::vector<std::string> urls = {"/"};
  for (size_t next = 0; urls[next].size() < 9; ++next) {
    for (const char letter : letters) urls.push_back(urls[next] + letter);
  }
  size_t found = 0;
  for (const std::string prefix : {"/a", "/a/b", "/ab", "/a/a"}) {
    for (const std::string& url : urls) {
      ASSERT_EQ(count_prefix(prefix, url), naive_count(prefix, url)) << prefix << " in " << url;
      found += count_prefix(prefix, url);
    }
  }
  EXPECT_GT(found, 1'000U) << "there was something to be found";
}

}  // namespace
}  // namespace ringroad::service
