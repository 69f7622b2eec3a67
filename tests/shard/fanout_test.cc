// Property: a publish costs one append per cohort and nothing per client; a flush has a budget that
// is shared fairly; quick publishes, mutes and overflows concern exactly whom they should. Method:
// named examples with clients whose kernel takes what the test says.
#include "shard/fanout.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "shard/interest_filter.h"
#include "tests/support/counting_allocator.h"
#include "tests/support/fake_member.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

class FanoutTest : public testing::Test {
 protected:
  FakeMember& add(const std::string& pattern) {
    members_.push_back(std::make_unique<FakeMember>(turn_));
    fanout_.subscribe(*members_.back(), {&pattern, 1});
    return *members_.back();
  }
  void add_many(size_t count, const std::string& pattern) {
    for (size_t i = 0; i < count; ++i) add(pattern);
  }
  size_t publish(const std::string& url, const std::string& packet) {
    return fanout_.publish(url, test::slice_of(writer_, packet));
  }
  void take_all() {
    for (const auto& member : members_) member->take(SIZE_MAX);
  }

  InterestFilter filter_;
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  Fanout fanout_{pool_, filter_, base::kQueueBytesMin};
  FakeTurn turn_{fanout_};
  std::vector<std::unique_ptr<FakeMember>> members_;
};

