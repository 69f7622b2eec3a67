// Property: what is committed is read once, whole and in order; what does not fit is refused and
//         nothing else.
// Method: random reserve, drop, commit and pop in one thread against a std::deque; then two
//         threads with checked contents.
#include "base/spsc_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "tests/base/ring_payload.h"

namespace ringroad::base {
namespace {

TEST(SpscRing, AgreesWithDeque) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const size_t capacity = size_t{64} << random() % 6;
    SpscRing ring(capacity);
    struct Record {
      uint64_t number;
      size_t size;
    };
    std::deque<Record> model;
    for (uint64_t step = 0; step < 3'000; ++step) {
      if (random() % 2 == 0) {
        const size_t bytes = 1 + random() % ring.record_bytes_max();
        const std::span<std::byte> room = ring.reserve(bytes);
        if (room.empty()) {
          ASSERT_FALSE(model.empty()) << "an empty ring takes any record";
        } else {
          ASSERT_EQ(room.size(), bytes);
          ASSERT_EQ(reinterpret_cast<uintptr_t>(room.data()) % 8, 0u);
          fill(room, step);  // dropped or not
          if (random() % 4 != 0) {
            ring.commit();
            model.push_back({step, bytes});
          }
        }
      } else {
        const std::span<const std::byte> record = ring.front();
        ASSERT_EQ(record.empty(), model.empty());
        if (model.empty()) continue;
        ASSERT_EQ(record.size(), model.front().size);
        ASSERT_TRUE(holds(record, model.front().number));
        ring.pop();
        model.pop_front();
      }
      ASSERT_EQ(ring.empty(), model.empty());
    }
  }
}

TEST(SpscRing, HoldsWhatItsCapacityPromises) {
  SpscRing ring(4'096);
  size_t records = 0;
  while (!ring.reserve(24).empty()) {
    ring.commit();
    ++records;
  }
  EXPECT_EQ(records, 4'096u / (24 + 8));
  ring.front();
  ring.pop();
  EXPECT_FALSE(ring.reserve(24).empty()) << "room is given back by pop()";
}

TEST(SpscRing, TakesLargeRecordsInAMegabyte) {
  SpscRing ring(size_t{1} << 20);
  for (uint64_t number = 0; number < 20; ++number) {
    const std::span<std::byte> room = ring.reserve(300'000);
    ASSERT_EQ(room.size(), 300'000u);
    fill(room, number);
    ring.commit();
    ASSERT_TRUE(holds(ring.front(), number));
    ring.pop();
  }
}

TEST(SpscRing, TwoThreads) {
  constexpr uint64_t kRecords = 60'000;
  SpscRing ring(4'096);
  std::thread writer([&ring] {
    std::mt19937_64 random(1);
    for (uint64_t number = 0; number < kRecords;) {
      const std::span<std::byte> room = ring.reserve(8 + random() % 200);
      if (room.empty()) {
        std::this_thread::yield();
        continue;
      }
      std::memcpy(room.data(), &number, 8);
      fill(room.subspan(8), number);
      ring.commit();
      ++number;
    }
  });
  uint64_t wrong = 0;
  for (uint64_t expected = 0; expected < kRecords;) {
    const std::span<const std::byte> record = ring.front();
    if (record.empty()) {
      std::this_thread::yield();
      continue;
    }
    uint64_t number;
    std::memcpy(&number, record.data(), 8);
    if (number != expected || !holds(record.subspan(8), number)) ++wrong;
    ring.pop();
    ++expected;
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(ring.empty());
}

TEST(SpscRingDeathTest, MisuseIsOurBug) {
  SpscRing ring(1'024);
  EXPECT_DEATH(ring.commit(), "reserved_end_");
  EXPECT_DEATH(ring.pop(), "front_bytes_");
  EXPECT_DEATH(ring.reserve(0), "bytes > 0");
  EXPECT_DEATH(ring.reserve(ring.record_bytes_max() + 1), "record_bytes_max");
  EXPECT_DEATH(SpscRing(1'000), "has_single_bit");
}

}  // namespace
}  // namespace ringroad::base
