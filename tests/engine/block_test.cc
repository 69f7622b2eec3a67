// Property: a slice keeps its bytes unchanged until the last copy is gone; then its memory is
//         counted out, exactly.
// Method: random writes, copies, cuts, joins and drops against std::string models of what each
//         slice must hold.
#include "engine/block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/shared_packet.h"

namespace ringroad::engine {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string random_text(std::mt19937_64& random) {
  // Mostly small, sometimes near a block's size, sometimes above it.
  const size_t kinds[] = {1 + random() % 300, 1 + random() % base::kBlockBytes,
                          base::kBlockBytes - 2 + random() % 5, random() % base::kPacketBytesMax};
  const size_t kind = random() % 16;
  std::string text(kinds[kind < 3 ? kind + 1 : 0], '\0');
  const uint64_t salt = random();
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(salt + i * 31 + i / 256);
  return text;
}

struct Held {
  Slice slice;
  std::string text;
};

void write(BlockWriter& writer, std::vector<Held>& held, std::mt19937_64& random) {
  const std::string text = random_text(random);
  if (random() % 2 == 0) {
    held.push_back({writer.copy(std::as_bytes(std::span(text))), text});
    return;
  }
  const std::span<std::byte> room = writer.prepare(text.size() + random() % 64);
  ASSERT_GE(room.size(), text.size());
  std::ranges::fill(room, std::byte{0xee});  // may be scribbled on, beyond what is committed too
  std::memcpy(room.data(), text.data(), text.size());
  held.push_back({writer.commit(text.size()), text});
}

void change(std::vector<Held>& held, std::mt19937_64& random) {
  if (held.empty()) return;
  const size_t at = random() % held.size();
  const uint64_t action = random() % 4;
  if (action == 0) {
    held.push_back(held[at]);
  } else if (action == 1 && !held[at].slice.empty()) {
    const size_t begin = random() % (held[at].slice.size() + 1);
    held.push_back({held[at].slice.from(begin), held[at].text.substr(begin)});
  } else if (action == 2 && at + 1 < held.size() && held[at].slice.extend(held[at + 1].slice)) {
    held[at].text += held[at + 1].text;
  } else {
    held.erase(held.begin() + static_cast<ptrdiff_t>(at));
  }
}

TEST(Block, S7_SlicesKeepTheirBytes) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    BlockPool pool;
    BlockWriter writers[] = {BlockWriter(pool), BlockWriter(pool)};
    std::vector<Held> held;
    for (int step = 0; step < 400; ++step) {
      if (random() % 3 == 0) {
        ASSERT_NO_FATAL_FAILURE(write(writers[random() % 2], held, random));
      } else {
        change(held, random);
      }
      if (random() % 64 == 0) held.clear();
      if (random() % 64 == 0) writers[random() % 2].reset();
      const size_t probe = held.empty() ? 0 : random() % held.size();
      if (!held.empty()) {
        ASSERT_TRUE(text_of(held[probe].slice.bytes()) == held[probe].text);
      }
    }
    for (const Held& one : held) ASSERT_TRUE(text_of(one.slice.bytes()) == one.text);
    held.clear();
    for (BlockWriter& writer : writers) writer.reset();
    EXPECT_EQ(pool.bytes_live().get(), 0u);
  }
}

TEST(Block, NeighboursCanBeSentAsOnePiece) {
  BlockPool pool;
  BlockWriter writer(pool);
  Slice first = writer.copy(std::as_bytes(std::span("abc", 3)));
  const Slice second = writer.copy(std::as_bytes(std::span("def", 3)));
  const Slice third = writer.copy(std::as_bytes(std::span("ghi", 3)));
  EXPECT_FALSE(first.extend(third)) << "not right behind";
  EXPECT_TRUE(first.extend(second));
  EXPECT_TRUE(first.extend(third));
  EXPECT_EQ(text_of(first.bytes()), "abcdefghi");
}

