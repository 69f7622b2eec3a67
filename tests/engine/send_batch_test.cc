// Property: a batch gives out exactly the bytes that were pushed, in order, whatever the kernel
//         takes at a time, and lets go of a slice with its last byte.
// Method: seeded pushes and consumes next to one string; named examples for the bounds.
#include "engine/send_batch.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/limits.h"
#include "tests/support/slice_text.h"

namespace ringroad::engine {
namespace {

using test::slice_of;
using test::text_of;

std::string random_text(std::mt19937_64& random, size_t bytes_max) {
  std::string text(1 + random() % bytes_max, ' ');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

TEST(SendBatch, AgreesWithOneString) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    BlockPool pool;
    BlockWriter near(pool);
    BlockWriter far(pool);
    SendBatch batch;
    std::string model;
    for (int step = 0; step < 2'000; ++step) {
      if (random() % 2 == 0 && batch.room()) {
        const std::string text = random_text(random, random() % 50 == 0 ? 100'000 : 200);
        batch.push(slice_of(random() % 3 == 0 ? far : near, text));
        model += text;
      } else {
        const size_t bytes = random() % (model.size() + 1);
        batch.consume(bytes);
        model.erase(0, bytes);
      }
      ASSERT_EQ(batch.bytes(), model.size());
      ASSERT_EQ(batch.empty(), model.empty());
      ASSERT_EQ(text_of(batch), model);
    }
    batch.clear();
    EXPECT_TRUE(batch.empty());
    near.reset();
    far.reset();
    EXPECT_EQ(pool.bytes_live().get(), 0U);
  }
}

TEST(SendBatch, NeighboursInMemoryAreOnePart) {
  BlockPool pool;
  BlockWriter writer(pool);
  SendBatch batch;
  for (int i = 0; i < 100; ++i) batch.push(slice_of(writer, "neighbour"));
  EXPECT_EQ(batch.parts().size(), 1U);
  EXPECT_TRUE(batch.room());
  batch.consume(4);
  batch.push(slice_of(writer, "late"));
  EXPECT_EQ(batch.parts().size(), 1U) << "also behind a part that is half gone";
  EXPECT_EQ(text_of(batch).substr(0, 5), "hbour");
  batch.clear();
}

TEST(SendBatch, RoomEndsWithThePartsAndWithTheBytes) {
  BlockPool pool;
  SendBatch parts;
  for (size_t i = 0; i < base::kSendSlicesMax; ++i) {
    EXPECT_TRUE(parts.room());
    BlockWriter writer(pool);
    parts.push(slice_of(writer, "x"));
  }
  EXPECT_FALSE(parts.room());
  parts.consume(base::kSendSlicesMax);
  EXPECT_TRUE(parts.room()) << "all taken: as good as new";

  SendBatch bytes;
  BlockWriter writer(pool);
  bytes.push(slice_of(writer, std::string(base::kSendBytesMax - 1, 'x')));
  EXPECT_TRUE(bytes.room());
  bytes.push(slice_of(writer, "xx"));
  EXPECT_FALSE(bytes.room());
  bytes.clear();
}

TEST(SendBatch, LetsGoOfASliceWithItsLastByte) {
  BlockPool pool;
  SendBatch batch;
  {
    BlockWriter first(pool);
    BlockWriter second(pool);
    batch.push(slice_of(first, "abc"));
    batch.push(slice_of(second, "def"));
  }
  batch.consume(2);
  EXPECT_EQ(pool.bytes_live().get(), 2 * base::kBlockBytes);
  batch.consume(1);
  EXPECT_EQ(pool.bytes_live().get(), base::kBlockBytes);
  batch.consume(3);
  EXPECT_EQ(pool.bytes_live().get(), 0U);
}

TEST(SendBatch, NothingPushedIsNothing) {
  SendBatch batch;
  batch.push(Slice());
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(batch.parts().empty());
}

}  // namespace
}  // namespace ringroad::engine
