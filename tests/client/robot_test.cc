// Property: a robot connects again after exactly its delay, pings every keepalive, cuts after more
//           than three losses in a row, and sends turbo NOOPs only while something waits (V67, V68).
// Method: a timer wheel with virtual time; random losses and ends beside a plain list of what must
//         have happened when.
#include "client/robot.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "engine/timer_wheel.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;

constexpr auto kKeepalive = milliseconds(3'000);
constexpr auto kDelay = milliseconds(1'000);

/// Plays the session: notes what the robot asks for, with the time in ms.
class World final : public Robot::Host {
 public:
  explicit World(RobotTimes times = {.keepalive = kKeepalive, .delay = kDelay}, uint64_t seed = 1)
      : robot(*this, times, seed) {}

  void run(milliseconds time) {
    for (int64_t i = 0; i < time.count(); ++i) {
      now_ += milliseconds(1);
      wheel_.advance(now_);
    }
  }
  int64_t now() const { return std::chrono::duration_cast<milliseconds>(now_ - start_).count(); }

  std::vector<int64_t> connects;
  std::vector<int64_t> pings;
  std::vector<int64_t> noops;
  std::vector<int64_t> cuts;
  size_t waiting = 0;

 private:
  void start_timer(engine::Timer& timer, engine::Duration delay) override {
    wheel_.start(timer, now_, delay);
  }
  void stop_timer(engine::Timer& timer) override { wheel_.stop(timer); }
  void robot_connect() override { connects.push_back(now()); }
  bool robot_ping(engine::Duration timeout) override {
    EXPECT_EQ(timeout, kKeepalive);
    pings.push_back(now());
    ++waiting;
    return true;
  }
  void robot_noop() override { noops.push_back(now()); }
  size_t requests_waiting() const override { return waiting; }
  void robot_cut(const Status& cause) override {
    EXPECT_EQ(cause.code(), StatusCode::timed_out);
    cuts.push_back(now());
    waiting = 0;
    robot.on_down();
  }

  const engine::TimePoint start_{std::chrono::hours(1)};
  engine::TimePoint now_ = start_;
  engine::TimerWheel wheel_{start_};

 public:
  Robot robot;
};

/// One tick of the wheel late at most.
bool about(int64_t time, int64_t expected) {
  return time >= expected && time <= expected + 1;
}

TEST(Robot, V67_ReconnectsAfterTheExactDelayForEver) {
  World world;
  int64_t down = world.now();
  world.robot.on_down();
  for (size_t i = 0; i < 100; ++i) {
    world.run(kDelay + milliseconds(2));
    ASSERT_EQ(world.connects.size(), i + 1);
    EXPECT_TRUE(about(world.connects.back(), down + kDelay.count())) << world.connects.back();
    down = world.now();
    world.robot.on_down();
  }
}

TEST(Robot, V67_PingsEveryKeepalive) {
  World world;
  world.robot.on_up();
  for (size_t i = 1; i <= 20; ++i) {
    world.run(kKeepalive);
    ASSERT_LE(world.pings.size(), i);
    while (world.waiting > 0) {
      --world.waiting;
      world.robot.on_pong();
    }
  }
  EXPECT_GE(world.pings.size(), 19u);
  EXPECT_TRUE(world.cuts.empty());
}

TEST(Robot, V67_CutsAfterMoreThanThreeLossesInARow) {
  World world;
  world.robot.on_up();
  world.run(kKeepalive * 5);
  for (int i = 0; i < 3; ++i) world.robot.on_ping_lost();
  EXPECT_TRUE(world.cuts.empty());
  world.robot.on_ping_lost();
  EXPECT_EQ(world.cuts.size(), 1u);
}

TEST(Robot, V67_AnAnswerBetweenLossesStartsTheCountAnew) {
  World world;
  world.robot.on_up();
  world.run(kKeepalive * 9);
  for (int i = 0; i < 3; ++i) world.robot.on_ping_lost();
  world.robot.on_pong();
  for (int i = 0; i < 3; ++i) world.robot.on_ping_lost();
  EXPECT_TRUE(world.cuts.empty());
}

TEST(Robot, NothingIsPingedWhileDown) {
  World world;
  world.robot.on_up();
  world.robot.on_down();
  world.run(kDelay + milliseconds(2));
  EXPECT_EQ(world.connects.size(), 1u);
  world.run(kKeepalive * 4);  // the attempt takes its time
  EXPECT_TRUE(world.pings.empty());
  EXPECT_EQ(world.connects.size(), 1u);
}

TEST(Robot, TheDelayDoublesUpToItsLimitAndStartsAnewWhenUp) {
  World world({.keepalive = kKeepalive, .delay = kDelay, .delay_max = milliseconds(5'000)});
  for (int round = 0; round < 2; ++round) {
    for (const int64_t expected : {1'000, 2'000, 4'000, 5'000, 5'000}) {
      const int64_t down = world.now();
      world.robot.on_down();
      world.run(milliseconds(expected + 2));
      EXPECT_TRUE(about(world.connects.back(), down + expected)) << world.connects.back() - down;
    }
    world.robot.on_up();
    const int64_t down = world.now();
    world.robot.on_down();  // a loss, not a failed attempt
    world.run(kDelay + milliseconds(2));
    EXPECT_TRUE(about(world.connects.back(), down + 1'000));
    world.robot.on_up();
  }
}

TEST(Robot, JitterMakesTheDelayLongerByItsShareAtMost) {
  World world({.keepalive = kKeepalive, .delay = kDelay, .jitter_percent = 50});
  int64_t least = INT64_MAX;
  int64_t most = 0;
  for (int i = 0; i < 200; ++i) {
    const int64_t down = world.now();
    world.robot.on_down();
    world.run(milliseconds(1'502));
    least = std::min(least, world.connects.back() - down);
    most = std::max(most, world.connects.back() - down);
  }
  EXPECT_GE(least, 1'000);
  EXPECT_LE(least, 1'100);
  EXPECT_GE(most, 1'400);
  EXPECT_LE(most, 1'501);
}

TEST(Robot, V68_TurboSendsNoopsWhileARequestWaits) {
  World world;
  world.robot.set_turbo(milliseconds(100), 50);
  world.robot.on_up();
  world.run(milliseconds(1'000));
  EXPECT_TRUE(world.noops.empty());
  world.waiting = 1;
  world.robot.on_request();
  world.run(milliseconds(450));
  EXPECT_EQ(world.noops.size(), 4u);
  world.waiting = 0;
  world.robot.on_reply();
  world.run(milliseconds(1'000));
  EXPECT_EQ(world.noops.size(), 4u);
}

TEST(Robot, V68_OurOwnPingIsNoRequest) {
  World world;
  world.robot.set_turbo(milliseconds(100), 50);
  world.robot.on_up();
  world.run(kKeepalive + milliseconds(5));
  ASSERT_EQ(world.pings.size(), 1u);
  world.robot.on_request();
  world.run(milliseconds(1'000));
  EXPECT_TRUE(world.noops.empty());
}

TEST(Robot, V68_TurboStopsAfterItsCountUntilTheServerAnswers) {
  World world;
  world.robot.set_turbo(milliseconds(25), 3);
  world.robot.on_up();
  world.waiting = 2;
  world.robot.on_request();
  world.run(milliseconds(1'000));
  EXPECT_EQ(world.noops.size(), 3u);
  world.robot.on_reply();
  world.run(milliseconds(1'000));
  EXPECT_EQ(world.noops.size(), 6u);
}

TEST(Robot, V68_ZeroTurnsItOffAndALateTurboSeesWhatWaits) {
  World world;
  world.robot.on_up();
  world.waiting = 1;
  world.robot.on_request();
  world.run(milliseconds(500));
  EXPECT_TRUE(world.noops.empty());
  world.robot.set_turbo(milliseconds(100), 50);
  world.run(milliseconds(250));
  EXPECT_EQ(world.noops.size(), 2u);
  world.robot.set_turbo({}, 50);
  world.run(milliseconds(500));
  EXPECT_EQ(world.noops.size(), 2u);
}

/// The rule as it is written: a count of losses in a row, and two clocks.
struct Model {
  void pong() { lost = 0; }
  bool cuts_on_loss() { return ++lost > 3; }

  unsigned lost = 0;
};

TEST(Robot, V67_RandomAnswersAndEndsAgreeWithTheModel) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    World world({.keepalive = kKeepalive, .delay = kDelay}, seed);
    Model model;
    world.robot.on_up();
    for (int step = 0; step < 100; ++step) {
      const size_t pings = world.pings.size();
      world.run(kKeepalive + milliseconds(1));
      ASSERT_GT(world.pings.size(), pings);
      for (; world.waiting > 0 && model.lost <= 3;) {
        --world.waiting;
        if (random() % 3 == 0) {
          model.pong();
          world.robot.on_pong();
          continue;
        }
        const size_t cuts = world.cuts.size();
        const bool cut = model.cuts_on_loss();
        world.robot.on_ping_lost();
        ASSERT_EQ(world.cuts.size() - cuts, cut ? 1u : 0u);
      }
      if (model.lost <= 3) continue;
      const size_t connects = world.connects.size();
      world.run(kDelay + milliseconds(2));
      ASSERT_EQ(world.connects.size(), connects + 1);
      world.robot.on_up();
      model = {};
      world.waiting = 0;
    }
  }
}

}  // namespace
}  // namespace ringroad::client
