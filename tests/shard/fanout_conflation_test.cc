// Property: a client that conflates gets every publish while it keeps up; once it lags, the latest
//         of each URL, in the place of the oldest it missed, with replies where they belong; it is
//         closed only when different URLs fill its queue. Others notice nothing.
// Method: named examples with clients whose kernel takes what the test says.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "proto/packet.h"
#include "proto/packet_reader.h"
#include "shard/fanout.h"
#include "shard/interest_filter.h"
#include "tests/support/delivery_model.h"
#include "tests/support/fake_member.h"

namespace ringroad::shard {
namespace {

constexpr size_t kBound = base::kQueueBytesMin;
constexpr size_t kData = 8'000;

class FanoutConflation : public testing::Test {
 protected:
  FakeMember& add(Backlog backlog) {
    members_.push_back(std::make_unique<FakeMember>(turn_));
    const std::string all = "/";
    fanout_.set_backlog(*members_.back(), backlog);
    fanout_.subscribe(*members_.back(), {&all, 1});
    return *members_.back();
  }
  /// The `number`-th publish; its seqno says which.
  void publish(const std::string& url, uint32_t number, size_t bytes = kData) {
    const std::string data(bytes, 'd');
    fanout_.publish(
        url,
        slice({.type = proto::PacketType::publish, .seqno = number, .url = url, .data = data}));
  }
  void push_reply(FakeMember& member, uint32_t number) {
    fanout_.push_ordered(
        member,
        slice({.type = proto::PacketType::rpc, .flags = proto::kFlagReply, .seqno = number}));
  }
  engine::Slice slice(const proto::PacketSpec& spec) {
    return test::slice_of(writer_, *test::DeliveryModel::encoded(spec));
  }
  /// One packet is on its way and does not arrive; more than a quarter of the bound waits.
  uint32_t stall(uint32_t first) {
    publish("/stall", first++);
    turn_.flush(SIZE_MAX);
    for (size_t bytes = 0; bytes <= kBound / 4; bytes += kData) publish("/stall", first++);
    return first;
  }
  std::vector<uint32_t> received(FakeMember& member) {
    turn_.flush(SIZE_MAX);
    while (member.sending()) {
      member.take(SIZE_MAX);
      turn_.flush(SIZE_MAX);
    }
    std::vector<uint32_t> numbers;
    proto::PacketReader reader;
    reader.feed(test::bytes_of(member.received()));
    proto::PacketView packet;
    while (reader.next(packet) == proto::PacketReader::Outcome::packet)
      numbers.push_back(packet.header.seqno);
    return numbers;
  }
  void expect_accounts() {
    const Fanout::Stats& stats = fanout_.stats();
    uint64_t pending = 0;
    for (const auto& member : members_) pending += fanout_.pending_packets(*member);
    EXPECT_EQ(stats.offered.get(),
              stats.sent.get() + stats.dropped.get() + stats.conflated.get() + pending);
  }

