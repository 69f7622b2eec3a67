// Property: a wanted line is printed with its values, an unwanted one costs nothing, a flood prints
//         ten per second and site.
// Method: stderr is captured; the rate limit is driven with made-up times.
#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ringroad::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Log : public testing::Test {
 protected:
  ~Log() override { set_log_level(LogLevel::warn); }

  template <typename Body>
  static std::string printed_by(Body body) {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
  }
};

size_t count_lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Log, S25_PrintsEventAndValues) {
  const std::string name = "lamp";
  const std::string text = printed_by([&name] {
    LOG(warn, "event=test text={} view={} signed={} unsigned={} real={} flag={}", name, "view", -1,
        uint64_t{1} << 63, 0.5, true);
  });
  EXPECT_NE(text.find("warning event=test text=lamp view=view signed=-1 "
                      "unsigned=9223372036854775808 real=0.5 flag=true\n"),
            std::string::npos)
      << text;
}

TEST_F(Log, BelowTheLevelNothingIsEvaluated) {
  int evaluated = 0;
  const std::string text = printed_by([&evaluated] {
    LOG(info, "event=test n={}", ++evaluated);
    set_log_level(LogLevel::off);
    LOG(error, "event=test n={}", ++evaluated);
    set_log_level(LogLevel::debug);
    LOG(debug, "event=wanted");
  });
  EXPECT_EQ(evaluated, 0);
  EXPECT_EQ(count_lines(text), 1u) << text;
  EXPECT_NE(text.find("debug event=wanted"), std::string::npos) << text;
}

TEST_F(Log, TextFromAPeerIsNoFormat) {
  const std::string text = printed_by([] { LOG(warn, "event=test url={}", "{}{0}%s"); });
  EXPECT_NE(text.find("url={}{0}%s\n"), std::string::npos) << text;
}

TEST_F(Log, WrongPlaceholdersPrintTheFormat) {
  const std::string text = printed_by([] { LOG(warn, "event=test a={} b={}", 1); });
  EXPECT_NE(text.find("event=test a={} b={}"), std::string::npos) << text;
}

TEST_F(Log, S25_SiteIsRateLimited) {
  LogSite site;
  steady_clock::time_point now = steady_clock::now();
  for (uint32_t i = 0; i < kLogLinesPerSecond; ++i) EXPECT_EQ(site.admit(now), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(site.admit(now + milliseconds(999)), std::nullopt);
  now += milliseconds(1000);
  EXPECT_EQ(site.admit(now), 5u) << "the next line says how many were left out";
  EXPECT_EQ(site.admit(now), 0u);
}

TEST_F(Log, S25_FloodPrintsFewLines) {
  const std::string text = printed_by([] {
    for (int i = 0; i < 1'000; ++i) LOG(error, "event=flood i={}", i);
  });
  EXPECT_GE(count_lines(text), kLogLinesPerSecond);
  EXPECT_LT(count_lines(text), 1'000u);
}

}  // namespace
}  // namespace ringroad::base
