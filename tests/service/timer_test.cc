// Property: a timer fires never early, in the order of the deadlines, in one thread of the process;
//           stop(), restart and destruction take effect whatever runs at that moment.
// Method:   real timers; every assertion holds however late a busy machine is.
#include "ringroad/timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"

namespace ringroad {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using Clock = std::chrono::steady_clock;
using support::wait_until;

TEST(Timer, V75_AOneShotFiresOnceAndNeverEarly) {
  Timer timer;
  std::promise<Clock::time_point> fired;
  const auto before = Clock::now();
  ASSERT_TRUE(timer.start(5ms, [&] { fired.set_value(Clock::now()); }).ok());  // twice would throw
  EXPECT_GE(fired.get_future().get() - before, 5ms);
  EXPECT_FALSE(timer.is_started());
}

TEST(Timer, V75_AllCallbacksRunInOneThreadOfTheProcess) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<int> calls{0};
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 20; ++i) {
    timers.push_back(std::make_unique<Timer>());
    std::thread starter([&] {  // whoever starts it
      EXPECT_TRUE(timers.back()
                      ->start(0ms,
                              [&] {
                                const std::lock_guard lock(mutex);
                                threads.insert(std::this_thread::get_id());
                                ++calls;
                              })
                      .ok());
    });
    starter.join();
  }
  ASSERT_TRUE(wait_until([&] { return calls == 20; }));
  EXPECT_EQ(threads.size(), 1U);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST(Timer, V75_DeadlinesComeInTheirOrder) {
  struct Planned {
    Timer timer;
    Clock::time_point due_min, due_max;
  };
  constexpr int kTimers = 200;
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Planned>> planned;
  std::vector<int> order;  // the service's thread writes it
  std::promise<void> all;
  Timer starter;  // all are started while the service is busy with this one
  ASSERT_TRUE(starter
                  .start(0ms,
                         [&] {
                           for (int i = 0; i < kTimers; ++i) {
                             planned.push_back(std::make_unique<Planned>());
                             const auto delay = std::chrono::microseconds(random() % 20'000);
                             planned[i]->due_min = Clock::now() + delay;
                             ASSERT_TRUE(planned[i]
                                             ->timer
                                             .start(delay,
                                                    [&, i] {
                                                      order.push_back(i);
                                                      if (order.size() == kTimers) all.set_value();
                                                    })
                                             .ok());
                             planned[i]->due_max = Clock::now() + delay;
                           }
                         })
                  .ok());
  all.get_future().get();
  for (size_t i = 1; i < order.size(); ++i) {
    EXPECT_LE(planned[order[i - 1]]->due_min, planned[order[i]]->due_max);
  }
}

TEST(Timer, V75_AStartedTimerStartsOver) {
  Timer timer;
  std::promise<int> fired;
  ASSERT_TRUE(timer.start(1h, [&] { fired.set_value(1); }).ok());
  EXPECT_TRUE(timer.is_started());
  ASSERT_TRUE(timer.start(0ms, [&] { fired.set_value(2); }).ok());
  EXPECT_EQ(fired.get_future().get(), 2);
  EXPECT_FALSE(timer.is_started());
}

TEST(Timer, V75_WrongValuesAreRefusedAndChangeNothing) {
  Timer timer;
  ASSERT_TRUE(timer.start(1h, [] {}).ok());
  const auto callback = [] { ADD_FAILURE(); };
  EXPECT_EQ(timer.start(-1ns, callback).code(), StatusCode::invalid_argument);
  EXPECT_EQ(timer.start(0ms, callback, -1ns).code(), StatusCode::invalid_argument);
  EXPECT_EQ(timer.start(Timer::Duration::max(), callback).code(), StatusCode::invalid_argument);
  EXPECT_EQ(timer.start(0ms, nullptr).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(timer.is_started());
}

TEST(Timer, V75_V76_AnIntervalGoesOnUntilItIsStoppedInItsCallback) {
  Timer timer;
  std::atomic<int> calls{0};
  std::atomic<int> started_inside{0};
  const auto callback = [&] {
    started_inside += timer.is_started() ? 1 : 0;
    if (++calls == 5) timer.stop();
  };
  ASSERT_TRUE(timer.start(0ms, callback, 100us).ok());
  ASSERT_TRUE(wait_until([&] { return !timer.is_started(); }));
  EXPECT_EQ(started_inside, 5);
  std::promise<void> later;  // whatever the first timer still had to say came before this
  Timer second;
  ASSERT_TRUE(second.start(1ms, [&] { later.set_value(); }).ok());
  later.get_future().get();
  EXPECT_EQ(calls, 5);
}

TEST(Timer, V76_AStoppedTimerDoesNotFireAndStartsAgain) {
  Timer timer;
  timer.stop();  // nothing to stop
  std::promise<void> stopped;
  Timer stopper;  // while this runs, no other does: however late, the stop comes first
  const auto stop = [&] {
    EXPECT_TRUE(timer.start(0ms, [] { ADD_FAILURE(); }).ok());
    timer.stop();
    EXPECT_FALSE(timer.is_started());
    stopped.set_value();
  };
  ASSERT_TRUE(stopper.start(0ms, stop).ok());
  stopped.get_future().get();
  std::promise<void> fired;
  ASSERT_TRUE(timer.start(2ms, [&] { fired.set_value(); }).ok());
  fired.get_future().get();
}

TEST(Timer, V75_AnIntervalThatWasMissedIsNotMadeUpFor) {
  constexpr auto kInterval = 2ms;
  Timer timer;
  std::vector<Clock::time_point> calls;  // the service's thread writes it
  Clock::time_point unblocked;
  std::promise<void> done;
  const auto callback = [&] {
    calls.push_back(Clock::now());
    if (calls.size() == 1) {
      while (Clock::now() < calls[0] + 50 * kInterval) std::this_thread::yield();
      unblocked = Clock::now();
    }
    if (calls.size() < 12) return;
    timer.stop();
    done.set_value();
  };
  ASSERT_TRUE(timer.start(0ms, callback, kInterval).ok());
  done.get_future().get();
  // One call is late, one may be close behind; from then on each interval brings one at most.
  for (size_t i = 3; i < calls.size(); ++i) {
    EXPECT_GT((calls[i] - unblocked) / kInterval + 1, static_cast<int64_t>(i) - 2) << i;
  }
}

TEST(Timer, V76_StartInItsOwnCallbackArmsItAgain) {
  Timer timer;
  std::atomic<int> calls{0};
  std::function<void()> again = [&] {
    EXPECT_FALSE(timer.is_started());
    if (++calls == 5) return;
    EXPECT_TRUE(timer.start(0ms, again).ok());
  };
  ASSERT_TRUE(timer.start(0ms, again).ok());
  EXPECT_TRUE(wait_until([&] { return calls == 5 && !timer.is_started(); }));
}

TEST(Timer, ACallbackThatThrowsIsCountedAndHarmsNobody) {
  const uint64_t before = Timer::failures();
  Timer timer;
  std::atomic<int> calls{0};
  const auto callback = [&] {
    if (++calls == 2) timer.stop();
    if (calls == 1) throw std::runtime_error("no lamp");
    throw 1;
  };
  ASSERT_TRUE(timer.start(0ms, callback, 100us).ok());
  EXPECT_TRUE(wait_until([&] { return Timer::failures() == before + 2; }));
  std::promise<void> fired;
  ASSERT_TRUE(timer.start(0ms, [&] { fired.set_value(); }).ok());
  fired.get_future().get();
}

TEST(Timer, TheDestructorWaitsForARunningCallback) {
  for (int round = 0; round < 200; ++round) {
    std::promise<void> inside;
    std::atomic<bool> destroying{false};
    bool returned = false;  // plain: the destructor orders it
    {
      Timer timer;
      ASSERT_TRUE(timer
                      .start(0ms,
                             [&] {
                               inside.set_value();
                               while (!destroying) std::this_thread::yield();
                               returned = true;
                             })
                      .ok());
      inside.get_future().get();
      destroying = true;
    }
    ASSERT_TRUE(returned);
  }
}

// Its callback arms it again while the destructor waits: the service must not keep what is gone.
TEST(Timer, TheDestructorEndsATimerThatArmsItself) {
  for (int round = 0; round < 200; ++round) {
    std::promise<void> inside;
    std::atomic<bool> destroying{false};
    std::atomic<int> calls{0};
    {
      auto timer = std::make_unique<Timer>();
      Timer* const itself = timer.get();
      ASSERT_TRUE(itself
                      ->start(0ms,
                              [&, itself] {
                                if (++calls == 1) inside.set_value();
                                while (!destroying) std::this_thread::yield();
                                std::this_thread::sleep_for(1ms);  // the destructor is waiting now
                                (void)itself->start(0ms, [&] { ++calls; });
                              })
                      .ok());
      inside.get_future().get();
      destroying = true;
    }
    const int then = calls;
    Timer other;  // the service goes on behind it
    std::promise<void> ran;
    ASSERT_TRUE(other.start(1ms, [&] { ran.set_value(); }).ok());
    ran.get_future().get();
    ASSERT_EQ(calls, then);
  }
}

TEST(Timer, ATimerDestroyedInItsOwnCallbackEndsThere) {
  auto timer = std::make_unique<Timer>();
  auto alive = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = alive;
  std::promise<int> after;
  const auto callback = [&timer, &after, alive = std::move(alive)] {
    timer.reset();
    after.set_value(*alive);  // what the callback captured lives as long as it runs
  };
  ASSERT_TRUE(timer->start(0ms, callback, 1ms).ok());
  EXPECT_EQ(after.get_future().get(), 7);
  EXPECT_EQ(timer, nullptr);
}

TEST(Timer, WhatACallbackCapturedDiesWithItsTimer) {
  auto alive = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = alive;
  {
    Timer timer;
    ASSERT_TRUE(timer.start(1h, [alive = std::move(alive)] {}).ok());
    EXPECT_FALSE(watch.expired());
    timer.stop();
    EXPECT_TRUE(watch.expired());
  }
  auto other = std::make_shared<int>(8);
  const std::weak_ptr<int> watch_other = other;
  {
    Timer timer;
    ASSERT_TRUE(timer.start(0ms, [other = std::move(other)] {}).ok());
  }
  EXPECT_TRUE(watch_other.expired());
}

TEST(Timer, ATimerDestroyedInTheCallbackOfAnotherOneEndsThere) {
  auto timer = std::make_unique<Timer>();
  ASSERT_TRUE(timer->start(1h, [] { ADD_FAILURE(); }).ok());
  Timer killer;
  std::promise<void> done;
  ASSERT_TRUE(killer
                  .start(0ms,
                         [&] {
                           timer.reset();
                           done.set_value();
                         })
                  .ok());
  done.get_future().get();
}

// What a sanitizer would report: a callback that touches what its timer's destructor has let go.
TEST(Timer, ManyThreadsStartStopAndDestroy) {
  constexpr int kThreads = 4;
  std::vector<std::unique_ptr<Timer>> shared;
  for (int i = 0; i < 4; ++i) shared.push_back(std::make_unique<Timer>());
  std::atomic<uint64_t> calls{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int i = 0; i < 500; ++i) {
        Timer& any = *shared[random() % shared.size()];
        switch (random() % 4) {
          case 0:
            EXPECT_TRUE(any.start(std::chrono::microseconds(random() % 50), [&] { ++calls; }).ok());
            break;
          case 1:
            EXPECT_TRUE(any.start(
                               0ms, [&] { ++calls; }, 20us)
                            .ok());
            break;
          case 2:
            any.stop();
            break;
          default:
            (void)any.is_started();
        }
        auto touched = std::make_unique<int>(0);
        Timer own;
        EXPECT_TRUE(own.start(
                           0ms, [&touched] { ++*touched; }, 10us)
                        .ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  shared.clear();
  const uint64_t last = calls;
  std::promise<void> later;
  Timer timer;
  ASSERT_TRUE(timer.start(1ms, [&] { later.set_value(); }).ok());
  later.get_future().get();
  EXPECT_EQ(calls, last);
}

Timer& static_timer() {
  static Timer timer;
  return timer;
}

TEST(TimerDeathTest, V75_TheServiceThreadIsJoinedAtExit) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::atomic<int> calls{0};
        if (!static_timer()
                 .start(
                     0ms, [&] { ++calls; }, 10us)
                 .ok())
          std::exit(1);
        while (calls < 10) std::this_thread::yield();
        std::exit(calls < 10 ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        if (!static_timer().start(0ms, [] { std::exit(3); }).ok()) std::exit(1);
        while (true) std::this_thread::yield();
      },
      testing::ExitedWithCode(3), "");
  EXPECT_EXIT(
      {
        // Made before the service, so destroyed behind its end.
        static struct Late {
          ~Late() {
            const Status status = timer->start(0ms, [] {});
            timer.reset();
            _Exit(status.code() == StatusCode::not_running ? 4 : 1);
          }
          std::unique_ptr<Timer> timer;
        } late;
        late.timer = std::make_unique<Timer>();
        if (!late.timer->start(1h, [] {}).ok()) std::exit(1);
        std::exit(1);
      },
      testing::ExitedWithCode(4), "");
}

}  // namespace
}  // namespace ringroad
