// Property: every committed record is drained once, in its lane's order and within the budget;
//         doorbells go to a sleeper only.
// Method: single steps against std::deque models, with an Io that counts its doorbells.
#include "engine/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "tests/engine/bell_io.h"

namespace ringroad::engine {
namespace {

class MailboxTest : public testing::Test {
 protected:
  static constexpr uint32_t kProducers = 3;
  static constexpr size_t kLaneBytes = 4'096;

  bool post(uint32_t producer, Note note, size_t bytes = 64) {
    const std::span<std::byte> room = mailbox_.reserve(producer, bytes);
    if (room.empty()) return false;
    put(room, note);
    mailbox_.commit(producer, peer_io_);
    return true;
  }
  bool post_any(Note note, size_t bytes = 64) {
    const auto reservation = mailbox_.reserve_any(bytes);
    if (reservation.empty()) return false;
    put(reservation.bytes, note);
    mailbox_.commit_any(reservation);
    return true;
  }
  std::vector<Note> drain(size_t budget) {
    std::vector<Note> notes;
    drained_ = mailbox_.drain(budget, [&notes](std::span<const std::byte> record) {
      notes.push_back(note_of(record));
      return record.size();
    });
    return notes;
  }

  BellIo io_;
  BellIo peer_io_;
  Mailbox mailbox_{io_, kProducers, kLaneBytes};
  size_t drained_ = 0;
};

TEST_F(MailboxTest, LanesTakeTurns) {
  Mailbox mailbox(io_, 2, size_t{1} << 20);
  constexpr size_t kBytes = 1'024;
  for (uint64_t i = 0; i < 200; ++i) {
    for (uint32_t producer = 0; producer < 2; ++producer) {
      put(mailbox.reserve(producer, kBytes), {producer, i});
      mailbox.commit(producer, peer_io_);
    }
  }
  const auto other = mailbox.reserve_any(kBytes);
  put(other.bytes, {2, 0});
  mailbox.commit_any(other);

  std::map<uint64_t, uint64_t> next;
  const size_t visited =
      mailbox.drain(base::kMailboxQuantumBytes * 4, [&next](std::span<const std::byte> record) {
        const Note note = note_of(record);
        EXPECT_EQ(note.number, next[note.writer]++);
        return record.size();
      });
  EXPECT_EQ(visited, base::kMailboxQuantumBytes * 4);
  EXPECT_GE(next[0], 16u) << "a loud lane must not shut out another";
  EXPECT_GE(next[1], 16u);
  EXPECT_EQ(next[2], 1u);
}

TEST_F(MailboxTest, S13_AccountsForEveryRecord) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::array<std::deque<uint64_t>, kProducers + 1> model;  // [writer]; the last: any thread
    uint64_t refused = mailbox_.full();
    uint64_t messages = mailbox_.messages().get();
    uint64_t bytes = mailbox_.bytes().get();
    for (uint64_t step = 0; step < 1'000; ++step) {
      const auto writer = static_cast<uint32_t>(random() % (kProducers + 2));
      const size_t size = sizeof(Note) + random() % 600;
      if (writer <= kProducers) {
        const Note note = {writer, step};
        const bool posted = writer < kProducers ? post(writer, note, size) : post_any(note, size);
        if (posted) model[writer].push_back(step);
        if (!posted) ++refused;
      } else {
        const size_t budget = random() % 4'000;
        const std::vector<Note> notes = drain(budget);
        ASSERT_LT(drained_, budget + sizeof(Note) + 600) << "overshoots by a record at most";
        for (const Note& note : notes) {
          ASSERT_FALSE(model[note.writer].empty());
          ASSERT_EQ(note.number, model[note.writer].front());
          model[note.writer].pop_front();
        }
        messages += notes.size();
        bytes += drained_;
        if (drained_ < budget) {
          for (const auto& lane : model)
            ASSERT_TRUE(lane.empty()) << "budget left, but records too";
        }
      }
      ASSERT_EQ(mailbox_.full(), refused);
      ASSERT_EQ(mailbox_.messages().get(), messages);
      ASSERT_EQ(mailbox_.bytes().get(), bytes);
    }
    drain(SIZE_MAX);
  }
}

