// Property: a started timer fires once, never early and at most a tick late; a stopped one never.
// Method: random start, restart, stop and advance, from outside and from callbacks, against a list
// of deadlines.
#include "engine/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace ringroad::engine {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

const TimePoint kOrigin = TimePoint(hours(1'000)) + microseconds(1);

/// Timers, and beside each the first time at which it may fire and the last.
class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), wheel_(kOrigin) {
    for (size_t i = 0; i < 40; ++i) entries_.push_back(std::make_unique<Entry>(*this));
    wheel_.advance(now_);
  }

  void run() {
    for (int step = 0; step < 2'000 && !testing::Test::HasFatalFailure(); ++step) {
      const uint64_t action = random_() % 10;
      if (action < 4) {
        start(random_entry());
      } else if (action < 6) {
        stop(random_entry());
      } else {
        advance();
      }
      expect_agreement();
    }
    for (auto& entry : entries_) stop(*entry);
    EXPECT_EQ(wheel_.size(), 0u);
    EXPECT_EQ(wheel_.next_deadline(), std::nullopt);
  }

  uint64_t fired() const { return fired_; }

 private:
  struct Entry {
    explicit Entry(Model& owner) : model(owner) {}
    void fire() { model.on_fire(*this); }

    Model& model;
    std::optional<TimePoint> due;  // started
    Timer timer = Timer::bind<&Entry::fire>(this);
  };

  Entry& random_entry() { return *entries_[random_() % entries_.size()]; }

  Duration random_delay() {
    const uint64_t magnitude = random_() % 36;  // ns .. 34 s
    const Duration delay(static_cast<int64_t>(random_() % (uint64_t{1} << magnitude)));
    const uint64_t kind = random_() % 32;
    if (kind == 0) return hours(4) + delay * 256;  // around the wheel's span and beyond
    if (kind == 1) return hours(24 * 30) + delay;
    if (kind == 2) return -delay;
    if (kind < 10) return milliseconds(random_() % 200);
    return delay;
  }

  void start(Entry& entry) {
    const Duration delay = random_delay();
    wheel_.start(entry.timer, now_, delay);
    entry.due = now_ + std::max(delay, Duration::zero());
  }

  void stop(Entry& entry) {
    wheel_.stop(entry.timer);
    entry.due.reset();
  }

  void advance() {
    const std::optional<TimePoint> next = wheel_.next_deadline();
    const uint64_t kind = random_() % 4;
    if (kind == 0 && next.has_value()) {
      now_ = std::max(now_, *next);
    } else {
      now_ += kind == 1 ? random_delay() + hours(5) : std::max(random_delay(), Duration::zero());
    }
    last_due_ = TimePoint();
    wheel_.advance(now_);
    for (const auto& entry : entries_) {
      // What a callback has just started may be due already; the next tick has it.
      if (!entry->due.has_value()) continue;
      EXPECT_GT(*entry->due, now_ - milliseconds(1));
    }
  }

  void on_fire(Entry& entry) {
    ASSERT_TRUE(entry.due.has_value()) << "fired without being started";
    EXPECT_FALSE(entry.timer.started());
    EXPECT_LE(*entry.due, now_) << "early";
    EXPECT_GE(*entry.due, last_due_ - milliseconds(1)) << "not in order, but for one tick";
    last_due_ = *entry.due;
    entry.due.reset();
    ++fired_;
    const uint64_t action = random_() % 4;
    if (action == 0) start(entry);
    if (action == 1) start(random_entry());
    if (action == 2) stop(random_entry());
  }

  void expect_agreement() {
    size_t started = 0;
    std::optional<TimePoint> earliest;
    for (const auto& entry : entries_) {
      ASSERT_EQ(entry->timer.started(), entry->due.has_value());
      if (!entry->due.has_value()) continue;
      ++started;
      earliest = std::min(earliest.value_or(*entry->due), *entry->due);
    }
    ASSERT_EQ(wheel_.size(), started);
    const std::optional<TimePoint> next = wheel_.next_deadline();
    ASSERT_EQ(next.has_value(), started > 0);
    if (!next.has_value()) return;
    ASSERT_GT(*next, now_) << "a loop would spin";
    ASSERT_LE(*next, std::max(*earliest, now_) + milliseconds(1)) << "a loop would sleep too long";
  }

  std::mt19937_64 random_;
  TimerWheel wheel_;
  TimePoint now_ = kOrigin;
  TimePoint last_due_;  // of the timer that fired before, in this advance()
  uint64_t fired_ = 0;
  std::vector<std::unique_ptr<Entry>> entries_;
};

