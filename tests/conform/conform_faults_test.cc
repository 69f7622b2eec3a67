// Property: each check of `ringroad conform` fails when the behaviour that it judges is broken, and
//         no other check does; without a fault none fails.
// Method: the program against playgrounds with one fault each, two dozen at a time: they mostly wait.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/conform/broken_playground.h"
#include "tests/tools/program.h"
#include "tools/conform_checks.h"

namespace ringroad::conform {
namespace {

constexpr size_t kAtATime = 24;

struct Judged {
  int exit_code = -1;
  std::string text;
  std::set<std::string> failed;
  size_t lines = 0;  // of checks
  size_t skipped = 0;
  std::string result;
};

Judged judge(const std::string& url, const std::string& password) {
  std::vector<std::string> arguments = {"conform", url};
  if (!password.empty()) arguments.insert(arguments.end(), {"--password", password});
  tools::Program program(std::move(arguments));
  Judged run;
  run.exit_code = program.exit_code();
  run.text = program.text();
  std::istringstream lines(run.text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string verdict;
    std::string name;
    words >> verdict >> name;
    if (verdict == "RESULT") run.result = line;
    if (verdict == "FAIL") run.failed.insert(name);
    if (verdict == "SKIP") ++run.skipped;
    if (verdict == "PASS" || verdict == "FAIL" || verdict == "SKIP" || verdict == "N/A")
      ++run.lines;
  }
  return run;
}

std::set<std::string> all_checks() {
  std::set<std::string> names;
  for (const tools::Check& check : tools::conform_checks()) names.emplace(check.name);
  return names;
}

std::set<std::string> expected_failures(const Fault& fault) {
  if (fault.breaks.front() == kEverything) return all_checks();
  return {fault.breaks.begin(), fault.breaks.end()};
}

Judged run_with(const std::string& password, const Fault* fault) {
  const BrokenPlayground playground(password, fault);
  return playground.valid() ? judge(playground.url(), password) : Judged();
}

void expect_faultless(const Judged& run) {
  EXPECT_EQ(run.exit_code, 0) << run.text;
  EXPECT_EQ(run.failed, std::set<std::string>()) << run.text;
  EXPECT_EQ(run.skipped, 0u) << run.text;
  EXPECT_EQ(run.lines, all_checks().size()) << run.text;
}

TEST(ConformFaults, NoneFailsWithoutAFault) {
  expect_faultless(run_with("", nullptr));
}

TEST(ConformFaults, NoneFailsWithoutAFaultBehindAPassword) {
  expect_faultless(run_with("pw", nullptr));
}

TEST(ConformFaults, EachFailsItsCheckAndNoOther) {
  const std::vector<Fault>& all = faults();
  std::vector<Judged> runs(all.size());
  std::atomic<size_t> next{0};
  std::vector<std::thread> workers;
  for (size_t i = 0; i < kAtATime; ++i) {
    workers.emplace_back([&] {
      for (size_t mine = next++; mine < all.size(); mine = next++) {
        runs[mine] = run_with(std::string(all[mine].password), &all[mine]);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i].name);
    EXPECT_EQ(runs[i].failed, expected_failures(all[i])) << runs[i].text;
    EXPECT_EQ(runs[i].exit_code, 1);
    EXPECT_EQ(runs[i].lines, all_checks().size());
    const std::string count = " fail=" + std::to_string(runs[i].failed.size()) + " ";
    EXPECT_NE(runs[i].result.find(count), std::string::npos) << runs[i].result;
  }
}

TEST(ConformFaults, EveryCheckIsFailedBySome) {
  std::set<std::string> failed;
  for (const Fault& fault : faults()) {
    if (fault.breaks.front() == kEverything) continue;
    failed.insert(fault.breaks.begin(), fault.breaks.end());
  }
  EXPECT_EQ(failed, all_checks());
}

}  // namespace
}  // namespace ringroad::conform
