// Property: a stream carries bytes both ways, whole and in order, in bounded memory; its program hears
//         of its beginning and of its end once each; however it ends, nothing is left open.
// Method: two streams on two loops in one thread, on io_uring and on the simulator (short reads and
//         writes, late events, resets), each next to the plain bytes that must arrive.
#include "engine/stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/engine/stream_world.h"

namespace ringroad::engine {
namespace {

using std::chrono::seconds;
using support::stream_pattern;

class RawStreamSuite : public testing::TestWithParam<StreamBackEnd> {
 protected:
  void SetUp() override {
    world_ = std::make_unique<StreamWorld>(GetParam());
    if (!world_->cause().empty()) GTEST_SKIP() << world_->cause();
    a_ = std::make_unique<StreamEnd>(world_->server());
    b_ = std::make_unique<StreamEnd>(world_->client());
  }
  void TearDown() override {
    if (a_ == nullptr) return;
    a_->stream.abort();
    b_->stream.abort();
    EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
    EXPECT_TRUE(world_->no_loans());
    EXPECT_EQ(a_->closed, 1);
    EXPECT_EQ(b_->closed, 1);
    a_.reset();
    b_.reset();
    EXPECT_EQ(world_->server().bytes_live(), 0U);
    EXPECT_EQ(world_->client().bytes_live(), 0U);
  }
  /// As a program on the loop's thread does: what fits now, the rest when there is room.
  bool send_all(StreamEnd& end, const std::string& bytes) {
    ringroad::Stream stream = end.stream.handle();
    size_t sent = 0;
    return world_->run_until([&] {
      const Result<size_t> taken = stream.send(std::string_view(bytes).substr(sent, 100'000));
      EXPECT_TRUE(taken.ok()) << taken.status().message();
      if (!taken.ok()) return true;
      sent += *taken;
      EXPECT_LE(stream.pending_bytes(), StreamOptions().send_bytes_max);
      return sent == bytes.size();
    });
  }

  std::unique_ptr<StreamWorld> world_;
  std::unique_ptr<StreamEnd> a_, b_;
};

TEST_P(RawStreamSuite, V42_V43_a_handle_knows_its_number_and_whether_it_is_connected) {
  ringroad::Stream handle = a_->stream.handle();
  EXPECT_EQ(handle.tunnel_id(), 1234);
  EXPECT_FALSE(handle.connected());
  world_->join(*a_, *b_);
  EXPECT_TRUE(handle.connected());
  EXPECT_TRUE(a_->log.linked());
  EXPECT_EQ(handle, a_->stream.handle());
  EXPECT_FALSE(handle == b_->stream.handle());
}

TEST_P(RawStreamSuite, V46_keepalive_reaches_the_socket_also_when_asked_for_early) {
  EXPECT_EQ(a_->stream.handle().keepalive(seconds(0)).code(), StatusCode::invalid_argument);
  EXPECT_EQ(a_->stream.handle().keepalive(seconds(40'000)).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(a_->stream.handle().keepalive(seconds(7)).ok());
  const auto [first, second] = world_->sockets();
  a_->stream.adopt(first);
  b_->stream.adopt(second);
  EXPECT_EQ(world_->keepalive_seconds(first), 7);
  EXPECT_EQ(world_->keepalive_seconds(second), 0);
  EXPECT_TRUE(b_->stream.handle().keepalive().ok());
  const Socket socket = second;
  EXPECT_TRUE(world_->run_until([&] { return world_->keepalive_seconds(socket) == 10; }));
}

TEST_P(RawStreamSuite, V45_send_says_why_it_cannot) {
  ringroad::Stream handle = a_->stream.handle();
  EXPECT_EQ(handle.send("x").status().code(), StatusCode::not_running);
  world_->join(*a_, *b_);
  EXPECT_EQ(*handle.send(""), 0U);
  EXPECT_EQ(*handle.send("x"), 1U);
  handle.close();
  EXPECT_EQ(handle.send("x").status().code(), StatusCode::gone);
  EXPECT_EQ(ringroad::Stream().send("x").status().code(), StatusCode::gone);
}

TEST_P(RawStreamSuite, W23_bytes_go_both_ways_at_once) {
  world_->join(*a_, *b_);
  const std::string there = stream_pattern(1'500'000);
  const std::string back = stream_pattern(1'000'000, 3);
  ringroad::Stream a = a_->stream.handle();
  ringroad::Stream b = b_->stream.handle();
  std::mt19937_64 random(GetParam().seed);
  size_t a_sent = 0;
  size_t b_sent = 0;
  EXPECT_TRUE(world_->run_until([&] {
    a_sent += *a.send(std::string_view(there).substr(a_sent, random() % 70'000));
    b_sent += *b.send(std::string_view(back).substr(b_sent, random() % 3'000));
    return a_->log.size() == back.size() && b_->log.size() == there.size();
  }));
  EXPECT_TRUE(b_->log.bytes() == there);
  EXPECT_TRUE(a_->log.bytes() == back);
  EXPECT_EQ(a.bytes_sent(), there.size());
  EXPECT_EQ(b.bytes_received(), there.size());
  EXPECT_EQ(a.pending_bytes(), 0U);
}

TEST_P(RawStreamSuite, V45_on_its_own_loop_it_takes_what_fits_and_tells_when_there_is_room) {
  world_->join(*a_, *b_);
  world_->run_until([] { return true; });
  b_->stream.handle().pause();
  ringroad::Stream handle = a_->stream.handle();
  const std::string bytes = stream_pattern(32'000'000);
  size_t sent = 0;
  // Until the peer's buffers and ours are full.
  const auto send_some = [&] {
    const size_t taken = *handle.send(std::string_view(bytes).substr(sent));
    sent += taken;
    return taken;
  };
  EXPECT_LE(send_some(), StreamOptions().send_bytes_max);
  world_->run_for(std::chrono::milliseconds(200));
  while (send_some() > 0) world_->run_for(std::chrono::milliseconds(50));
  ASSERT_LT(sent, bytes.size());
  EXPECT_EQ(handle.pending_bytes(), StreamOptions().send_bytes_max);
  const size_t told = a_->log.writable();
  b_->stream.handle().resume();
  EXPECT_TRUE(world_->run_until([&] { return a_->log.writable() > told; }));
  EXPECT_LE(handle.pending_bytes(), StreamOptions().send_bytes_max / 2);
  EXPECT_TRUE(world_->run_until([&] { return b_->log.size() == sent; }));
  EXPECT_TRUE(b_->log.bytes() == bytes.substr(0, sent));
}

TEST_P(RawStreamSuite, a_paused_reader_gets_nothing_and_then_all) {
  world_->join(*a_, *b_);
  b_->stream.handle().pause();
  world_->run_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(send_all(*a_, stream_pattern(100'000)));
  world_->run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(b_->log.size(), 0U);
  b_->stream.handle().resume();
  EXPECT_TRUE(world_->run_until([&] { return b_->log.size() == 100'000; }));
  EXPECT_TRUE(b_->log.bytes() == stream_pattern(100'000));
}

TEST_P(RawStreamSuite, V44_what_was_taken_before_close_arrives) {
  world_->join(*a_, *b_);
  const std::string bytes = stream_pattern(200'000);
  EXPECT_EQ(*a_->stream.handle().send(bytes), bytes.size());
  a_->stream.handle().close();
  EXPECT_FALSE(a_->stream.handle().connected());
  EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
  EXPECT_TRUE(b_->log.bytes() == bytes);
  EXPECT_TRUE(a_->log.over());
  EXPECT_TRUE(b_->log.over());
}

TEST_P(RawStreamSuite, V44_winding_down_it_still_hands_on_what_its_peer_has_sent) {
  world_->join(*a_, *b_);
  const std::string bytes = stream_pattern(200'000);
  EXPECT_EQ(*b_->stream.handle().send(bytes), bytes.size());
  b_->stream.handle().close();
  a_->stream.wind_down();
  EXPECT_TRUE(a_->log.linked());
  EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
  EXPECT_TRUE(a_->log.bytes() == bytes);
  EXPECT_TRUE(a_->log.over());
}

TEST_P(RawStreamSuite, V44_winding_down_it_does_not_wait_for_ever) {
  if (GetParam().real)
    GTEST_SKIP() << "two seconds of the clock; the simulator has them for nothing";
  world_->join(*a_, *b_);
  a_->stream.wind_down();
  EXPECT_TRUE(world_->run_until([&] { return a_->log.over(); }));
  EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
}

TEST_P(RawStreamSuite, V44_close_again_changes_nothing) {
  world_->join(*a_, *b_);
  for (int i = 0; i < 3; ++i) {
    a_->stream.handle().close();
    a_->stream.close();
    b_->stream.handle().close();
  }
  EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
  a_->stream.handle().close();
  EXPECT_TRUE(a_->log.over());
  EXPECT_TRUE(b_->log.over());
}

TEST_P(RawStreamSuite, V44_closed_before_its_peer_came_it_never_was_there) {
  const auto [first, second] = world_->sockets();
  a_->stream.handle().close();
  a_->stream.adopt(first);
  b_->stream.adopt(second);
  EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
  EXPECT_TRUE(a_->log.failed());
  EXPECT_TRUE(b_->log.over());
}

TEST_P(RawStreamSuite, a_waiting_stream_that_is_closed_ends_once) {
  StreamHub& hub = world_->server().home().hub;
  EXPECT_FALSE(hub.has_mail());
  a_->stream.handle().close();
  EXPECT_TRUE(hub.has_mail());  // so that the loop does not fall asleep over it
  EXPECT_TRUE(world_->run_until([&] { return a_->stream.closed(); }));
  EXPECT_FALSE(hub.has_mail());
  EXPECT_TRUE(a_->log.failed());
}

TEST_P(RawStreamSuite, a_reader_that_closes_in_the_midst_ends_both) {
  world_->join(*a_, *b_);
  ringroad::Stream a = a_->stream.handle();
  const std::string bytes = stream_pattern(50'000);
  bool closed = false;
  EXPECT_TRUE(world_->run_until([&] {
    if (a.connected()) (void)a.send(bytes);
    if (b_->log.size() > 100'000 && !closed) {
      b_->stream.handle().close();
      closed = true;
    }
    return a_->stream.closed() && b_->stream.closed();
  }));
  EXPECT_TRUE(a_->log.over());
  EXPECT_TRUE(b_->log.over());
}

TEST_P(RawStreamSuite, a_peer_that_is_gone_with_what_it_was_sent_ends_it) {
  world_->join(*a_, *b_);
  b_->stream.handle().pause();
  world_->run_for(std::chrono::milliseconds(20));
  for (int i = 0; i < 20; ++i) {
    (void)a_->stream.handle().send(stream_pattern(200'000));
    world_->run_for(std::chrono::milliseconds(10));
  }
  b_->stream.abort();
  EXPECT_TRUE(world_->run_until_closed(*a_, *b_));
  EXPECT_TRUE(a_->log.over());
}

TEST_P(RawStreamSuite, a_peer_that_takes_nothing_is_cut_some_time_after_close) {
  if (GetParam().real)
    GTEST_SKIP() << "ten seconds of the clock; the simulator has them for nothing";
  world_->join(*a_, *b_);
  b_->stream.handle().pause();
  world_->run_for(std::chrono::milliseconds(20));
  while (a_->stream.handle().pending_bytes() < StreamOptions().send_bytes_max) {
    (void)a_->stream.handle().send(stream_pattern(200'000));
    world_->run_for(std::chrono::milliseconds(20));
  }
  a_->stream.handle().close();
  EXPECT_TRUE(world_->run_until([&] { return a_->stream.closed(); }));
}

TEST_P(RawStreamSuite, closed_inside_its_own_callbacks_it_ends_as_well) {
  const auto [first, second] = world_->sockets();
  bool linked = false;
  StreamOptions options;
  options.on_link = [&](ringroad::Stream stream, bool connected) {
    linked = linked || connected;
    if (connected) stream.close();
  };
  StreamEnd end(world_->server(), options);
  end.stream.adopt(first);
  b_->stream.adopt(second);
  EXPECT_TRUE(world_->run_until_closed(end, *b_));
  EXPECT_TRUE(linked);
  EXPECT_TRUE(b_->log.over());
}

std::vector<StreamBackEnd> back_ends() {
  std::vector<StreamBackEnd> all = {
      {"uring", true},
      {"uring_zero_copy", true, 1, ZeroCopy::forced},
      {"sim", false, 1},
      {"sim_2", false, 2},
      {"sim_3", false, 3},
      {"sim_zero_copy", false, 4, ZeroCopy::forced},
      {"sim_zero_copy_2", false, 5, ZeroCopy::forced},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(BackEnds, RawStreamSuite, testing::ValuesIn(back_ends()),
                         [](const auto& back_end) { return back_end.param.name; });

}  // namespace
}  // namespace ringroad::engine