TEST(Block, WriterStartsOverWhenNobodyReads) {
  BlockPool pool;
  BlockWriter writer(pool);
  const std::string text(1'000, 'x');
  const std::byte* begin = nullptr;
  for (int i = 0; i < 1'000; ++i) {
    const Slice slice = writer.copy(std::as_bytes(std::span(text)));
    if (begin == nullptr) begin = slice.bytes().data();
    ASSERT_EQ(slice.bytes().data(), begin);
  }
  EXPECT_EQ(pool.bytes_live().get(), base::kBlockBytes);
}

TEST(Block, WriterDoesNotStartOverUnderAReader) {
  BlockPool pool;
  BlockWriter writer(pool);
  const Slice kept = writer.copy(std::as_bytes(std::span("kept", 4)));
  for (int i = 0; i < 100; ++i) writer.copy(std::as_bytes(std::span("other", 5)));
  EXPECT_EQ(text_of(kept.bytes()), "kept");
}

TEST(Block, LargePacketHasItsBlockToItself) {
  BlockPool pool;
  BlockWriter writer(pool);
  const std::string text(base::kPacketBytesMax, 'x');
  {
    const Slice slice = writer.copy(std::as_bytes(std::span(text)));
    EXPECT_EQ(pool.bytes_live().get(), base::kPacketBytesMax);
  }
  EXPECT_EQ(pool.bytes_live().get(), 0u) << "the writer does not hold on to it";
}

TEST(Block, PoolUsesBlocksAgain) {
  BlockPool pool;
  Block& first = pool.take(1);
  pool.drop_reference(first);
  Block& second = pool.take(base::kBlockBytes);
  EXPECT_EQ(&first, &second);
  pool.drop_reference(second);

  pool.drop_reference(pool.take(base::kPacketBytesMax));
  Block& third = pool.take(1);
  EXPECT_EQ(third.capacity, base::kBlockBytes) << "a large block is not kept for small packets";
  pool.drop_reference(third);
}

TEST(Block, EmptyCommitPinsNothing) {
  BlockPool pool;
  BlockWriter writer(pool);
  writer.prepare(100);
  const Slice slice = writer.commit(0);
  EXPECT_TRUE(slice.empty());
  writer.reset();
  EXPECT_EQ(pool.bytes_live().get(), 0u);
  EXPECT_TRUE(writer.copy({}).empty());
}

TEST(Block, S18_SharedPacketLivesAsLongAsAnyShardSendsIt) {
  // Leaks and double frees are for the address sanitizer to find, unordered reads for the thread
  // sanitizer.
  constexpr uint32_t kShards = 4;
  static constexpr size_t kBytes = 20'000;
  for (int round = 0; round < 20; ++round) {
    SharedPacket* packet = SharedPacket::make(kBytes, kShards);
    std::ranges::fill(packet->bytes(), std::byte{0x5a});
    std::vector<std::thread> shards;
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      shards.emplace_back([packet] {
        BlockPool pool;
        {
          const Slice slice = pool.wrap(*packet);
          const Slice part = Slice(slice).from(kBytes / 2);
          EXPECT_EQ(pool.bytes_live().get(), kBytes);
          EXPECT_EQ(part.size(), kBytes / 2);
          EXPECT_TRUE(
              std::ranges::all_of(slice.bytes(), [](std::byte b) { return b == std::byte{0x5a}; }));
        }
        EXPECT_EQ(pool.bytes_live().get(), 0u);
      });
    }
    for (std::thread& shard : shards) shard.join();
  }
}

TEST(BlockDeathTest, PoolMustOutliveItsSlices) {
  EXPECT_DEATH(
      {
        Slice slice;
        BlockPool pool;
        BlockWriter writer(pool);
        slice = writer.copy(std::as_bytes(std::span("abc", 3)));
      },
      "bytes_live_");
}

}  // namespace
}  // namespace ringroad::engine