TEST_F(MailboxTest, ReserveWithoutCommitIsNothing) {
  ASSERT_FALSE(mailbox_.reserve(0, 100).empty());
  EXPECT_TRUE(mailbox_.may_sleep());
  EXPECT_TRUE(drain(SIZE_MAX).empty());
  mailbox_.awake();
}

TEST_F(MailboxTest, AbandonedRecordsGiveTheirRoomBack) {
  ASSERT_TRUE(mailbox_.may_sleep());
  for (int i = 0; i < 2; ++i) mailbox_.abandon_any(mailbox_.reserve_any(kLaneBytes / 2));
  EXPECT_TRUE(mailbox_.reserve_any(64).empty());
  EXPECT_EQ(io_.rings(), 1) << "nobody but the owner can make room";
  mailbox_.awake();
  EXPECT_FALSE(mailbox_.may_sleep());
  EXPECT_TRUE(drain(SIZE_MAX).empty());
  EXPECT_FALSE(mailbox_.reserve_any(64).empty());
}

TEST_F(MailboxTest, RingsOnlyForASleeperAndOncePerProducer) {
  post(0, {});
  post_any({});
  EXPECT_EQ(io_.rings(), 0) << "the owner is up";
  EXPECT_FALSE(mailbox_.may_sleep());
  post(0, {});
  EXPECT_EQ(io_.rings(), 0) << "may_sleep() said no";
  drain(SIZE_MAX);

  ASSERT_TRUE(mailbox_.may_sleep());
  for (int i = 0; i < 5; ++i) post(1, {});
  EXPECT_EQ(io_.rings(), 1);
  for (int i = 0; i < 5; ++i) post_any({});
  EXPECT_EQ(io_.rings(), 2)
      << "a loop's ring may take effect late; another thread does not rely on it";
  post(2, {});
  EXPECT_EQ(io_.rings(), 3) << "nor does another loop";
  mailbox_.awake();
  post(1, {});
  EXPECT_EQ(io_.rings(), 3);
  drain(SIZE_MAX);

  ASSERT_TRUE(mailbox_.may_sleep());
  post(1, {});
  EXPECT_EQ(io_.rings(), 4) << "each sleep has its own ring";
}

TEST_F(MailboxTest, EveryLaneKeepsTheOwnerUp) {
  for (uint32_t writer = 0; writer <= kProducers; ++writer) {
    if (writer < kProducers) post(writer, {});
    if (writer == kProducers) post_any({});
    EXPECT_FALSE(mailbox_.may_sleep()) << writer;
    EXPECT_EQ(drain(SIZE_MAX).size(), 1u);
    EXPECT_TRUE(mailbox_.may_sleep());
    mailbox_.awake();
  }
}

TEST_F(MailboxTest, S13_ChargesUpToTheBoundExactly) {
  constexpr size_t kMost = kLaneBytes * base::kMailboxChargePerLaneByte;
  EXPECT_TRUE(mailbox_.try_charge(kMost - 10));
  EXPECT_FALSE(mailbox_.try_charge(11));
  EXPECT_TRUE(mailbox_.try_charge(10));
  EXPECT_FALSE(mailbox_.try_charge(1));
  EXPECT_FALSE(mailbox_.try_charge(SIZE_MAX));
  EXPECT_EQ(mailbox_.full(), 3u);
  mailbox_.discharge(kMost - 10);
  EXPECT_EQ(mailbox_.charged_bytes(), 10u);
  mailbox_.discharge(10);
  EXPECT_DEATH(mailbox_.discharge(1), "before >= bytes");
}

}  // namespace
}  // namespace ringroad::engine
