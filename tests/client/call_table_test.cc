// Property: every call that was added ends exactly once: by the reply with its seqno and type, by
//           its deadline, or by fail_all().
// Method: random add, reply, advance and fail_all on a real timer wheel, against a map scanned by
//         hand.
#include "client/call_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace ringroad::client {
namespace {

using proto::PacketType;
using std::chrono::milliseconds;

constexpr auto kOrigin = engine::TimePoint(std::chrono::hours(1));

class FakeHost final : public CallTable::Host {
 public:
  void start_timer(engine::Timer& timer, engine::Duration delay) override {
    wheel_.start(timer, now_, delay);
  }
  void stop_timer(engine::Timer& timer) override { wheel_.stop(timer); }
  void on_call_ended() override { ++ended; }
  void advance(engine::Duration by) {
    now_ += by;
    wheel_.advance(now_);
  }
  engine::TimePoint now() const { return now_; }
  size_t timers() const { return wheel_.size(); }

  size_t ended = 0;

 private:
  engine::TimePoint now_ = kOrigin;
  engine::TimerWheel wheel_{kOrigin};
};

proto::PacketView reply_to(uint32_t seqno, PacketType type, uint8_t status = 0) {
  proto::PacketView packet;
  packet.header.type = type;
  packet.header.flags = proto::kFlagReply;
  packet.header.seqno = seqno;
  packet.header.status = status;
  return packet;
}

/// What happened to each call, by its number.
struct Ends {
  std::map<int, std::vector<StatusCode>> by_call;

