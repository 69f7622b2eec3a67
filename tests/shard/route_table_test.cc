// Property: a call goes to the exact handler, else to the longest "/a/b/" that takes it, else to
//         "/", else to nobody (C4, V20).
// Method: every registered URL is tried by the words of the rule, for seeded tables and URLs; the
//         row of the wire table by name.
#include "shard/route_table.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

#include "tests/support/fake_call.h"

namespace ringroad::shard {
namespace {

class Routes {
 public:
  void add(const std::string& url) {
    const int number = ++count_;
    numbers_[url] = number;
    table_.add(url, [this, number](Call&) { called_ = number; });
  }
  /// The handler that a call of this URL reaches; 0: none.
  int called(const std::string& url) {
    const Server::CommandHandler* handler = table_.find(url);
    if (handler == nullptr) return 0;
    FakeCall call;
    (*handler)(call);
    return called_;
  }
  int expected(const std::string& url) const {
    if (const auto exact = numbers_.find(url); exact != numbers_.end()) return exact->second;
    std::optional<std::pair<std::string, int>> best;
    for (const auto& [handler, number] : numbers_) {
      if (!handler.ends_with('/')) continue;
      const std::string parent = handler.substr(0, handler.size() - 1);
      const bool takes = handler == "/" || url == parent || url.starts_with(handler);
      if (takes && (!best || handler.size() > best->first.size())) best = {handler, number};
    }
    return best ? best->second : 0;
  }
  int number(const std::string& url) const { return numbers_.at(url); }

 private:
  RouteTable table_;
  std::map<std::string, int> numbers_;
  int count_ = 0;
  int called_ = 0;
};

std::string random_url(std::mt19937_64& random) {
  std::string url = "/";
  const size_t bytes = random() % 8;
  for (size_t i = 0; i < bytes; ++i) url += "/ab"[random() % 3];
  return url;
}

TEST(RouteTable, AgreesWithTheWordsOfTheRule) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    Routes routes;
    const size_t handlers = random() % 12;
    for (size_t i = 0; i < handlers; ++i) routes.add(random_url(random));
    for (int i = 0; i < 200; ++i) {
      const std::string url = random_url(random);
      ASSERT_EQ(routes.called(url), routes.expected(url)) << url;
    }
  }
}

TEST(RouteTable, C4_WildcardTakesItsParentAndAllBelow) {
  Routes routes;
  routes.add("/wild/");
  const int wild = routes.number("/wild/");
  EXPECT_EQ(routes.called("/wild"), wild);
  EXPECT_EQ(routes.called("/wild/"), wild);
  EXPECT_EQ(routes.called("/wild/x"), wild);
  EXPECT_EQ(routes.called("/wild//x"), wild);
  EXPECT_EQ(routes.called("/wildx"), 0);
}

TEST(RouteTable, V20_ExactThenLongestThenRoot) {
  Routes routes;
  for (const char* url : {"/", "/a/", "/a/b/", "/a/b"}) routes.add(url);
  EXPECT_EQ(routes.called("/a/b"), routes.number("/a/b"));
  EXPECT_EQ(routes.called("/a/b/"), routes.number("/a/b/"));
  EXPECT_EQ(routes.called("/a/b/c/d"), routes.number("/a/b/"));
  EXPECT_EQ(routes.called("/a/c"), routes.number("/a/"));
  EXPECT_EQ(routes.called("/c"), routes.number("/"));
}

TEST(RouteTable, LastRegistrationCounts) {
  Routes routes;
  routes.add("/a");
  const int first = routes.number("/a");
  routes.add("/a");
  EXPECT_NE(routes.called("/a"), first);
  EXPECT_EQ(routes.called("/a"), routes.number("/a"));
}

TEST(RouteTable, EmptyTableAndEmptyUrlAreNobody) {
  Routes routes;
  EXPECT_EQ(routes.called("/a"), 0);
  EXPECT_EQ(routes.called("/"), 0);
  routes.add("/");
  EXPECT_EQ(routes.called(""), 0);
}

}  // namespace
}  // namespace ringroad::shard
