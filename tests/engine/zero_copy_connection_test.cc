// Property: what a connection lends arrives whole and in order, stays untouched until its release,
//         and is released before the loop ends, whenever the release comes: at once, long after the
//         close was asked for, or not before the socket is reset. Automatic gives up where the
//         kernel reports that it copied, and lends where it does not.
// Method: a connection on the simulator, whose kernel reports and releases as each test scripts it,
//         or at random over seeds; SimIo checks every lent byte at its release.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/connection.h"
#include "engine/listener.h"
#include "engine/loop.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/sim_peer.h"
#include "tests/support/idle_work.h"
#include "tests/support/slice_text.h"

namespace ringroad::engine {
namespace {

using sim::SimNetwork;
using sim::SimOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::text_of;

/// One connection that sends what it is told.
class Sender final : public support::IdleWork,
                     public Listener::Handler,
                     public Connection::Handler {
 public:
  Sender(SimNetwork& network, ZeroCopy zero_copy)
      : network_(network),
        io_(network),
        loop_(io_, *this, {.zero_copy = zero_copy}),
        writer_(pool_) {
    const Socket socket = *open_listener(io_, *Address::parse("127.0.0.1:0"));
    address_ = *io_.local_address(socket);
    listener_ = std::make_unique<Listener>(loop_, socket, *this);
    listener_->start();
  }
  ~Sender() {
    if (connection_ != nullptr) connection_->terminate(CloseCause::stopping);
    listener_->stop();
    EXPECT_TRUE(run_until(
        [this] { return connection_ == nullptr && listener_->closed() && !loop_.has_loans(); }));
  }

  void send(const std::string& text) {
    sent_ += text;
    pending_.push_back(test::slice_of(writer_, text));
    connection_->flush_soon();
  }
  template <typename Done>
  bool run_until(Done done) {
    const TimePoint limit = network_.now() + seconds(60);
    while (!done() && network_.now() < limit) {
      loop_.turn();
      if (io_.wake_at().has_value()) network_.step();
    }
    return done();
  }
  void run_for(Duration time) {
    const TimePoint end = network_.now() + time;
    while (network_.now() < end) {
      loop_.turn();
      if (io_.wake_at().has_value()) network_.step();
    }
  }

  const Address& address() const { return address_; }
  Connection* connection() { return connection_.get(); }
  Loop& loop() { return loop_; }
  const ZeroCopyCounters& counters() { return loop_.zero_copy_counters(); }
  const std::string& sent() const { return sent_; }
  bool idle() const { return pending_.empty() && !connection_->sending(); }
  CloseCause cause() const { return cause_; }
  size_t bytes_taken() const { return bytes_taken_; }

 private:
  void on_accept(Socket socket) override {
    connection_ = std::make_unique<Connection>(loop_, socket, *this);
    connection_->start();
  }
  size_t on_bytes(std::span<const std::byte> bytes) override { return bytes.size(); }
  void compose(SendBatch& batch) override {
    while (!pending_.empty() && batch.room()) {
      batch.push(std::move(pending_.front()));
      pending_.erase(pending_.begin());
    }
  }
  void on_end() override {}
  void on_sent(size_t bytes) override {
    bytes_taken_ += bytes;
    if (!pending_.empty()) connection_->flush_soon();
  }
  void on_closed(CloseCause cause) override {
    cause_ = cause;
    pending_.clear();
    connection_.reset();
  }

  SimNetwork& network_;
  sim::SimIo io_;
  BlockPool pool_;
  Loop loop_;
  BlockWriter writer_;
  Address address_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Connection> connection_;
  std::vector<Slice> pending_;
  std::string sent_;
  size_t bytes_taken_ = 0;
  CloseCause cause_ = CloseCause::none;
};

std::string letters(size_t size, uint64_t seed) {
  sim::SimRandom random(seed);
  std::string text(size, ' ');
  for (char& letter : text) letter = static_cast<char>('a' + random.below(26));
  return text;
}

/// Lends everything, and releases as `percent`s say.
SimOptions lending(uint64_t seed, uint32_t late_percent, uint32_t never_percent) {
  SimOptions options;
  options.seed = seed;
  options.refused_percent = 0;
  options.late_release_percent = late_percent;
  options.no_release_percent = never_percent;
  return options;
}

class ZeroCopyConnection : public testing::Test {
 protected:
  void open(const SimOptions& options, ZeroCopy zero_copy) {
    peer_.reset();
    sender_.reset();
    network_ = std::make_unique<SimNetwork>(options);
    sender_ = std::make_unique<Sender>(*network_, zero_copy);
    peer_ = std::make_unique<sim::SimPeer>(*network_);
    peer_->connect(sender_->address());
    ASSERT_TRUE(sender_->run_until([&] { return sender_->connection() != nullptr; }));
  }
  void TearDown() override {
    peer_.reset();
    sender_.reset();
  }
  void send_one_by_one(int count, size_t bytes) {
    for (int i = 0; i < count; ++i) {
      sender_->send(letters(bytes, static_cast<uint64_t>(i)));
      ASSERT_TRUE(sender_->run_until([&] { return sender_->idle(); }));
      sender_->run_for(milliseconds(5));  // the release, too
    }
  }
  void expect_all_arrives() {
    EXPECT_TRUE(
        sender_->run_until([&] { return peer_->received().size() == sender_->sent().size(); }));
    EXPECT_EQ(text_of(peer_->received()), sender_->sent());
  }

