// Property: a PacedRegulator hands over the last of what came, and nothing after its end (X1).
// Method: messages from two threads; the last value of each URL must come, however many came between.
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "ringroad/regulator.h"
#include "tests/support/eventually.h"

namespace ringroad {
namespace {

using std::chrono::milliseconds;

TEST(PacedRegulator, X1_TheLastValueOfEachUrlComes) {
  std::mutex mutex;
  std::map<std::string, std::string> latest;
  PacedRegulator regulator({.period = milliseconds(5)},
                           [&](std::string_view url, const PayloadView& payload) {
                             const std::lock_guard lock(mutex);
                             latest[std::string(url)] = payload.param;
                           });
  ASSERT_TRUE(regulator.start().ok());
  const auto publish = [&regulator](const std::string& url) {
    for (int i = 0; i <= 20'000; ++i) regulator.update(url, {.param = std::to_string(i)});
  };
  std::thread other(publish, "/b");
  publish("/a");
  other.join();
  const std::map<std::string, std::string> expected = {{"/a", "20000"}, {"/b", "20000"}};
  EXPECT_TRUE(support::wait_until([&] {
    const std::lock_guard lock(mutex);
    return latest == expected;
  }));
}

TEST(PacedRegulator, X1_NothingComesAfterItsEndOrARemoval) {
  int calls = 0;
  {
    PacedRegulator regulator({.period = std::chrono::hours(1)},
                             [&](std::string_view, const PayloadView&) { ++calls; });
    ASSERT_TRUE(regulator.start().ok());
    regulator.update("/a", {});
    regulator.remove("/a");
    regulator.update("/b", {});
  }
  EXPECT_EQ(calls, 0);
}

TEST(PacedRegulator, X1_SaysWhatItCannotBe) {
  const auto ignore = [](std::string_view, const PayloadView&) {};
  PacedRegulator fast({.period = milliseconds(0)}, ignore);
  EXPECT_EQ(fast.start().code(), StatusCode::invalid_argument);
  fast.update("/a", {});
  fast.remove("/a");
  PacedRegulator deaf({}, nullptr);
  EXPECT_EQ(deaf.start().code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace ringroad
