// Property: a record that is committed while the owner falls asleep is never forgotten, and none is
//         lost, torn or reordered.
// Method: producers of both kinds against an owner that has nothing but the doorbell to wake it;
//         then commit and sleep at the same moment, many times.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "engine/mailbox.h"
#include "tests/engine/bell_io.h"

namespace ringroad::engine {
namespace {

/// Producers of both kinds that post in bursts, so that the owner falls asleep again and again.
class Traffic {
 public:
  Traffic() {
    for (uint64_t writer = 0; writer < kWriters; ++writer) {
      threads_.emplace_back([this, writer] { write_all(writer); });
    }
  }
  ~Traffic() {
    given_up_.store(true, std::memory_order_relaxed);  // matters only if the owner was not woken
    for (std::thread& thread : threads_) thread.join();
  }

  /// The owner's loop. False: it slept although there was something, for ever.
  bool read_all() {
    while (seen_ < kWriters * kRecords) {
      mailbox_.drain(2'000, [this](std::span<const std::byte> record) {
        take(record);
        return record.size();
      });
      if (seen_ < kWriters * kRecords && mailbox_.may_sleep()) {
        ++sleeps_;
        if (!io_.sleep()) return false;
      }
      mailbox_.awake();
    }
    return true;
  }

  uint64_t wrong() const { return wrong_; }
  uint64_t sleeps() const { return sleeps_; }
  Mailbox& mailbox() { return mailbox_; }

 private:
  static constexpr uint64_t kLoops = 2;
  static constexpr uint64_t kWriters = 4;  // the others are no loops
  static constexpr uint64_t kRecords = 10'000;

  void write_all(uint64_t writer) {
    BellIo mine;
    std::mt19937_64 random(writer);
    for (uint64_t number = 0; number < kRecords && !given_up();) {
      const size_t bytes = sizeof(Note) + random() % 200;
      if (random() % 4 == 0) {
        // Lets the owner run dry: a record and its answer, no time.
        while (taken_[writer].load(std::memory_order_acquire) < number && !given_up()) {
          std::this_thread::yield();
        }
      }
      const bool posted = mailbox_.try_charge(bytes) && post(writer, number, bytes, mine);
      number += posted ? 1 : 0;
      if (!posted) std::this_thread::yield();
    }
  }

  bool post(uint64_t writer, uint64_t number, size_t bytes, Io& mine) {
    if (writer < kLoops) {
      const auto producer = static_cast<uint32_t>(writer);
      const std::span<std::byte> room = mailbox_.reserve(producer, bytes);
      if (room.empty()) return uncharge(bytes);
      put(room, {writer, number});
      mailbox_.commit(producer, mine);
    } else {
      const auto reservation = mailbox_.reserve_any(bytes);
      if (reservation.empty()) return uncharge(bytes);
      put(reservation.bytes, {writer, number});
      mailbox_.commit_any(reservation);
    }
    return true;
  }

  bool given_up() const { return given_up_.load(std::memory_order_relaxed); }

  bool uncharge(size_t bytes) {
    mailbox_.discharge(bytes);
    return false;
  }

  void take(std::span<const std::byte> record) {
    const Note note = note_of(record);
    if (note.writer >= kWriters || note.number != next_[note.writer]) ++wrong_;
    taken_[note.writer].store(++next_[note.writer], std::memory_order_release);
    mailbox_.discharge(record.size());
    ++seen_;
  }

  BellIo io_;
  Mailbox mailbox_{io_, kLoops, 2'048};
  // Owner only.
  std::array<uint64_t, kWriters> next_ = {};
  uint64_t seen_ = 0;
  uint64_t wrong_ = 0;
  uint64_t sleeps_ = 0;
  std::array<std::atomic<uint64_t>, kWriters> taken_ = {};  // take() release -> write_all() acquire
  std::atomic<bool> given_up_{false};
  std::vector<std::thread> threads_;
};

TEST(MailboxThreads, SleepingOwnerIsAlwaysWoken) {
  auto traffic = std::make_unique<Traffic>();
  ASSERT_TRUE(traffic->read_all()) << "a record was committed and nobody rang";
  EXPECT_EQ(traffic->wrong(), 0u);
  EXPECT_GT(traffic->sleeps(), 100u) << "the test must test something";
  EXPECT_EQ(traffic->mailbox().charged_bytes(), 0u);
  EXPECT_EQ(traffic->mailbox().messages().get(), 40'000u);
}

/// Two threads that start each round together, as nearly as two cores can.
class StartLine {
 public:
  void meet(uint64_t round) {
    uint64_t arrived = arrived_.fetch_add(1, std::memory_order_acq_rel) + 1;
    arrived_.notify_one();
    for (int spins = 0; arrived < 2 * round; ++spins) {
      // Asleep, not yielding: on a busy machine that would cost a time slice of others per round.
      if (spins > 2'000) arrived_.wait(arrived, std::memory_order_acquire);
      arrived = arrived_.load(std::memory_order_acquire);
    }
  }
  /// As meet(), then some steps more or less than the other thread, differently in each round.
  void start(uint64_t round, uint64_t steps_max) {
    meet(round);
    std::atomic<uint64_t> steps{round % steps_max};  // atomic: not optimised away
    while (steps.load(std::memory_order_relaxed) > 0) {
      steps.store(steps.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<uint64_t> arrived_{0};  // each one's fetch_add pairs with the other's load
};

// A failure is a proof, a pass is not: two threads of one core without the fences miss each other
// in about one round of 20,000. What carries the claim is the argument in mailbox.cc.
TEST(MailboxThreads, CommitAndSleepNeverMissEachOther) {
  constexpr uint64_t kRounds = 10'000;
  // A core that is busy with others has a time slice of theirs in each round: fewer do then.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::atomic<bool> last{false};  // written before a finish, read behind it
  BellIo io;
  Mailbox mailbox(io, 1, 1'024);
  StartLine start;
  StartLine finish;
  std::thread producer([&] {
    BellIo mine;
    for (uint64_t round = 1; !last; ++round) {
      put(mailbox.reserve(0, sizeof(Note)), {0, round});
      start.start(round, 41);
      mailbox.commit(0, mine);
      finish.meet(round);
    }
  });
  uint64_t missed = 0;
  uint64_t rounds = 0;
  int rings = 0;
  while (!last) {
    const uint64_t round = ++rounds;
    start.start(round, 37);
    const bool asleep = mailbox.may_sleep();
    last = round == kRounds || std::chrono::steady_clock::now() > end;
    finish.meet(round);
    const bool rung = io.rings() > rings;
    rings = io.rings();
    if (asleep && !rung) ++missed;
    mailbox.awake();
    mailbox.drain(SIZE_MAX, [](std::span<const std::byte> record) { return record.size(); });
  }
  producer.join();
  EXPECT_EQ(missed, 0u) << "committed, asleep, and nobody rang";
  EXPECT_EQ(mailbox.messages().get(), rounds);
}

}  // namespace
}  // namespace ringroad::engine
