// Property: a load's own parts are right: a ledger says exactly what was lost, doubled or out of
//         order, a schedule never drifts, and stamps come back as they went.
// Method: seeded random streams beside a model that remembers everything; times as plain numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "bench/load/ledger.h"
#include "bench/load/schedule.h"
#include "bench/load/self_watch.h"
#include "bench/load/stamp.h"

namespace ringroad::bench {
namespace {

Completeness by_memory(const std::vector<uint64_t>& received, uint64_t end) {
  Completeness result;
  std::vector<bool> has(end, false);
  uint64_t above = 0;
  for (const uint64_t sequence : received) {
    ++result.received;
    if (has[sequence]) {
      ++result.duplicates;
    } else if (sequence < above) {
      ++result.reordered;
    }
    has[sequence] = true;
    above = std::max(above, sequence + 1);
  }
  result.lost = static_cast<uint64_t>(std::count(has.begin(), has.end(), false));
  return result;
}

TEST(Ledger, AgreesWithAModelThatRemembersAll) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const uint64_t end = 1 + random() % 60;  // fewer gaps than are remembered
    std::vector<uint64_t> stream;
    for (uint64_t i = 0; i < end; ++i) {
      if (random() % 8 == 0) continue;
      stream.push_back(i);
      if (random() % 8 == 0) stream.push_back(random() % end);
    }
    for (size_t i = 0; i + 1 < stream.size(); ++i) {
      if (random() % 6 == 0) {
        std::swap(stream[i], stream[i + random() % std::min<size_t>(5, stream.size() - i)]);
      }
    }
    Ledger ledger;
    for (const uint64_t sequence : stream) ledger.receive(sequence);
    const Completeness outcome = ledger.outcome(end);
    const Completeness model = by_memory(stream, end);
    ASSERT_EQ(outcome.received, model.received);
    ASSERT_EQ(outcome.lost, model.lost);
    ASSERT_EQ(outcome.duplicates, model.duplicates);
    ASSERT_EQ(outcome.reordered, model.reordered);
  }
}

TEST(Ledger, BeginsLaterForWhoJoinedLater) {
  Ledger ledger(5);
  ledger.receive(5);
  ledger.receive(6);
  EXPECT_TRUE(ledger.outcome(7).perfect());
  EXPECT_EQ(ledger.outcome(9).lost, 2u);
}

TEST(Ledger, IsBoundedAndStillCountsWhatIsLost) {
  Ledger ledger;
  constexpr uint64_t kEnd = 1000;
  for (uint64_t i = 1; i < kEnd; i += 2) ledger.receive(i);  // every second one is missing
  EXPECT_EQ(ledger.outcome(kEnd).lost, kEnd / 2);
  ledger.receive(0);  // its gap was given up: lost it stays
  EXPECT_EQ(ledger.outcome(kEnd).lost, kEnd / 2);
  EXPECT_EQ(ledger.outcome(kEnd).duplicates, 1u);
  ledger.receive(kEnd - 2);  // its gap is remembered
  EXPECT_EQ(ledger.outcome(kEnd).lost, kEnd / 2 - 1);
  EXPECT_EQ(ledger.outcome(kEnd).reordered, 1u);
}

TEST(Schedule, KeepsItsRateWhateverHappens) {
  const Schedule::Clock::time_point start(std::chrono::hours(5));
  Schedule schedule(3, start);  // a third of a second is no whole number of nanoseconds
  EXPECT_FALSE(schedule.take_due(start - std::chrono::nanoseconds(1)));
  EXPECT_TRUE(schedule.take_due(start));
  EXPECT_FALSE(schedule.take_due(start));
  // A stall of a hundred seconds: all that was due is taken, each with its own time.
  const auto late = start + std::chrono::seconds(100);
  while (schedule.take_due(late)) continue;
  EXPECT_EQ(schedule.taken(), 301u);
  EXPECT_EQ(schedule.intended(300), late);
  EXPECT_GT(schedule.next(), late);
}

TEST(Stamp, ComesBackAsItWent) {
  const Stamp stamp{.source = 7, .sequence = uint64_t{1} << 60, .intended_ns = 123'456'789};
  const auto bytes = write_stamp(stamp);
  EXPECT_EQ(read_stamp(bytes), stamp);
  EXPECT_FALSE(read_stamp(std::span(bytes).first(kStampBytes - 1)));
  auto other = bytes;
  other[0] ^= std::byte{1};
  EXPECT_FALSE(read_stamp(other));
}

TEST(SelfWatch, CountsEarlyAsPunctual) {
  SelfWatch watch;
  watch.start();
  const SelfWatch::Clock::time_point now = SelfWatch::Clock::now();
  watch.sent(now, now + std::chrono::microseconds(50));
  watch.sent(now, now - std::chrono::microseconds(50));
  EXPECT_EQ(watch.lateness().count(), 2u);
  EXPECT_EQ(watch.lateness().min(), 0u);
  EXPECT_GE(watch.lateness().max(), 50'000u);
}

}  // namespace
}  // namespace ringroad::bench
