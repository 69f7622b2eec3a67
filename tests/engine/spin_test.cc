// Property: a loop looks on before it sleeps only where that pays, never for more than its share of
//         the time, and what comes while it looks is taken without a sleep.
// Method: the policy with times as numbers, beside a sum of what it spent; a Loop on an Io whose
//         clock goes on with every look at it.
#include <gtest/gtest.h>

#include <random>

#include "engine/loop.h"
#include "engine/spin_policy.h"
#include "tests/engine/bell_io.h"
#include "tests/support/idle_work.h"

namespace ringroad::engine {
namespace {

using std::chrono::microseconds;

constexpr Duration kShort = microseconds(20);
constexpr Duration kLong = std::chrono::milliseconds(20);

TEST(SpinPolicy, SpinsWhereIdleTimesAreShort) {
  SpinPolicy policy(10);
  TimePoint now{};
  EXPECT_EQ(policy.next(now), Duration::zero());
  for (int i = 0; i < 20; ++i) policy.learn(kShort);
  EXPECT_EQ(policy.next(now), SpinPolicy::kSpinTime);
  for (int i = 0; i < 5; ++i) policy.learn(kLong);
  EXPECT_EQ(policy.next(now), Duration::zero());
}

TEST(SpinPolicy, DoesNotSpinWhereEveryOtherIdleTimeIsLong) {
  SpinPolicy policy(100);
  for (int i = 0; i < 100; ++i) {
    policy.learn(i % 2 == 0 ? kShort : kLong);
    EXPECT_EQ(policy.next(TimePoint{}), Duration::zero());
  }
}

TEST(SpinPolicy, NeverSpinsWithoutAShare) {
  SpinPolicy policy(0);
  for (int i = 0; i < 100; ++i) policy.learn(kShort);
  EXPECT_EQ(policy.next(TimePoint{}), Duration::zero());
}

TEST(SpinPolicy, KeepsToItsShareOfTheTime) {
  for (const uint32_t percent : {1u, 10u, 50u}) {
    SCOPED_TRACE(percent);
    std::mt19937_64 random(percent);
    SpinPolicy policy(percent);
    TimePoint now{};
    Duration spun = Duration::zero();
    for (int i = 0; i < 100'000; ++i) {
      policy.learn(kShort);
      const Duration limit = policy.next(now);
      const Duration time = std::min(limit, Duration(random() % 60'000));
      policy.spun(time);
      spun += time;
      now += time + Duration(random() % 40'000);
    }
    const Duration share = now.time_since_epoch() * percent / 100;
    EXPECT_LE(spun, share + SpinPolicy::kCreditTime);
    EXPECT_GE(spun, share / 2);  // and makes use of it
  }
}

TEST(SpinPolicy, ABusyTimeSavesUpLittle) {
  SpinPolicy policy(10);
  for (int i = 0; i < 20; ++i) policy.learn(kShort);
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  Duration spun = Duration::zero();
  while (policy.next(now) > Duration::zero()) {
    policy.spun(SpinPolicy::kSpinTime);
    spun += SpinPolicy::kSpinTime;
  }
  EXPECT_LE(spun, SpinPolicy::kCreditTime);
}

/// Its clock goes on by a microsecond with every look at it; a wait sleeps as long as it may.
class TickingIo final : public BellIo {
 public:
  bool ready() const override { return now_ >= ready_at_; }
  TimePoint now() override { return now_ += microseconds(1); }
  void wait(Duration timeout, std::vector<Completed>&) override {
    if (timeout == Duration::zero()) return;
    ++sleeps_;
    now_ = std::max(now_, std::min(ready_at_, now_ + timeout));
  }
  void be_ready_in(Duration time) { ready_at_ = now_ + time; }
  int sleeps() const { return sleeps_; }

 private:
  TimePoint now_{};
  TimePoint ready_at_ = TimePoint::max();
  int sleeps_ = 0;
};

class Idle final : public support::IdleWork {
 public:
  bool has_mail() const override { return mail; }

  bool mail = false;
};

int sleeps_with(uint32_t percent, Duration idle) {
  TickingIo io;
  Idle work;
  Loop loop(io, work, {.spin_percent = percent});
  for (int i = 0; i < 50; ++i) {
    io.be_ready_in(idle);
    loop.turn();
  }
  return io.sleeps();
}

TEST(LoopSpin, ShortIdleTimesEndWithoutASleep) {
  EXPECT_EQ(sleeps_with(0, kShort), 50);
  EXPECT_LT(sleeps_with(100, kShort), 20);  // until it has learnt
  EXPECT_EQ(sleeps_with(100, kLong), 50);
}

TEST(LoopSpin, MailEndsASpin) {
  TickingIo io;
  Idle work;
  Loop loop(io, work, {.spin_percent = 100});
  for (int i = 0; i < 20; ++i) {
    io.be_ready_in(kShort);
    loop.turn();
  }
  const int sleeps = io.sleeps();
  work.mail = true;
  io.be_ready_in(kLong);
  loop.turn();
  EXPECT_EQ(io.sleeps(), sleeps);
}

}  // namespace
}  // namespace ringroad::engine
