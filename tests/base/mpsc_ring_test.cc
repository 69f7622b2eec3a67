// Property: what is committed is read once, whole and in the order of reservation; the abandoned
//         never; no room is lost.
// Method: random reserve, late commit, abandon and pop in one thread against a std::deque; then
//         four writers at once.
#include "base/mpsc_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "tests/base/ring_payload.h"

namespace ringroad::base {
namespace {

enum class State { reserved, committed, abandoned };
struct Record {
  MpscRing::Reservation reservation;
  uint64_t number;
  State state;
};

void drop_abandoned(std::deque<Record>& model) {
  while (!model.empty() && model.front().state == State::abandoned) model.pop_front();
}

void expect_front(MpscRing& ring, std::deque<Record>& model) {
  const std::span<const std::byte> record = ring.front();
  drop_abandoned(model);
  const bool readable = !model.empty() && model.front().state == State::committed;
  ASSERT_EQ(!record.empty(), readable);
  if (!readable) return;
  ASSERT_EQ(record.size(), model.front().reservation.bytes.size());
  ASSERT_TRUE(holds(record, model.front().number));
  ring.pop();
  model.pop_front();
}

void settle(MpscRing& ring, Record& record, bool keep) {
  if (record.state != State::reserved) return;
  if (keep) {
    fill(record.reservation.bytes, record.number);
    ring.commit(record.reservation);
  } else {
    ring.abandon(record.reservation);
  }
  record.state = keep ? State::committed : State::abandoned;
}

TEST(MpscRing, AgreesWithDeque) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    MpscRing ring(size_t{128} << random() % 6);
    std::deque<Record> model;
    for (uint64_t step = 0; step < 3'000; ++step) {
      const uint64_t action = random() % 3;
      if (action == 0) {
        const size_t bytes = 1 + random() % ring.record_bytes_max();
        const MpscRing::Reservation reservation = ring.reserve(bytes);
        if (reservation.empty()) {
          ASSERT_FALSE(model.empty()) << "an empty ring takes any record";
        } else {
          ASSERT_EQ(reservation.bytes.size(), bytes);
          model.push_back({reservation, step, State::reserved});
        }
      } else if (action == 1 && !model.empty()) {
        settle(ring, model[random() % model.size()], random() % 4 != 0);
      } else {
        ASSERT_NO_FATAL_FAILURE(expect_front(ring, model));
      }
      drop_abandoned(model);
      if (model.empty()) {
        ASSERT_TRUE(ring.front().empty());
        ASSERT_TRUE(ring.empty());
      }
    }
  }
}

TEST(MpscRing, AbandonedRecordsAreNotEmptyUntilPassedOver) {
  MpscRing ring(256);
  ring.abandon(ring.reserve(100));
  ring.abandon(ring.reserve(100));
  EXPECT_TRUE(ring.reserve(1).empty());
  EXPECT_FALSE(ring.empty()) << "the reader must not sleep on it: only front() gives the room back";
  EXPECT_TRUE(ring.front().empty());
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.reserve(1).empty());
}

TEST(MpscRing, TakesLargeRecordsInAMegabyte) {
  MpscRing ring(size_t{1} << 20);
  for (uint64_t number = 0; number < 20; ++number) {
    const MpscRing::Reservation reservation = ring.reserve(300'000);
    ASSERT_EQ(reservation.bytes.size(), 300'000u);
    fill(reservation.bytes, number);
    ring.commit(reservation);
    ASSERT_TRUE(holds(ring.front(), number));
    ring.pop();
  }
}

constexpr uint64_t kWriters = 4;
constexpr uint64_t kRecordsPerWriter = 10'000;

/// A record is its writer, its number, then bytes that follow from both. Some are abandoned.
void write_all(MpscRing& ring, uint64_t writer) {
  std::mt19937_64 random(writer);
  for (uint64_t number = 0; number < kRecordsPerWriter;) {
    const MpscRing::Reservation reservation = ring.reserve(16 + random() % 300);
    if (reservation.empty()) {
      std::this_thread::yield();
      continue;
    }
    fill(reservation.bytes.subspan(16), writer + number);
    if (random() % 8 == 0) {
      ring.abandon(reservation);
      continue;
    }
    std::memcpy(reservation.bytes.data(), &writer, 8);
    std::memcpy(reservation.bytes.data() + 8, &number, 8);
    ring.commit(reservation);
    ++number;
  }
}

TEST(MpscRing, FourWriters) {
  MpscRing ring(8'192);
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&ring, writer] { write_all(ring, writer); });
  }
  std::array<uint64_t, kWriters> next = {};
  uint64_t wrong = 0;
  for (uint64_t seen = 0; seen < kWriters * kRecordsPerWriter;) {
    const std::span<const std::byte> record = ring.front();
    if (record.empty()) {
      std::this_thread::yield();
      continue;
    }
    uint64_t writer;
    uint64_t number;
    std::memcpy(&writer, record.data(), 8);
    std::memcpy(&number, record.data() + 8, 8);
    const bool right =
        writer < kWriters && number == next[writer]++ && holds(record.subspan(16), writer + number);
    if (!right) ++wrong;
    ring.pop();
    ++seen;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(ring.front().empty());
}

TEST(MpscRingDeathTest, MisuseIsOurBug) {
  MpscRing ring(1'024);
  EXPECT_DEATH(ring.commit({}), "empty");
  EXPECT_DEATH(ring.abandon({}), "empty");
  EXPECT_DEATH(ring.pop(), "front_bytes_");
  EXPECT_DEATH(ring.reserve(ring.record_bytes_max() + 1), "record_bytes_max");
}

}  // namespace
}  // namespace ringroad::base
