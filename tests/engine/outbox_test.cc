// Property: an outbox gives out every byte once: solo packets first and alone, then the control
//         lane, then the ordered lane, each in order; and it counts exactly what waits.
// Method: seeded pushes and composes next to three strings; the kernel is a batch that takes
//         random amounts.
#include "engine/outbox.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>
#include <string>

#include "base/limits.h"
#include "tests/support/slice_text.h"

namespace ringroad::engine {
namespace {

using test::slice_of;
using test::text_of;

using Lane = Outbox::Lane;
using Gate = Outbox::Gate;

struct Model {
  std::deque<std::string> solo;
  std::string control;
  std::string ordered;

  size_t bytes() const {
    size_t sum = control.size() + ordered.size();
    for (const std::string& packet : solo) sum += packet.size();
    return sum;
  }
};

class OutboxTest : public testing::Test {
 protected:
  ~OutboxTest() override { outbox_.clear(); }

  void push(std::mt19937_64& random) {
    const size_t bytes_max = random() % 40 == 0 ? 200'000 : 100;
    const std::string text(1 + random() % bytes_max, static_cast<char>('a' + random() % 26));
    const Slice slice = slice_of(random() % 2 == 0 ? near_ : far_, text);
    switch (random() % 8) {
      case 0:
        model_.solo.push_back(text);
        return outbox_.push_solo(slice);
      case 1:
      case 2:
      case 3:
        model_.control += text;
        return outbox_.push(Lane::control, slice);
      default:
        model_.ordered += text;
        return outbox_.push(Lane::ordered, slice);
    }
  }

  // What compose() gave must be what the model says, and is taken from it.
  void expect_composed(Gate gate, bool more_may_join, const SendBatch& batch) {
    std::string text = text_of(batch);
    if (!model_.solo.empty()) {
      EXPECT_FALSE(more_may_join);
      ASSERT_EQ(text, model_.solo.front());
      model_.solo.pop_front();
      return;
    }
    EXPECT_EQ(more_may_join, gate == Gate::open);
    if (gate == Gate::closed) {
      EXPECT_TRUE(text.empty());
      return;
    }
    const std::string all = model_.control + model_.ordered;
    EXPECT_EQ(text.empty(), all.empty()) << "something waits, something goes";
    EXPECT_TRUE(!batch.room() || text == all) << "as much as there is room for";
    ASSERT_EQ(text, all.substr(0, text.size()));
    const size_t of_control = std::min(text.size(), model_.control.size());
    model_.control.erase(0, of_control);
    model_.ordered.erase(0, text.size() - of_control);
  }

  void expect_counts() {
    EXPECT_EQ(outbox_.pending_bytes(), model_.bytes());
    EXPECT_EQ(outbox_.drained(), model_.bytes() == 0);
  }

  BlockPool pool_;
  BlockWriter near_{pool_};
  BlockWriter far_{pool_};
  Outbox outbox_;
  Model model_;
};

TEST_F(OutboxTest, AgreesWithThreeStrings) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    for (int step = 0; step < 3'000; ++step) {
      if (random() % 3 != 0) {
        push(random);
      } else {
        SendBatch batch;
        const Gate gate = random() % 4 == 0 ? Gate::closed : Gate::open;
        const bool more_may_join = outbox_.compose(gate, batch);
        expect_composed(gate, more_may_join, batch);
        while (!batch.empty()) batch.consume(std::min<size_t>(batch.bytes(), 1 + random() % 9'000));
      }
      expect_counts();
      if (HasFailure()) return;
    }
  }
}

TEST_F(OutboxTest, B15_SoloGoesAloneAndFirst) {
  outbox_.push(Lane::ordered, slice_of(near_, "publish"));
  outbox_.push(Lane::control, slice_of(near_, "pong"));
  outbox_.push_solo(slice_of(near_, "servinfo"));
  SendBatch batch;
  EXPECT_FALSE(outbox_.compose(Gate::closed, batch));
  EXPECT_EQ(text_of(batch), "servinfo");
  batch.clear();
  EXPECT_FALSE(outbox_.compose(Gate::closed, batch));
  EXPECT_TRUE(batch.empty()) << "the gate is closed";
  EXPECT_TRUE(outbox_.compose(Gate::open, batch));
  EXPECT_EQ(text_of(batch), "pongpublish");
}

TEST_F(OutboxTest, ClearLetsGoOfEverything) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100; ++i) push(random);
  near_.reset();
  far_.reset();
  EXPECT_GT(pool_.bytes_live().get(), 0U);
  outbox_.clear();
  EXPECT_EQ(pool_.bytes_live().get(), 0U);
  EXPECT_TRUE(outbox_.drained());
  EXPECT_EQ(outbox_.pending_bytes(), 0U);
}

TEST_F(OutboxTest, EmptySlicesAreNothing) {
  outbox_.push(Lane::control, Slice());
  EXPECT_TRUE(outbox_.drained());
}

TEST(Outbox, WhatALanePinsIsBoundedAndCounted) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    BlockPool pool;
    BlockWriter shared(pool);
    Outbox outbox;
    for (int step = 0; step < 2'000; ++step) {
      if (random() % 8 == 0) shared.reset();  // others filled it
      const size_t bytes_max = random() % 8 == 0 ? 100'000 : random() % 4 == 0 ? 8'000 : 100;
      const std::string text(1 + random() % bytes_max, 'x');
      outbox.push(Lane::ordered, slice_of(shared, text));
      outbox.fold(pool);
      const size_t bytes = outbox.pending_bytes();
      ASSERT_LE(outbox.pinned_bytes(), bytes + bytes / base::kPinnedWasteShare +
                                           base::kPinnedExcessMax + base::kBlockBytes);
      ASSERT_LE(pool.bytes_live().get(), outbox.pinned_bytes() + base::kPacketBytesMax)
          << "nothing is pinned that is not counted, but what is being filled";
      if (random() % 16 != 0) continue;
      SendBatch batch;
      outbox.compose(Gate::open, batch);
    }
    outbox.clear();
    EXPECT_EQ(outbox.pinned_bytes(), 0U);
  }
}

TEST(Outbox, FoldKeepsWhatALanePinsSmall) {
  for (const Outbox::Lane lane : {Outbox::Lane::control, Outbox::Lane::ordered}) {
    BlockPool pool;
    Outbox outbox;
    const std::array<std::byte, 20> packet = {};
    constexpr size_t kPackets = 1'000;
    for (size_t i = 0; i < kPackets; ++i) {
      BlockWriter writer(pool);  // each packet in a block of its own
      outbox.push(lane, writer.copy(packet));
      outbox.fold(pool);
    }
    EXPECT_EQ(outbox.pending_bytes(), kPackets * packet.size());
    const size_t folded = kPackets / base::kLanePiecesMax + 1;
    EXPECT_LE(pool.bytes_live().get(), (base::kLanePiecesMax + folded) * base::kBlockBytes);
    outbox.clear();
    EXPECT_EQ(pool.bytes_live().get(), 0U);
  }
}

}  // namespace
}  // namespace ringroad::engine
