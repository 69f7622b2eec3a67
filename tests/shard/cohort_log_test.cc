// Property: every cursor reads exactly the packets that were appended after it entered, whole and
//         in order, whatever the others do; and what nobody needs any more is let go.
// Method: seeded appends, reads with little room, moves, entries and departures next to a vector
//         of packets.
#include "shard/cohort_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/limits.h"
#include "engine/outbox.h"
#include "tests/support/counting_allocator.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

using test::slice_of;
using test::text_of;
using Gather = CohortLog::Gather;

struct Reader {
  LogPosition cursor;
  size_t next = 0;  // the packet of the model that it reads next
};

class LogModel {
 public:
  ~LogModel() {
    while (!readers_.empty()) leave(0);
  }

  std::mt19937_64 random{1};

  size_t readers() const { return readers_.size(); }
  void enter() { readers_.push_back({log_.enter(), packets_.size()}); }
  void leave(size_t at) {
    log_.leave(readers_[at].cursor);
    readers_.erase(readers_.begin() + static_cast<ptrdiff_t>(at));
  }

  void append() {
    const std::string packet = packet_text();
    const engine::Slice slice = slice_of(random() % 4 == 0 ? far_ : near_, packet);
    const engine::Slice stored =
        log_.append(slice, random() % 2 == 0 ? Gather::copy : Gather::reference);
    EXPECT_EQ(text_of(stored.bytes()), packet);
    packets_.push_back(packet);
    EXPECT_EQ(log_.end().packets, packets_.size());
  }

  /// Into a batch in which `taken` parts are used already.
  void read(size_t at, size_t taken) {
    engine::SendBatch batch;
    std::string before;
    for (size_t i = 0; i < taken; ++i) {
      engine::BlockWriter writer(pool_);
      batch.push(slice_of(writer, "#"));
      before += '#';
    }
    const bool room = batch.room();
    Reader& reader = readers_[at];
    log_.read(reader.cursor, batch);
    const std::string read = text_of(batch).substr(before.size());
    ASSERT_GE(reader.cursor.packets, reader.next);
    EXPECT_EQ(read, joined(reader.next, reader.cursor.packets)) << "whole packets";
    EXPECT_EQ(read.empty(), !room || reader.next == packets_.size());
    EXPECT_TRUE(!batch.room() || reader.cursor == log_.end()) << "as far as there is room";
    reader.next = reader.cursor.packets;
  }

  void move_rest(size_t at) {
    engine::Outbox outbox;
    Reader& reader = readers_[at];
    log_.take_rest(reader.cursor, [&](engine::Slice rest) {
      outbox.push(engine::Outbox::Lane::ordered, std::move(rest));
    });
    EXPECT_EQ(reader.cursor, log_.end());
    EXPECT_EQ(rest_of(outbox), joined(reader.next, packets_.size()));
    reader.next = packets_.size();
  }

  void check() {
    EXPECT_EQ(log_.cursors(), readers_.size());
    size_t oldest = packets_.size();
    for (const Reader& reader : readers_) oldest = std::min(oldest, reader.next);
    const size_t needed = joined(oldest, packets_.size()).size();
    EXPECT_GE(log_.span(), needed);
    EXPECT_EQ(log_.span() == 0, needed == 0);
    // What one extent can hold back is a block, or one large packet.
    EXPECT_LE(log_.span(), needed + base::kBlockBytes);
    if (needed > 0) return;
    near_.reset();
    far_.reset();
    EXPECT_EQ(pool_.bytes_live().get(), 0U) << "an idle log pins nothing";
  }

 private:
  std::string packet_text() {
    const size_t bytes = random() % 20 == 0 ? 4'000 + random() % 30'000 : 1 + random() % 200;
    std::string text = std::to_string(packets_.size()) + ':';
    text.resize(std::max(bytes, text.size()), static_cast<char>('a' + random() % 26));
    return text;
  }
  std::string joined(size_t begin, size_t end) const {
    std::string text;
    for (size_t i = begin; i < end; ++i) text += packets_[i];
    return text;
  }
  static std::string rest_of(engine::Outbox& outbox) {
    std::string text;
    while (!outbox.drained()) {
      engine::SendBatch batch;
      outbox.compose(engine::Outbox::Gate::open, batch);
      text += text_of(batch);
    }
    return text;
  }

  engine::BlockPool pool_;
  engine::BlockWriter near_{pool_};
  engine::BlockWriter far_{pool_};
  CohortLog log_{pool_};
  std::vector<std::string> packets_;
  std::vector<Reader> readers_;
};

TEST(CohortLog, AgreesWithAVectorOfPackets) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    LogModel model;
    model.random.seed(seed);
    for (int step = 0; step < 1'500; ++step) {
      const uint64_t dice = model.random() % 100;
      if (model.readers() == 0 || (dice < 4 && model.readers() < 30)) {
        model.enter();
      } else if (dice < 7) {
        model.leave(model.random() % model.readers());
      } else if (dice < 50) {
        model.append();
      } else if (dice < 55) {
        model.move_rest(model.random() % model.readers());
      } else {
        model.read(model.random() % model.readers(), model.random() % (base::kSendSlicesMax + 1));
      }
      if (step % 16 == 0) model.check();
      if (testing::Test::HasFailure()) return;
    }
    for (size_t i = 0; i < model.readers(); ++i) model.move_rest(i);
    model.check();
  }
}

class CohortLogTest : public testing::Test {
 protected:
  engine::BlockPool pool_;
  engine::BlockWriter near_{pool_};
  CohortLog log_{pool_};
};

TEST_F(CohortLogTest, NeighboursAreReadAsOnePiece) {
  LogPosition cursor = log_.enter();
  for (int i = 0; i < 500; ++i) log_.append(slice_of(near_, "neighbour"), Gather::reference);
  engine::SendBatch batch;
  log_.read(cursor, batch);
  EXPECT_EQ(batch.parts().size(), 1U);
  EXPECT_EQ(cursor.packets, 500U);
  log_.leave(cursor);
}

TEST_F(CohortLogTest, CopiesSmallStrangersTogetherAndNeverALargeOne) {
  LogPosition cursor = log_.enter();
  const auto append_stranger = [&](size_t bytes) {
    engine::BlockWriter writer(pool_);
    log_.append(slice_of(writer, std::string(bytes, 'x')), Gather::copy);
  };
  for (int i = 0; i < 100; ++i) append_stranger(50);
  append_stranger(base::kInlinePacketBytesMax + 1);
  engine::SendBatch batch;
  log_.read(cursor, batch);
  // The first is referenced (nothing was pending), the others are one copy, the large one stays.
  EXPECT_EQ(batch.parts().size(), 3U);
  log_.leave(cursor);
}

/// Allocations of ten appends for so many readers that stand at the end.
size_t cost_of_appends(size_t readers) {
  engine::BlockPool pool;
  engine::BlockWriter writer(pool);
  CohortLog log(pool);
  std::vector<LogPosition> cursors;
  for (size_t i = 0; i < readers; ++i) cursors.push_back(log.enter());
  const engine::Slice packet = slice_of(writer, "packet");
  const size_t before = test::allocations();
  for (int i = 0; i < 10; ++i) log.append(packet, Gather::copy);
  const size_t cost = test::allocations() - before;
  for (const LogPosition& cursor : cursors) log.leave(cursor);
  EXPECT_EQ(log.span(), 0U);
  return cost;
}

TEST(CohortLog, AppendCostsTheSameWhateverTheReaders) {
  EXPECT_EQ(cost_of_appends(10), cost_of_appends(10'000));
}

}  // namespace
}  // namespace ringroad::shard
