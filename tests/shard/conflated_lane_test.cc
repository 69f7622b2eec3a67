// Property: a conflated lane holds the latest packet of each URL in the place of the oldest one that
//         has not left, counts its bytes exactly, and refuses what would exceed the bound.
// Method: seeded pushes and moves next to a vector of (URL, text); named examples for memory.
#include "shard/conflated_lane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "tests/support/counting_allocator.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

using Outcome = ConflatedLane::Outcome;

class ConflatedLaneTest : public testing::Test {
 protected:
  using Waiting = std::vector<std::pair<std::string, std::string>>;

  Outcome push(const std::string& url, const std::string& text, size_t bytes_max) {
    return lane_.push(url, test::slice_of(writer_, text), bytes_max);
  }
  /// The plain reading.
  Outcome push_to_model(const std::string& url, const std::string& text, size_t bytes_max) {
    const auto older = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const auto& packet) { return packet.first == url; });
    const size_t freed = older == waiting_.end() ? 0 : older->second.size();
    if (model_bytes() - freed + text.size() > bytes_max) return Outcome::refused;
    if (older == waiting_.end()) {
      waiting_.emplace_back(url, text);
      return Outcome::queued;
    }
    older->second = text;
    return Outcome::replaced;
  }
  size_t model_bytes() const {
    size_t bytes = 0;
    for (const auto& packet : waiting_) bytes += packet.second.size();
    return bytes;
  }
  std::string model_text(size_t packets) const {
    std::string text;
    for (size_t i = 0; i < packets; ++i) text += waiting_[i].second;
    return text;
  }

  void move_to_batch() {
    engine::SendBatch batch;
    const size_t packets = lane_.move_to(batch, pool_);
    ASSERT_LE(packets, waiting_.size());
    EXPECT_TRUE(test::text_of(batch) == model_text(packets));
    EXPECT_TRUE(!batch.room() || packets == waiting_.size()) << "as far as there is room";
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(packets));
  }
  void move_to_outbox() {
    engine::Outbox outbox;
    EXPECT_EQ(lane_.move_to(outbox, pool_), waiting_.size());
    std::string text;
    while (!outbox.drained()) {
      engine::SendBatch batch;
      outbox.compose(engine::Outbox::Gate::open, batch);
      text += test::text_of(batch);
    }
    EXPECT_TRUE(text == model_text(waiting_.size()));
    waiting_.clear();
  }
  void expect_counts() {
    EXPECT_EQ(lane_.packets(), waiting_.size());
    EXPECT_EQ(lane_.bytes(), model_bytes());
    EXPECT_EQ(lane_.empty(), waiting_.empty());
    EXPECT_LE(lane_.pinned_bytes(),
              lane_.bytes() + lane_.bytes() / base::kPinnedWasteShare + waiting_.size());
  }

  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  ConflatedLane lane_;
  Waiting waiting_;
};

TEST_F(ConflatedLaneTest, AgreesWithAVector) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 random(seed);
    for (int step = 0; step < 1'000; ++step) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
      const uint64_t dice = random() % 50;
      if (dice == 0) {
        move_to_outbox();
      } else if (dice < 4) {
        move_to_batch();
      } else {
        const std::string url = "/" + std::to_string(random() % 40);
        const std::string text(1 + random() % (random() % 9 == 0 ? 100'000 : 200),
                               static_cast<char>('a' + random() % 26));
        const size_t bytes_max = random() % 600'000;
        EXPECT_EQ(push(url, text, bytes_max), push_to_model(url, text, bytes_max));
      }
      expect_counts();
      if (HasFailure()) return;
    }
    move_to_outbox();
  }
}

TEST_F(ConflatedLaneTest, PinsNoBlockAndReplacesWithoutAllocation) {
  for (int i = 0; i < 100; ++i)
    push("/" + std::to_string(i), "a position of the vehicle", 1'000'000);
  writer_.reset();
  EXPECT_EQ(pool_.bytes_live().get(), 0U);
  const engine::Slice newer = test::slice_of(writer_, "a newer one, no longer");
  const size_t before = test::allocations();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(lane_.push("/7", newer, 1'000'000), Outcome::replaced);
  EXPECT_EQ(test::allocations(), before);
}

TEST_F(ConflatedLaneTest, ALongValueIsGivenBackWhenAShortOneComes) {
  push("/a", std::string(60'000, 'l'), 1'000'000);
  const std::string shorter(4'000, 's');
  const size_t before = test::allocations();
  push("/a", shorter, 1'000'000);
  EXPECT_EQ(test::allocations(), before + 1) << "a shorter string of its own";
  EXPECT_EQ(lane_.bytes(), 4'000U);
}

}  // namespace
}  // namespace ringroad::shard