  CallTable::Done record(int call) {
    return [this, call](const Result<Reply>& reply) {
      by_call[call].push_back(reply.status().code());
    };
  }
};

TEST(CallTable, HandsOverTheWholeReply) {
  FakeHost host;
  CallTable table(host);
  Reply got;
  const auto seqno =
      table.add(PacketType::rpc, milliseconds(10), [&got](const Result<Reply>& r) { got = *r; });
  ASSERT_TRUE(seqno.has_value());
  proto::PacketView packet = reply_to(*seqno, PacketType::rpc, 200);
  packet.header.flags |= proto::kFlagTunnel;
  packet.header.tunnel_id = 77;
  packet.param = "{}";
  packet.data = std::string_view("a\0b", 3);
  EXPECT_TRUE(table.complete(packet));
  EXPECT_EQ(got.status, static_cast<ReplyStatus>(200));
  EXPECT_EQ(got.payload.param, "{}");
  EXPECT_EQ(got.payload.data, std::string("a\0b", 3));
  EXPECT_EQ(got.tunnel_id, 77);
}

TEST(CallTable, A8_TunnelIdCountsOnlyWithItsFlag) {
  FakeHost host;
  CallTable table(host);
  uint16_t tunnel_id = 1;
  const auto seqno = table.add(PacketType::rpc, milliseconds(10),
                               [&](const Result<Reply>& r) { tunnel_id = r->tunnel_id; });
  proto::PacketView packet = reply_to(*seqno, PacketType::rpc);
  packet.header.tunnel_id = 77;
  EXPECT_TRUE(table.complete(packet));
  EXPECT_EQ(tunnel_id, 0);
}

TEST(CallTable, C10_AnotherTypeKeepsThePending) {
  FakeHost host;
  CallTable table(host);
  Ends ends;
  const auto seqno = table.add(PacketType::rpc, milliseconds(10), ends.record(1));
  EXPECT_FALSE(table.complete(reply_to(*seqno, PacketType::subscribe)));
  EXPECT_FALSE(table.complete(reply_to(*seqno, PacketType::pingecho)));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_TRUE(table.complete(reply_to(*seqno, PacketType::rpc)));
  EXPECT_EQ(ends.by_call[1], std::vector<StatusCode>{StatusCode::ok});
}

TEST(CallTable, C9_UnknownAndSecondRepliesAreNobodys) {
  FakeHost host;
  CallTable table(host);
  Ends ends;
  const auto seqno = table.add(PacketType::rpc, milliseconds(10), ends.record(1));
  EXPECT_FALSE(table.complete(reply_to(*seqno + 1u, PacketType::rpc)));
  EXPECT_FALSE(table.complete(reply_to(*seqno + 65'536u, PacketType::rpc)));
  EXPECT_FALSE(table.complete(reply_to(uint32_t{*seqno} << 16, PacketType::rpc)));
  EXPECT_TRUE(table.complete(reply_to(*seqno, PacketType::rpc)));
  EXPECT_FALSE(table.complete(reply_to(*seqno, PacketType::rpc)));
  EXPECT_EQ(ends.by_call[1].size(), 1u);
}

TEST(CallTable, W22_HoldsExactly65535AndReusesWhatIsFree) {
  FakeHost host;
  CallTable table(host);
  Ends ends;
  std::vector<bool> used(65'536);
  for (size_t i = 0; i < kCallsMax; ++i) {
    const auto seqno = table.add(PacketType::rpc, milliseconds(10), ends.record(0));
    ASSERT_TRUE(seqno.has_value());
    ASSERT_FALSE(used[*seqno]);
    used[*seqno] = true;
  }
  EXPECT_FALSE(table.add(PacketType::rpc, milliseconds(10), ends.record(1)).has_value());
  EXPECT_EQ(ends.by_call.count(1), 0u);
  EXPECT_TRUE(table.complete(reply_to(4'711, PacketType::rpc)));
  used[4'711] = false;
  const auto seqno = table.add(PacketType::rpc, milliseconds(10), ends.record(2));
  ASSERT_TRUE(seqno.has_value());
  EXPECT_FALSE(used[*seqno]);
  table.fail_all({StatusCode::cancelled, ""});
  EXPECT_EQ(host.ended, kCallsMax + 1);
  EXPECT_EQ(host.timers(), 0u);
}

TEST(CallTable, CallbacksMayAdd) {
  FakeHost host;
  CallTable table(host);
  Ends ends;
  auto add_one = [&](const Result<Reply>&) {
    (void)table.add(PacketType::rpc, milliseconds(5), ends.record(9));
  };
  const auto first = table.add(PacketType::rpc, milliseconds(5), add_one);
  EXPECT_TRUE(table.complete(reply_to(*first, PacketType::rpc)));
  EXPECT_EQ(table.size(), 1u);
  (void)table.add(PacketType::rpc, milliseconds(5), add_one);
  table.fail_all({StatusCode::cancelled, ""});
  EXPECT_EQ(ends.by_call[9], std::vector<StatusCode>{StatusCode::cancelled});
  EXPECT_EQ(table.size(), 1u);  // added by the callback of a call that failed
  host.advance(milliseconds(20));
  EXPECT_EQ(ends.by_call[9].back(), StatusCode::timed_out);
}

/// The model: what waits, scanned by hand.
struct Waiting {
  int call;
  PacketType type;
  engine::TimePoint deadline;
};

class Comparison {
 public:
  explicit Comparison(uint64_t seed) : random_(seed) {}

  void step() {
    const size_t choice = below(100);
    if (choice < 45) return add();
    if (choice < 75) return reply();
    if (choice < 98) return advance();
    table_.fail_all({StatusCode::cancelled, ""});
    for (auto& [seqno, waiting] : model_) expected_[waiting.call].push_back(StatusCode::cancelled);
    model_.clear();
  }
  void finish() {
    host_.advance(std::chrono::hours(24));
    for (auto& [seqno, waiting] : model_) expected_[waiting.call].push_back(StatusCode::timed_out);
    model_.clear();
    EXPECT_EQ(ends_.by_call, expected_);
    EXPECT_EQ(host_.ended, expected_.size());
  }
  void check() {
    ASSERT_EQ(table_.size(), model_.size());
    ASSERT_EQ(host_.timers(), model_.size());
  }

 private:
  size_t below(size_t bound) { return static_cast<size_t>(random_() % bound); }
  PacketType some_type() { return below(4) == 0 ? PacketType::subscribe : PacketType::rpc; }

  void add() {
    const auto timeout = milliseconds(1 + below(200));
    const PacketType type = some_type();
    const auto seqno = table_.add(type, timeout, ends_.record(next_call_));
    ASSERT_TRUE(seqno.has_value());
    ASSERT_EQ(model_.count(*seqno), 0u);
    model_[*seqno] = {next_call_++, type, host_.now() + timeout};
  }
  void reply() {
    const auto seqno = static_cast<uint32_t>(below(3) == 0 || model_.empty()
                                                 ? below(70'000)
                                                 : std::next(model_.begin(), some_index())->first);
    const PacketType type = some_type();
    const auto at = model_.find(seqno);
    const bool wanted = at != model_.end() && at->second.type == type;
    ASSERT_EQ(table_.complete(reply_to(seqno, type)), wanted);
    if (!wanted) return;
    expected_[at->second.call].push_back(StatusCode::ok);
    model_.erase(at);
  }
  void advance() {
    host_.advance(milliseconds(below(40)));
    std::erase_if(model_, [this](const auto& item) {
      if (item.second.deadline > host_.now()) return false;
      expected_[item.second.call].push_back(StatusCode::timed_out);
      return true;
    });
  }
  ptrdiff_t some_index() { return static_cast<ptrdiff_t>(below(model_.size())); }

  std::mt19937_64 random_;
  Ends ends_;
  std::map<int, std::vector<StatusCode>> expected_;
  std::map<uint32_t, Waiting> model_;
  int next_call_ = 0;
  FakeHost host_;
  CallTable table_{host_};
};

TEST(CallTable, AgreesWithTheModel) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Comparison comparison(seed);
    for (int i = 0; i < 2'000 && !testing::Test::HasFatalFailure(); ++i) {
      comparison.step();
      comparison.check();
    }
    comparison.finish();
  }
}

}  // namespace
}  // namespace ringroad::client