TEST_F(FanoutTest, TenThousandClientsAreOneAppend) {
  add_many(10'000, "/fleet/");
  EXPECT_EQ(fanout_.cohorts(), 1U);
  EXPECT_EQ(publish("/fleet/1", "packet"), 10'000U);
  EXPECT_EQ(fanout_.stats().appends.get(), 1U);
  EXPECT_EQ(fanout_.stats().offered.get(), 10'000U);
  EXPECT_TRUE(turn_.flush(SIZE_MAX));
  EXPECT_EQ(fanout_.stats().sent.get(), 10'000U);
  take_all();
  for (const auto& member : members_) EXPECT_EQ(member->received(), "packet");
}

TEST_F(FanoutTest, SteadyStateAllocatesNothing) {
  add_many(1'000, "/fleet/");
  for (const auto& member : members_) member->keep_nothing();
  const auto round = [this] {
    for (int i = 0; i < 10; ++i) publish("/fleet/1", "a small packet");
    turn_.flush(SIZE_MAX);
    take_all();
  };
  round();
  round();
  const std::string url = "/fleet/1";
  const engine::Slice packet = test::slice_of(writer_, "prepared");
  const size_t before = test::allocations();
  for (int i = 0; i < 50; ++i) {
    fanout_.publish(url, packet);
    fanout_.publish_quick(url, packet.bytes());
    turn_.flush(SIZE_MAX);
    take_all();
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(fanout_.stats().sent.get(), fanout_.stats().offered.get());
}

TEST_F(FanoutTest, QuickReachesEachOnceAndOnlyThose) {
  FakeMember& both = add("/a/");
  const std::vector<std::string> more = {"/a/b", "/"};
  fanout_.subscribe(both, more);
  FakeMember& one = add("/a/b");
  FakeMember& none = add("/c");
  FakeMember& muted = add("/a/b");
  fanout_.set_audience(muted, Audience::muted);
  EXPECT_EQ(fanout_.publish_quick("/a/b", {}), 2U);
  EXPECT_EQ(both.quick(), 1U);
  EXPECT_EQ(one.quick(), 1U);
  EXPECT_EQ(none.quick(), 0U);
  EXPECT_EQ(muted.quick(), 0U);
}

TEST_F(FanoutTest, FlushKeepsItsBudgetAndGoesOn) {
  add_many(10, "/a");
  publish("/a", "packet");
  EXPECT_FALSE(turn_.flush(4));
  EXPECT_EQ(fanout_.stats().sent.get(), 4U);
  EXPECT_FALSE(turn_.flush(4));
  EXPECT_TRUE(turn_.flush(4));
  EXPECT_EQ(fanout_.stats().sent.get(), 10U);
}

TEST_F(FanoutTest, ABusyCohortDoesNotStarveTheOthers) {
  add_many(10, "/busy");
  FakeMember& other = add("/quiet");
  for (int turn = 0; turn < 10; ++turn) {
    publish("/busy", "packet");
    if (turn == 0) publish("/quiet", "hello");
    turn_.flush(4);
    take_all();
  }
  EXPECT_EQ(other.received(), "hello");
  while (!turn_.flush(4)) take_all();
}

TEST_F(FanoutTest, WhatIsPendingWhenMutedIsStillSent) {
  FakeMember& member = add("/a");
  publish("/a", "before");
  fanout_.set_audience(member, Audience::muted);
  publish("/a", "after");
  turn_.flush(SIZE_MAX);
  take_all();
  EXPECT_EQ(member.received(), "before") << "nobody else flushes it";
}

TEST_F(FanoutTest, OverflowClosesTheStalledOneOnly) {
  FakeMember& stalled = add("/a");
  FakeMember& reader = add("/a");
  const std::string packet(100'000, 'x');
  size_t published = 0;
  while (!stalled.overflowed() && published < 100) {
    publish("/a", packet);
    ++published;
    turn_.flush(SIZE_MAX);
    reader.take(SIZE_MAX);
  }
  // One packet was composed; five fit below 524,288; the seventh does not.
  EXPECT_EQ(published, 7U);
  EXPECT_TRUE(stalled.gone());
  EXPECT_FALSE(reader.gone());
  EXPECT_EQ(reader.received().size(), published * packet.size());
  EXPECT_EQ(fanout_.stats().overflows.get(), 1U);
  EXPECT_EQ(fanout_.stats().dropped.get(), 6U);
}

TEST_F(FanoutTest, AReplyFollowsWhatWasPublishedBeforeIt) {
  FakeMember& member = add("/a");
  publish("/a", "1");
  fanout_.push_ordered(member, test::slice_of(writer_, "R"));
  publish("/a", "2");
  const std::string pattern = "/a";
  EXPECT_EQ(fanout_.unsubscribe(member, {&pattern, 1}).size(), 1U);
  fanout_.push_ordered(member, test::slice_of(writer_, "U"));
  EXPECT_EQ(publish("/a", "3"), 0U);
  while (fanout_.pending_bytes(member) > 0) {
    turn_.flush(SIZE_MAX);
    take_all();
  }
  EXPECT_EQ(member.received(), "1R2U");
}

TEST_F(FanoutTest, TheLastSubscriberLeavesNothingBehind) {
  {
    FakeMember& member = add("/a");
    publish("/a", "packet");
    EXPECT_TRUE(filter_.may_match("/a"));
    EXPECT_EQ(fanout_.leave(member), std::vector<std::string>{"/a"});
    members_.clear();
  }
  EXPECT_FALSE(filter_.may_match("/a"));
  EXPECT_EQ(fanout_.cohorts(), 0U);
  EXPECT_EQ(fanout_.trie().size(), 0U);
  writer_.reset();
  EXPECT_EQ(pool_.bytes_live().get(), 0U);
}

TEST_F(FanoutTest, SetsInAnyOrderAreOneCohort) {
  members_.push_back(std::make_unique<FakeMember>(turn_));
  members_.push_back(std::make_unique<FakeMember>(turn_));
  const std::vector<std::string> there = {"/a", "/b", "/c"};
  const std::vector<std::string> back = {"/c", "/a", "/c", "/b"};
  EXPECT_EQ(fanout_.subscribe(*members_[0], there).size(), 3U);
  EXPECT_EQ(fanout_.subscribe(*members_[1], back).size(), 3U);
  EXPECT_EQ(fanout_.cohorts(), 1U);
}

}  // namespace
}  // namespace ringroad::shard