  std::unique_ptr<SimNetwork> network_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<sim::SimPeer> peer_;
};

TEST_F(ZeroCopyConnection, AutomaticGivesUpWhereTheKernelCopies) {
  SimOptions options = lending(1, 0, 0);
  options.copied_percent = 100;
  open(options, ZeroCopy::automatic);
  send_one_by_one(100, 50'000);
  expect_all_arrives();
  EXPECT_EQ(sender_->counters().sends.get(), 1U);
  EXPECT_EQ(sender_->counters().copied.get(), 1U);
}

TEST_F(ZeroCopyConnection, AutomaticLendsWhereTheKernelDoesNotCopy) {
  SimOptions options = lending(2, 0, 0);
  options.copied_percent = 0;
  options.short_write_percent = 0;
  open(options, ZeroCopy::automatic);
  send_one_by_one(100, 50'000);
  expect_all_arrives();
  EXPECT_EQ(sender_->counters().sends.get(), 100U);
  EXPECT_EQ(sender_->counters().copied.get(), 0U);
}

TEST_F(ZeroCopyConnection, AutomaticIsOffWithoutReports) {
  SimOptions options = lending(3, 0, 0);
  options.zero_copy = ZeroCopySupport::blind;
  open(options, ZeroCopy::automatic);
  send_one_by_one(10, 50'000);
  expect_all_arrives();
  EXPECT_EQ(sender_->counters().sends.get(), 0U);
}

TEST_F(ZeroCopyConnection, RefusedSendsAreCopied) {
  SimOptions options = lending(4, 0, 0);
  options.refused_percent = 100;
  open(options, ZeroCopy::forced);
  send_one_by_one(10, 50'000);
  expect_all_arrives();
  EXPECT_EQ(sender_->counters().sends.get(), 1U);
  EXPECT_EQ(sender_->counters().refused.get(), 1U);
}

TEST_F(ZeroCopyConnection, SendsGoOnWhileNothingIsReleased) {
  SimOptions options = lending(5, 0, 100);
  options.short_write_percent = 0;
  open(options, ZeroCopy::forced);
  send_one_by_one(100, 2'000);
  expect_all_arrives();
  EXPECT_EQ(sender_->counters().lent.get(), base::kLentSendsMax);
  EXPECT_EQ(sender_->counters().sends.get(), base::kLentSendsMax) << "the others are copied";
  sender_->connection()->terminate(CloseCause::application);
  EXPECT_TRUE(sender_->run_until([&] { return sender_->connection() == nullptr; }));
  EXPECT_TRUE(sender_->run_until([&] { return !sender_->loop().has_loans(); }));
}

TEST_F(ZeroCopyConnection, AnOrderlyCloseGivesTheReleaseTimeAndThePeerAll) {
  open(lending(6, 100, 0), ZeroCopy::forced);
  sender_->send(letters(200'000, 6));
  sender_->connection()->close_after_flush(CloseCause::application);
  ASSERT_TRUE(sender_->run_until([&] { return sender_->bytes_taken() == 200'000; }));
  ASSERT_TRUE(sender_->run_until([&] { return peer_->ended(); }));
  EXPECT_FALSE(peer_->was_reset());
  EXPECT_EQ(text_of(peer_->received()), sender_->sent());
  peer_->finish();
  EXPECT_TRUE(sender_->run_until([&] { return sender_->connection() == nullptr; }));
  EXPECT_FALSE(sender_->loop().has_loans()) << "it waited for them";
}

TEST_F(ZeroCopyConnection, APeerThatTakesItSlowlyIsNotResetWhileItDoes) {
  SimOptions options = lending(8, 100, 0);
  options.short_write_percent = 0;
  options.release_delay_max = seconds(9);  // of all; from one to the next it is less than the limit
  open(options, ZeroCopy::forced);
  for (size_t i = 0; i < base::kLentSendsMax; ++i) {
    sender_->send(letters(10'000, i));
    ASSERT_TRUE(sender_->run_until([&] { return sender_->idle(); }));
  }
  sender_->connection()->close_after_flush(CloseCause::application);
  const TimePoint asked = network_->now();
  EXPECT_TRUE(sender_->run_until([&] { return sender_->connection() == nullptr; }));
  EXPECT_GT(network_->now() - asked, seconds(6)) << "longer than without any release";
  EXPECT_FALSE(peer_->was_reset());
  EXPECT_FALSE(sender_->loop().has_loans());
  EXPECT_EQ(text_of(peer_->received()), sender_->sent());
}

TEST_F(ZeroCopyConnection, AReleaseThatNeverComesDoesNotKeepAConnection) {
  open(lending(7, 0, 100), ZeroCopy::forced);
  sender_->send(letters(50'000, 7));
  sender_->connection()->close_after_flush(CloseCause::application);
  const TimePoint asked = network_->now();
  EXPECT_TRUE(sender_->run_until([&] { return sender_->connection() == nullptr; }));
  EXPECT_LT(network_->now() - asked, seconds(12));
  EXPECT_TRUE(sender_->run_until([&] { return !sender_->loop().has_loans(); }));
  EXPECT_EQ(text_of(peer_->received()), sender_->sent());
}

TEST_F(ZeroCopyConnection, AReleaseMayComeAfterTheConnectionIsGone) {
  bool seen = false;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    open(lending(seed, 100, 0), ZeroCopy::forced);
    sender_->send(letters(50'000, seed));
    ASSERT_TRUE(sender_->run_until([&] { return sender_->bytes_taken() > 0; }));
    sender_->connection()->terminate(CloseCause::application);
    ASSERT_TRUE(sender_->run_until([&] { return sender_->connection() == nullptr; }));
    seen = seen || sender_->loop().has_loans();
    EXPECT_TRUE(sender_->run_until([&] { return !sender_->loop().has_loans(); }));
  }
  EXPECT_TRUE(seen);
}

TEST_F(ZeroCopyConnection, AnythingGoes) {
  for (uint64_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SimOptions options = lending(seed, 20, 2);
    options.refused_percent = 5;
    options.short_write_percent = 30;
    sim::SimRandom random(seed);
    open(options, random.percent(50) ? ZeroCopy::forced : ZeroCopy::automatic);
    bool stalled = false;
    for (int i = 0; i < 30; ++i) {
      sender_->send(letters(1 + random.below(random.percent(20) ? 150'000 : 3'000), random.next()));
      if (random.percent(50)) sender_->run_for(milliseconds(random.below(20)));
      if (!random.percent(10)) continue;
      stalled ? peer_->resume() : peer_->stall();
      stalled = !stalled;
    }
    if (stalled) peer_->resume();
    if (random.percent(70)) expect_all_arrives();
    const uint64_t end = random.below(4);
    if (end == 0) peer_->reset();
    if (end == 1) peer_->close();
    if (end == 2) sender_->connection()->close_after_flush(CloseCause::application);
    if (end == 3) sender_->connection()->terminate(CloseCause::application);
    EXPECT_TRUE(sender_->run_until(
        [&] { return sender_->connection() == nullptr && !sender_->loop().has_loans(); }));
    const std::string got = text_of(peer_->received());
    EXPECT_EQ(got, sender_->sent().substr(0, got.size()));
  }
}

}  // namespace
}  // namespace ringroad::engine
