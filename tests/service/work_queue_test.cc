// Property: jobs run one at a time in the order they were added; what waits can be found and removed
//           by its key, what runs cannot; every job that was added is accounted for.
// Method:   a first job holds the worker while random steps change the queue and a plain list beside
//           it; then it lets go. And threads that add at the same time.
#include "ringroad/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <list>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"

namespace ringroad {
namespace {

using support::wait_until;

/// A job that holds the worker until it is told to go on.
class Gate {
 public:
  explicit Gate(WorkQueue& queue) {
    EXPECT_TRUE(queue.add("gate", [opened = open_.get_future().share()] { opened.wait(); }).ok());
    EXPECT_TRUE(wait_until([&] { return queue.stats().running_now == 1; }));
  }
  void open() { open_.set_value(); }

 private:
  std::promise<void> open_;
};

void expect_balance(const WorkQueueStats& stats) {
  EXPECT_EQ(stats.added, stats.done + stats.failed + stats.removed + stats.discarded +
                             stats.waiting_now + stats.running_now);
}

TEST(WorkQueue, V8_V82_OneWorkerRunsJobsInTheirOrder) {
  WorkQueue queue;
  std::vector<int> order;  // the worker writes it
  std::set<std::thread::id> threads;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(queue
                    .add([&, i] {
                      order.push_back(i);
                      threads.insert(std::this_thread::get_id());
                    })
                    .ok());
  }
  ASSERT_TRUE(queue.drain().ok());
  ASSERT_EQ(order.size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(order[i], i);
  EXPECT_EQ(threads.size(), 1U);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
  EXPECT_EQ(queue.stats().done, 1'000U);
}

TEST(WorkQueue, V82_AJobThatThrowsKillsNothing) {
  WorkQueue queue;
  int ran = 0;
  ASSERT_TRUE(queue.add([] { throw std::runtime_error("no lamp"); }).ok());
  ASSERT_TRUE(queue.add([&] { ++ran; }).ok());
  ASSERT_TRUE(queue.add("odd", [] { throw 1; }).ok());
  ASSERT_TRUE(queue.add([&] { ++ran; }).ok());
  ASSERT_TRUE(queue.drain().ok());
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(queue.stats().failed, 2U);
  EXPECT_EQ(queue.stats().done, 2U);
}

TEST(WorkQueue, V83_V85_TheJobThatRunsIsNotQueued) {
  WorkQueue queue;
  Gate gate(queue);
  EXPECT_FALSE(queue.is_queued("gate"));
  EXPECT_FALSE(queue.remove("gate"));
  const Result<bool> added = queue.add_if_not_queued("gate", [] {});
  ASSERT_TRUE(added.ok());
  EXPECT_TRUE(*added);
  EXPECT_TRUE(queue.is_queued("gate"));
  const Result<bool> again = queue.add_if_not_queued("gate", [] { ADD_FAILURE(); });
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(*again);
  gate.open();
  ASSERT_TRUE(queue.drain().ok());
  EXPECT_FALSE(queue.is_queued("gate"));
}

TEST(WorkQueue, V84_RemoveTakesTheFirstThatWaits) {
  WorkQueue queue;
  Gate gate(queue);
  std::string ran;
  for (const char* name : {"1", "2", "3"}) {
    ASSERT_TRUE(queue.add("same", [&ran, name] { ran += name; }).ok());
  }
  EXPECT_TRUE(queue.remove("same"));
  EXPECT_TRUE(queue.is_queued("same"));
  EXPECT_FALSE(queue.remove("other"));
  gate.open();
  ASSERT_TRUE(queue.drain().ok());
  EXPECT_EQ(ran, "23");
  EXPECT_EQ(queue.stats().removed, 1U);
}

TEST(WorkQueue, JobsWithoutAKeyAreNeverTheSame) {
  WorkQueue queue;
  Gate gate(queue);
  ASSERT_TRUE(queue.add([] {}).ok());
  EXPECT_FALSE(queue.is_queued(""));
  EXPECT_FALSE(queue.remove(""));
  EXPECT_EQ(queue.add_if_not_queued("", [] {}).status().code(), StatusCode::invalid_argument);
  EXPECT_EQ(queue.add(nullptr).code(), StatusCode::invalid_argument);
  EXPECT_EQ(queue.add_if_not_queued("key", nullptr).status().code(), StatusCode::invalid_argument);
  gate.open();
}

TEST(WorkQueue, AFullQueueRefusesAndCounts) {
  WorkQueue queue({.jobs_max = 3});
  Gate gate(queue);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.add("job", [] {}).ok());
  const Status full = queue.add([] { ADD_FAILURE(); });
  EXPECT_EQ(full.code(), StatusCode::overloaded);
  EXPECT_NE(full.message().find("jobs_max"), std::string::npos) << full.message();
  EXPECT_EQ(queue.add_if_not_queued("new", [] {}).status().code(), StatusCode::overloaded);
  EXPECT_FALSE(queue.is_queued("new"));
  const Result<bool> twin = queue.add_if_not_queued("job", [] {});
  EXPECT_TRUE(twin.ok() && !*twin);  // that is no refusal: it will run
  EXPECT_EQ(queue.stats().refused, 2U);
  EXPECT_TRUE(queue.remove("job"));
  EXPECT_TRUE(queue.add([] {}).ok());
  gate.open();
  ASSERT_TRUE(queue.drain().ok());
  EXPECT_EQ(queue.stats().done, 4U);
  expect_balance(queue.stats());
}

TEST(WorkQueue, OptionsOutOfRangeAreNamed) {
  WorkQueue none({.jobs_max = 0});
  const Status status = none.add([] { ADD_FAILURE(); });
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_NE(status.message().find("jobs_max is 0"), std::string::npos) << status.message();
  EXPECT_EQ(WorkQueue({.call_bytes_max = 1}).add([] {}).code(), StatusCode::invalid_argument);
}

TEST(WorkQueue, TheDestructorWaitsForTheRunningJobAndDiscardsTheRest) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  std::promise<void> entered;
  std::atomic<bool> destroying{false};
  bool returned = false;  // plain: the destructor orders it
  {
    WorkQueue queue;
    ASSERT_TRUE(queue
                    .add([&] {
                      entered.set_value();
                      while (!destroying) std::this_thread::yield();
                      returned = true;
                    })
                    .ok());
    ASSERT_TRUE(queue.add([held = std::move(held)] {}).ok());
    entered.get_future().get();
    EXPECT_FALSE(watch.expired());
    destroying = true;
  }
  EXPECT_TRUE(watch.expired());
  EXPECT_TRUE(returned);
}

TEST(WorkQueue, ADrainedQueueHasDoneEverything) {
  int ran = 0;
  {
    WorkQueue queue;
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(queue.add([&] { ++ran; }).ok());
    ASSERT_TRUE(queue.drain().ok());
    ASSERT_TRUE(queue.drain().ok());
  }
  EXPECT_EQ(ran, 100);
}

TEST(WorkQueue, DrainWaitsForWhatWasAddedBeforeIt) {
  WorkQueue queue;
  std::atomic<bool> over{false};
  std::atomic<int> early{0};
  // A queue that is never empty: each job adds the next.
  std::function<void()> next = [&] {
    if (over) return;
    EXPECT_TRUE(queue.add(next).ok());
  };
  ASSERT_TRUE(queue.add(next).ok());
  ASSERT_TRUE(queue.add([&] { ++early; }).ok());
  ASSERT_TRUE(queue.drain().ok());
  EXPECT_EQ(early, 1);
  over = true;
  while (queue.stats().waiting_now + queue.stats().running_now > 0) std::this_thread::yield();
}

TEST(WorkQueue, AJobMayUseItsQueueAndDestroyIt) {
  auto queue = std::make_unique<WorkQueue>();
  std::promise<void> done;
  auto alive = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = alive;
  ASSERT_TRUE(queue
                  ->add("self",
                        [&, alive = std::move(alive)] {
                          EXPECT_EQ(queue->drain().code(), StatusCode::invalid_argument);
                          EXPECT_TRUE(queue->add("next", [] { ADD_FAILURE(); }).ok());
                          EXPECT_TRUE(queue->is_queued("next"));
                          queue.reset();
                          EXPECT_EQ(*alive, 7);
                          done.set_value();
                        })
                  .ok());
  done.get_future().get();
  EXPECT_TRUE(wait_until([&] { return watch.expired(); }));
}

TEST(WorkQueue, AgreesWithAPlainList) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    constexpr size_t kJobsMax = 20;
    WorkQueue queue({.jobs_max = kJobsMax});
    Gate gate(queue);
    std::list<std::pair<std::string, int>> model;
    std::vector<int> ran;
    const auto find = [&](const std::string& key) {
      auto at = model.begin();
      while (at != model.end() && at->first != key) ++at;
      return at;
    };
    for (int step = 0; step < 200; ++step) {
      const std::string key = "k" + std::to_string(random() % 6);
      const auto job = [&ran, step] { ran.push_back(step); };
      const bool full = model.size() == kJobsMax;
      const auto at = find(key);
      switch (random() % 4) {
        case 0:
          EXPECT_EQ(queue.add(key, job).ok(), !full);
          if (!full) model.emplace_back(key, step);
          break;
        case 1: {
          const Result<bool> added = queue.add_if_not_queued(key, job);
          const bool twin = at != model.end();
          EXPECT_EQ(added.ok(), twin || !full);
          EXPECT_EQ(added.ok() && *added, !twin && !full);
          if (!twin && !full) model.emplace_back(key, step);
          break;
        }
        case 2:
          EXPECT_EQ(queue.remove(key), at != model.end());
          if (at != model.end()) model.erase(at);
          break;
        default:
          EXPECT_EQ(queue.is_queued(key), at != model.end());
      }
      EXPECT_EQ(queue.stats().waiting_now, model.size());
      expect_balance(queue.stats());
    }
    gate.open();
    ASSERT_TRUE(queue.drain().ok());
    std::vector<int> expected;
    for (const auto& [key, step] : model) expected.push_back(step);
    ASSERT_EQ(ran, expected);
  }
}

TEST(WorkQueue, V82_ManyThreadsEachInTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kJobs = 2'000;
  WorkQueue queue({.jobs_max = 64});
  std::vector<int> last(kThreads, -1);  // the worker writes it
  std::atomic<uint64_t> refused{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string key = std::to_string(thread);
      for (int i = 0; i < kJobs; ++i) {
        const auto job = [&last, thread, i] {
          EXPECT_GT(i, last[thread]);
          last[thread] = i;
        };
        while (!queue.add(key, job).ok()) {
          ++refused;
          std::this_thread::yield();
        }
        if (i % 16 == 0) (void)queue.remove(key);
        if (i % 16 == 8) (void)queue.is_queued(key);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(queue.drain().ok());
  const WorkQueueStats stats = queue.stats();
  EXPECT_EQ(stats.added, uint64_t{kThreads} * kJobs);
  EXPECT_EQ(stats.done + stats.removed, stats.added);
  EXPECT_EQ(stats.refused, refused);
}

}  // namespace
}  // namespace ringroad