  InterestFilter filter_;
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  Fanout fanout_{pool_, filter_, kBound};
  FakeTurn turn_{fanout_};
  std::vector<std::unique_ptr<FakeMember>> members_;
};

TEST_F(FanoutConflation, WhoKeepsUpGetsEverything) {
  FakeMember& member = add(Backlog::conflate);
  std::vector<uint32_t> all;
  for (uint32_t i = 1; i <= 100; ++i) {
    publish("/a", i);
    all.push_back(i);
    if (i % 10 == 3) push_reply(member, i + 1'000);
    if (i % 10 == 3) all.push_back(i + 1'000);
    if (i % 10 == 0) turn_.flush(SIZE_MAX);
    if (i % 10 == 0) member.take(SIZE_MAX);
  }
  EXPECT_EQ(received(member), all);
  EXPECT_EQ(fanout_.stats().conflated.get(), 0U);
}

TEST_F(FanoutConflation, TheLatestComesInThePlaceOfTheOldest) {
  FakeMember& member = add(Backlog::conflate);
  FakeMember& other = add(Backlog::close);
  uint32_t next = stall(1);
  const uint32_t last_of_stall = next - 1;
  push_reply(member, 1'000);  // what lags must leave the log for it
  publish("/a", 2'001);
  publish("/b", 2'002);
  publish("/a", 2'003);
  publish("/c", 2'004);
  publish("/b", 2'005);
  push_reply(member, 3'000);  // a fence
  publish("/b", 4'001);
  publish("/a", 4'002);
  publish("/b", 4'003);
  expect_accounts();
  const std::vector<uint32_t> expected = {1,     last_of_stall, 1'000, 2'003, 2'005,
                                          2'004, 3'000,         4'003, 4'002};
  EXPECT_EQ(received(member), expected);
  EXPECT_EQ(received(other).size(), last_of_stall + 8U) << "who does not conflate gets all";
  expect_accounts();
  EXPECT_EQ(fanout_.stats().conflated.get(), last_of_stall - 2 + 3U);
  EXPECT_EQ(fanout_.stats().pinned_bytes.get(), 0U);
}

TEST_F(FanoutConflation, CaughtUpItGetsEverythingAgain) {
  FakeMember& member = add(Backlog::conflate);
  const uint32_t next = stall(1);
  push_reply(member, 1'000);
  const size_t before = received(member).size();
  for (uint32_t i = 0; i < 5; ++i) publish("/a", next + i);
  EXPECT_EQ(received(member).size(), before + 5);
  EXPECT_EQ(member.following_, Member::Following::log);
}

TEST_F(FanoutConflation, FewUrlsNeverFillAQueue) {
  FakeMember& member = add(Backlog::conflate);
  FakeMember& other = add(Backlog::close);
  uint32_t last = 0;
  for (int i = 0; i < 1'000; ++i) {
    publish(i % 2 == 0 ? "/a" : "/b", ++last);
    turn_.flush(SIZE_MAX);
    other.take(SIZE_MAX);
    ASSERT_LE(fanout_.pending_bytes(member), kBound);
  }
  EXPECT_FALSE(member.gone());
  const std::vector<uint32_t> numbers = received(member);
  EXPECT_LT(numbers.size(), 100U);
  ASSERT_GE(numbers.size(), 2U);
  EXPECT_EQ(numbers.back() + numbers[numbers.size() - 2], last + last - 1) << "the latest of both";
  EXPECT_EQ(received(other).size(), 1'000U);
  expect_accounts();
}

TEST_F(FanoutConflation, ManyUrlsCloseItAtTheBound) {
  FakeMember& member = add(Backlog::conflate);
  publish("/first", 1);
  turn_.flush(SIZE_MAX);
  uint32_t number = 1;
  while (!member.gone() && number < 1'000) {
    ++number;
    publish("/" + std::to_string(number), number);
    if (member.gone()) break;
    ASSERT_LE(fanout_.pending_bytes(member), kBound);
  }
  EXPECT_TRUE(member.overflowed());
  EXPECT_GT(number * kData, kBound) << "not before its queue is full";
  EXPECT_EQ(fanout_.stats().conflated.get(), 0U);
  expect_accounts();
}

TEST_F(FanoutConflation, ThePolicyChangesOnTheWay) {
  FakeMember& member = add(Backlog::close);
  uint32_t next = stall(1);
  push_reply(member, 1'000);  // straggles; all of it is in its lane
  fanout_.set_backlog(member, Backlog::conflate);
  publish("/a", next);
  publish("/a", next + 1);
  fanout_.set_backlog(member, Backlog::close);
  publish("/a", next + 2);
  publish("/a", next + 3);
  std::vector<uint32_t> expected;
  for (uint32_t i = 1; i < next; ++i) expected.push_back(i);
  for (const uint32_t number : {1'000U, next + 1, next + 2, next + 3}) expected.push_back(number);
  EXPECT_EQ(received(member), expected);
  expect_accounts();
}

TEST_F(FanoutConflation, WhatWaitsSurvivesAChangeOfSubscriptions) {
  FakeMember& member = add(Backlog::conflate);
  const uint32_t next = stall(1);
  push_reply(member, 1'000);
  publish("/a", 2'001);
  fanout_.unsubscribe_all(member);
  publish("/a", 2'002);  // not for it
  const std::string only = "/a";
  fanout_.subscribe(member, {&only, 1});
  publish("/a", 2'003);
  publish("/b", 2'004);  // not for it
  const std::vector<uint32_t> expected = {1, next - 1, 1'000, 2'003};
  EXPECT_EQ(received(member), expected);
  expect_accounts();
}

}  // namespace
}  // namespace ringroad::shard
