// Property: what is due in one turn leaves by priority, the highest first, whatever budget cuts it
//           short; by UDP, too. Clients of one set and one priority share a cohort.
// Method: named examples; the seeded model with priorities is in fanout_model_test.cc.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "shard/fanout.h"
#include "shard/interest_filter.h"
#include "tests/support/fake_member.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

class FanoutPriority : public testing::Test {
 protected:
  FakeMember& add(const std::string& pattern, int priority) {
    members_.push_back(std::make_unique<FakeMember>(turn_));
    fanout_.set_priority(*members_.back(), static_cast<uint8_t>(priority));
    fanout_.subscribe(*members_.back(), {&pattern, 1});
    return *members_.back();
  }
  void publish(const std::string& text) { fanout_.publish("/a", test::slice_of(writer_, text)); }
  std::vector<uint8_t> sent() const {
    std::vector<uint8_t> priorities;
    for (const FakeMember* member : turn_.sent) priorities.push_back(member->priority_);
    return priorities;
  }
  using Order = std::vector<uint8_t>;

  InterestFilter filter_;
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  Fanout fanout_{pool_, filter_, base::kQueueBytesMin};
  FakeTurn turn_{fanout_};
  std::vector<std::unique_ptr<FakeMember>> members_;
};

TEST_F(FanoutPriority, V30_HigherOnesFirstAndAlikeOnesTogether) {
  for (const int priority : {0, 5, 7, 5, 1}) add("/a", priority);
  EXPECT_EQ(fanout_.cohorts(), 4U);
  publish("x");
  EXPECT_TRUE(turn_.flush(SIZE_MAX));
  EXPECT_EQ(sent(), (Order{7, 5, 5, 1, 0}));
}

TEST_F(FanoutPriority, V30_AShortBudgetIsForTheHighest) {
  for (const int priority : {0, 0, 3, 3, 3}) add("/a", priority);
  publish("x");
  EXPECT_FALSE(turn_.flush(2));
  EXPECT_EQ(sent(), (Order{3, 3}));
  EXPECT_FALSE(turn_.flush(2));
  EXPECT_EQ(sent(), (Order{3, 0}));
  EXPECT_TRUE(turn_.flush(2));
  EXPECT_EQ(sent(), (Order{0}));
}

TEST_F(FanoutPriority, V30_StragglersKeepToIt) {
  FakeMember& low = add("/a", 1);
  add("/a", 6);
  fanout_.push_ordered(low, test::slice_of(writer_, "an answer"));
  publish("x");
  EXPECT_TRUE(turn_.flush(SIZE_MAX));
  EXPECT_EQ(sent(), (Order{6, 1}));
  EXPECT_EQ(low.received(), "");
  low.take(SIZE_MAX);
  EXPECT_EQ(low.received(), "an answerx");
}

TEST_F(FanoutPriority, V18_QuickPacketsLeaveByPriority) {
  for (const int priority : {2, 0, 7, 4}) add("/a", priority);
  EXPECT_EQ(fanout_.publish_quick("/a", {}), 4U);
  EXPECT_EQ(sent(), (Order{7, 4, 2, 0}));
  turn_.sent.clear();
  EXPECT_EQ(fanout_.publish_quick("/a", {}), 4U) << "from the memo";
  EXPECT_EQ(sent(), (Order{7, 4, 2, 0}));
}

TEST_F(FanoutPriority, V30_AChangeLosesNothing) {
  FakeMember& member = add("/a", 0);
  publish("1");
  fanout_.set_priority(member, 4);
  publish("2");
  turn_.flush(SIZE_MAX);
  publish("3");
  fanout_.set_priority(member, 0);
  publish("4");
  for (int i = 0; i < 3; ++i) {
    member.take(1);
    turn_.flush(SIZE_MAX);
  }
  member.take(SIZE_MAX);
  EXPECT_EQ(member.received(), "1234");
  EXPECT_EQ(fanout_.pending_bytes(member), 0U);
}

TEST_F(FanoutPriority, V30_TheSameAgainMovesNobody) {
  FakeMember& member = add("/a", 3);
  const Cohort* cohort = member.cohort_;
  fanout_.set_priority(member, 3);
  EXPECT_EQ(member.cohort_, cohort);
  EXPECT_EQ(member.following_, Member::Following::log);
}

}  // namespace
}  // namespace ringroad::shard
