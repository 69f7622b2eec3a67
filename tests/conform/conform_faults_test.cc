// Property: each check of `ringroad conform` fails when the behaviour that it judges is broken, and
//         no other check does; what a server is free to do fails none.
// Method: the program against playgrounds with one fault each, a few per core: they mostly wait.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/conform/fault_tables.h"
#include "tests/tools/program.h"

namespace ringroad::conform {
namespace {

/// Pairs of playground and conform. They mostly wait, but conform's patience is of the clock: on a
/// machine that is too busy it would judge the machine.
size_t at_a_time() {
  constexpr size_t kPerCore = 4;
  return kPerCore * std::max<size_t>(1, std::thread::hardware_concurrency());
}

// Scripts know these names and this order.
const std::vector<std::string> kChecks = {"connect",
                                          "password-wrong",
                                          "password-missing",
                                          "password-unneeded",
                                          "echo-get",
                                          "echo-set",
                                          "echo-json",
                                          "echo-60k",
                                          "echo-largest",
                                          "method",
                                          "add",
                                          "invalid-url",
                                          "error-status",
                                          "wildcard",
                                          "concurrent",
                                          "no-reply",
                                          "subscribe-exact",
                                          "subscribe-prefix",
                                          "subscribe-not-children",
                                          "subscribe-all",
                                          "subscribe-list",
                                          "unsub-empty",
                                          "datagram",
                                          "quick-datagram",
                                          "quick-publish",
                                          "priority",
                                          "stream-get",
                                          "stream-put",
                                          "ping",
                                          "noop",
                                          "alive",
                                          "reconnect"};

using Names = std::set<std::string>;

struct ConformRun {
  int exit_code = -1;
  int playground_exit_code = -1;
  std::string text;
  std::vector<std::string> checks;  // as they came
  Names passed, failed, skipped, not_applicable;
  std::string last_line;

  /// The last line, as the lines before it demand it.
  std::string due_result() const {
    return fmt::format("RESULT pass={} fail={} skip={} na={}", passed.size(), failed.size(),
                       skipped.size(), not_applicable.size());
  }
};

void take_line(ConformRun& run, const std::string& line) {
  const size_t space = line.find(' ');
  const std::string verdict = line.substr(0, space);
  const std::string rest = space == line.npos ? "" : line.substr(space + 1);
  const std::string name = rest.substr(0, rest.find(' '));
  const std::pair<const char*, Names*> verdicts[] = {{"PASS", &run.passed},
                                                     {"FAIL", &run.failed},
                                                     {"SKIP", &run.skipped},
                                                     {"N/A", &run.not_applicable}};
  for (const auto& [word, names] : verdicts) {
    if (verdict != word) continue;
    names->insert(name);
    run.checks.push_back(name);
  }
  run.last_line = line;
}

ConformRun run_conform(const std::string& url, const std::string& password) {
  std::vector<std::string> arguments = {"conform", url};
  if (!password.empty()) arguments.insert(arguments.end(), {"--password", password});
  tools::Program program(std::move(arguments));
  ConformRun run;
  run.exit_code = program.exit_code();
  run.text = program.text();
  std::istringstream lines(run.text);
  for (std::string line; std::getline(lines, line);) take_line(run, line);
  return run;
}

Names all_checks() {
  return {kChecks.begin(), kChecks.end()};
}

Names names_of(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

bool fails_everything(const Fault& fault) {
  return names_of(fault.breaks).count(std::string(kEverything)) > 0;
}

Names expected_failures(const Fault& fault) {
  return fails_everything(fault) ? Names{"connect"} : names_of(fault.breaks);
}

/// Without a handshake there is nothing to judge.
Names expected_skips(const Fault& fault) {
  Names skips = fails_everything(fault) ? all_checks() : names_of(fault.skips);
  if (fails_everything(fault)) skips.erase("connect");
  return skips;
}

/// Each playground is a process: many servers that come and go in one would take each other's
/// mappings, which the thread sanitizer mistakes for sharing.
ConformRun run_with(const std::string& password, const std::string& fault) {
  std::vector<std::string> arguments;
  if (!fault.empty()) arguments.insert(arguments.end(), {"--break", fault});
  if (!password.empty()) arguments.insert(arguments.end(), {"--password", password});
  tools::Program playground(arguments, BROKEN_PLAYGROUND);
  const std::string line = playground.line_with("serving vsoa://");
  const size_t at = line.find("vsoa://");
  if (at == line.npos) return {.text = playground.text()};
  ConformRun run = run_conform(line.substr(at, line.find(' ', at) - at), password);
  playground.signal(SIGTERM);
  run.playground_exit_code = playground.exit_code();
  return run;
}

void expect_whole_report(const ConformRun& run) {
  EXPECT_EQ(run.checks, kChecks) << run.text;
  EXPECT_EQ(run.last_line, run.due_result());
  EXPECT_EQ(run.exit_code, run.failed.empty() ? 0 : 1);
  EXPECT_EQ(run.playground_exit_code, 0);
}

void expect_faultless(const ConformRun& run, const Names& not_applicable) {
  expect_whole_report(run);
  EXPECT_EQ(run.failed, Names()) << run.text;
  EXPECT_EQ(run.skipped, Names()) << run.text;
  EXPECT_EQ(run.not_applicable, not_applicable) << run.text;
}

TEST(ConformFaults, NoneFailsWithoutAFault) {
  expect_faultless(run_with("", ""), {"password-wrong", "password-missing"});
}

TEST(ConformFaults, NoneFailsWithoutAFaultBehindAPassword) {
  expect_faultless(run_with("pw", ""), {"password-unneeded"});
}

struct Table {
  const char* name;
  std::vector<Fault> (*faults)();
};

constexpr Table kTables[] = {
    {"Connection", connection_faults}, {"Echo", echo_faults},         {"Call", call_faults},
    {"Subscribe", subscribe_faults},   {"Datagram", datagram_faults}, {"Stream", stream_faults},
    {"Priority", priority_faults},     {"Harmless", harmless_faults}};

class ConformFaultTable : public testing::TestWithParam<Table> {};

TEST_P(ConformFaultTable, EachFailsItsCheckAndNoOther) {
  const std::vector<Fault> all = GetParam().faults();
  std::vector<ConformRun> runs(all.size());
  std::atomic<size_t> next{0};
  std::vector<std::thread> workers;
  for (size_t i = 0; i < at_a_time(); ++i) {
    workers.emplace_back([&] {
      for (size_t mine = next++; mine < all.size(); mine = next++) {
        runs[mine] = run_with(std::string(all[mine].password), std::string(all[mine].name));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i].name);
    expect_whole_report(runs[i]);
    EXPECT_EQ(runs[i].failed, expected_failures(all[i])) << runs[i].text;
    EXPECT_EQ(runs[i].skipped, expected_skips(all[i])) << runs[i].text;
    EXPECT_NE(runs[i].text.find(all[i].says), std::string::npos) << runs[i].text;
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, ConformFaultTable, testing::ValuesIn(kTables),
                         [](const auto& table) { return table.param.name; });

TEST(ConformFaults, TheTablesAreAllThereIs) {
  size_t rows = 0;
  for (const Table& table : kTables) rows += table.faults().size();
  EXPECT_EQ(rows, faults().size());
}

TEST(ConformFaults, EveryCheckIsFailedBySome) {
  Names failed;
  for (const Fault& fault : faults()) {
    if (!fails_everything(fault)) failed.merge(names_of(fault.breaks));
  }
  EXPECT_EQ(failed, all_checks());
}

}  // namespace
}  // namespace ringroad::conform
