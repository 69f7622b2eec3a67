// Property: the main job on recorded drives: every subscriber gets every message it should have, once and in order.
// Method: the built program replays a trace that the demo itself recorded; and the drives that RINGROAD_TRACE names.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/tools/program.h"

namespace ringroad::tools {
namespace {

void expect_pass(const std::vector<std::string>& arguments) {
  Program program(arguments);
  const int exit_code = program.exit_code();
  const std::string text = program.text();
  EXPECT_EQ(exit_code, 0) << text;
  EXPECT_NE(text.find("PASS"), std::string::npos) << text;
  EXPECT_NE(text.find("0 missing, 0 doubled, 0 out of order"), std::string::npos) << text;
}

TEST(DemoTrace, ReplaysWhatTheDemoRecorded) {
  expect_pass({"demo", "--trace", RINGROAD_SOURCE_DIR "/tests/data/fleet_recorded.csv.gz",
               "--speed", "2", "--duration", "3", "--subscribers", "200"});
}

TEST(DemoTrace, ReplaysRealDrives) {
  const char* trace = std::getenv("RINGROAD_TRACE");
  if (trace == nullptr) GTEST_SKIP() << "RINGROAD_TRACE does not name a trace (CSV or CSV.gz)";
  expect_pass({"demo", "--trace", trace, "--speed", "600", "--duration", "10"});
}

}  // namespace
}  // namespace ringroad::tools
