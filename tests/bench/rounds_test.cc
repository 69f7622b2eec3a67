// Property: a round that something else disturbed is measured again, at most as often as there are
//         rounds; what is repeated does not count, what counts although disturbed is named, and
//         everybody still has every round.
// Method: contenders whose disturbances are a list; seeded random lists beside a plain count.
#include "bench/macro/rounds.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "bench/macro/report.h"

namespace ringroad::bench {
namespace {

using Rows = std::vector<Row<Round>>;

Rows rows_of(const std::vector<std::string>& names) {
  Rows rows;
  for (const std::string& name : names) rows.push_back({.contender = {.name = name}});
  return rows;
}

/// Each measurement of a contender takes the next of its list; then nothing disturbs.
Status run(size_t rounds, Rows& rows, std::map<std::string, std::deque<double>>& disturbances) {
  const auto measure = [&](const Contender& contender) -> Result<Round> {
    std::deque<double>& list = disturbances[contender.name];
    Round round;
    if (!list.empty()) {
      round.other_busy = list.front();
      list.pop_front();
    }
    return round;
  };
  return run_alternating(rounds, rows, measure, [](size_t, const Contender&, const Round&) {});
}

TEST(Rounds, ADisturbedRoundIsMeasuredAgain) {
  Rows rows = rows_of({"quiet", "once"});
  std::map<std::string, std::deque<double>> disturbances = {{"once", {0.1, 0.16, 0.15, 0.0}}};
  ASSERT_TRUE(run(3, rows, disturbances).ok());
  EXPECT_EQ(rows[0].rounds.size(), 3u);
  EXPECT_TRUE(rows[0].repeated.empty());
  EXPECT_EQ(rows[1].rounds.size(), 3u);
  EXPECT_EQ(rows[1].repeated, std::vector<double>{0.16});
  EXPECT_EQ(disturbed_rounds(rows[1]), 0u);
  EXPECT_TRUE(disturbances["once"].empty());
}

TEST(Rounds, AgreeWithAPlainCount) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const size_t rounds = 1 + random() % 7;
    std::deque<double> list;
    for (size_t i = 0; i < 2 * rounds; ++i) list.push_back(random() % 2 == 0 ? 0.05 : 0.5);
    size_t repeats = 0, kept = 0, counted = 0;
    for (size_t i = 0; counted < rounds; ++i) {
      const bool disturbed = list[i] > kOtherBusyMax;
      if (disturbed && repeats < rounds) {
        ++repeats;
        continue;
      }
      ++counted;
      if (disturbed) ++kept;
    }
    Rows rows = rows_of({"one"});
    std::map<std::string, std::deque<double>> disturbances = {{"one", list}};
    ASSERT_TRUE(run(rounds, rows, disturbances).ok());
    EXPECT_EQ(rows[0].rounds.size(), rounds);
    EXPECT_EQ(rows[0].repeated.size(), repeats);
    EXPECT_EQ(disturbed_rounds(rows[0]), kept);
  }
}

TEST(Rounds, TableAndJsonSayWhatWasRepeated) {
  Report report = {.options = {}, .command = "", .rows = rows_of({"relay-limit", "noisy"})};
  std::map<std::string, std::deque<double>> disturbances = {{"noisy", {0.5, 0.6, 0.7, 0.0}}};
  ASSERT_TRUE(run(2, report.rows, disturbances).ok());
  const std::string text = table(report);
  EXPECT_NE(text.find("more than 0.15 cores, measured again: noisy 2."), text.npos) << text;
  EXPECT_NE(text.find("counted all the same: noisy 1."), text.npos) << text;
  const nlohmann::json document = nlohmann::json::parse(json(report));
  EXPECT_EQ(document["other_busy_max"], 0.15);
  EXPECT_TRUE(document["contenders"][0]["repeated_other_busy"].empty());
  EXPECT_EQ(document["contenders"][1]["repeated_other_busy"], nlohmann::json({0.5, 0.6}));
  EXPECT_EQ(document["contenders"][1]["disturbed"], 1);
}

TEST(Rounds, AQuietTableSaysNothing) {
  Report report = {.options = {}, .command = "", .rows = rows_of({"quiet"})};
  std::map<std::string, std::deque<double>> none;
  ASSERT_TRUE(run(2, report.rows, none).ok());
  EXPECT_EQ(table(report).find("measured again"), std::string::npos);
}

TEST(Rounds, AFailureEndsAllWithTheContendersName) {
  Rows rows = rows_of({"broken"});
  const Status status = run_alternating(
      1, rows,
      [](const Contender&) -> Result<Round> { return Status(StatusCode::gone, "it has gone"); },
      [](size_t, const Contender&, const Round&) {});
  EXPECT_EQ(status.code(), StatusCode::gone);
  EXPECT_EQ(status.message(), "broken: it has gone");
}

}  // namespace
}  // namespace ringroad::bench