TEST(TimerWheel, AgreesWithListOfDeadlines) {
  uint64_t fired = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Model model(seed);
    model.run();
    fired += model.fired();
  }
  EXPECT_GT(fired, 10'000u) << "the test must test something";
}

struct Probe {
  void fire() { ++fired; }

  int fired = 0;
  Timer timer = Timer::bind<&Probe::fire>(this);
};

TEST(TimerWheel, FiresInTheTickAfterItsDeadline) {
  // Every magnitude, one nanosecond to either side of a tick, so that each level and its edges are
  // met.
  for (int bits = 0; bits < 28; ++bits) {
    for (const int64_t nudge : {-1, 0, 1}) {
      SCOPED_TRACE(testing::Message() << "bits " << bits << " nudge " << nudge);
      const Duration delay = milliseconds(int64_t{1} << bits) + Duration(nudge);
      TimerWheel wheel(kOrigin);
      Probe probe;
      wheel.start(probe.timer, kOrigin, delay);
      wheel.advance(kOrigin + delay - Duration(1));
      ASSERT_EQ(probe.fired, 0);
      wheel.advance(kOrigin + delay + milliseconds(1));
      ASSERT_EQ(probe.fired, 1);
      wheel.advance(kOrigin + delay * 3);
      ASSERT_EQ(probe.fired, 1);
    }
  }
}

TEST(TimerWheel, SleepingUntilNextDeadlineIsRarelyInVain) {
  TimerWheel wheel(kOrigin);
  Probe probe;
  wheel.start(probe.timer, kOrigin, hours(3) + milliseconds(12'345));
  int turns = 0;
  while (probe.fired == 0) {
    const auto next = wheel.next_deadline();
    ASSERT_TRUE(next.has_value());
    wheel.advance(*next);
    ASSERT_LE(++turns, 4) << "once per level";
  }
}

TEST(TimerWheel, StoppedTimersDoNotWakeTheLoop) {
  TimerWheel wheel(kOrigin);
  Probe early;
  Probe late;
  wheel.start(early.timer, kOrigin, milliseconds(70));
  wheel.start(late.timer, kOrigin, milliseconds(60'000));
  wheel.stop(early.timer);
  wheel.stop(early.timer);  // not started: nothing
  EXPECT_GT(*wheel.next_deadline(), kOrigin + milliseconds(50'000));
  wheel.stop(late.timer);
  EXPECT_EQ(wheel.next_deadline(), std::nullopt);
}

struct Restarter {
  void fire() {
    ++fired;
    wheel.start(timer, now, Duration::zero());
  }

  TimerWheel& wheel;
  TimePoint now;
  int fired = 0;
  Timer timer = Timer::bind<&Restarter::fire>(this);
};

TEST(TimerWheel, RestartWithoutDelayFiresOncePerAdvance) {
  TimerWheel wheel(kOrigin);
  Restarter restarter{.wheel = wheel, .now = kOrigin};
  wheel.start(restarter.timer, kOrigin, Duration::zero());
  for (int turn = 1; turn <= 10; ++turn) {
    restarter.now += milliseconds(1);
    wheel.advance(restarter.now);
    EXPECT_GE(restarter.fired, turn - 1);
    EXPECT_LE(restarter.fired, turn + 1);
  }
  wheel.stop(restarter.timer);
}

TEST(TimerWheel, OwnerMayDieInItsCallback) {
  struct Mortal {
    void fire() { self.reset(); }

    std::unique_ptr<Mortal>& self;
    Timer timer = Timer::bind<&Mortal::fire>(this);
  };
  TimerWheel wheel(kOrigin);
  std::unique_ptr<Mortal> mortal;
  mortal.reset(new Mortal{.self = mortal});
  wheel.start(mortal->timer, kOrigin, milliseconds(5));
  wheel.advance(kOrigin + milliseconds(10));
  EXPECT_EQ(mortal, nullptr);
}

TEST(TimerWheel, WheelLetsGoOfStartedTimers) {
  Probe probe;
  {
    TimerWheel wheel(kOrigin);
    wheel.start(probe.timer, kOrigin, milliseconds(5));
  }
  EXPECT_FALSE(probe.timer.started());
}

TEST(TimerWheel, EndlessDelayIsNoOverflow) {
  TimerWheel wheel(kOrigin);
  Probe probe;
  wheel.start(probe.timer, kOrigin, Duration::max());
  wheel.advance(kOrigin + hours(24 * 365));
  EXPECT_EQ(probe.fired, 0);
  wheel.stop(probe.timer);
}

}  // namespace
}  // namespace ringroad::engine
