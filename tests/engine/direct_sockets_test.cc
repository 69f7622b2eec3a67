// Property: what an io_uring with a table of direct descriptors does beyond engine/io.h, whose suites
//         run on it, too: a bound that is kept, and ends that do not cost more the more there are.
// Method: few places, all taken; entries of the submission queue are counted.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/uring_io.h"
#include "tests/engine/io_suite.h"

namespace ringroad::engine {
namespace {

constexpr uint32_t kPlaces = 4;

class DirectSockets : public testing::Test {
 protected:
  void SetUp() override {
    UringOptions options;
    options.receive_buffers = 16;
    options.datagram_buffers = 1;
    Result<std::unique_ptr<UringIo>> plain = UringIo::create(options);
    options.direct_slots = kPlaces;
    Result<std::unique_ptr<UringIo>> direct = UringIo::create(options);
    if (!direct.ok()) GTEST_SKIP() << direct.status().message();
    client_ = std::move(*plain);
    server_ = std::move(*direct);
    const Result<Address> address = Address::parse("127.0.0.1:0");
    listener_ = *server_->open(Transport::tcp, AF_INET);
    ASSERT_TRUE(server_->bind(listener_, *address).ok());
    ASSERT_TRUE(server_->listen(listener_, 128).ok());
    server_->accept(listener_, accept_.completion());
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->cancel(accept_.completion());
    EXPECT_TRUE(run_until([&] { return !accept_.submitted(); }));
    server_->close(listener_);
    for (const Socket socket : peers_) client_->close(socket);
    turn();
  }

  void turn() {
    for (UringIo* io : {client_.get(), server_.get()}) {
      std::vector<Completed> completed;
      io->wait(std::chrono::milliseconds(1), completed);
      for (Completed& item : completed) item.completion->run(item.event);
    }
  }
  bool run_until(const std::function<bool()>& done) {
    const TimePoint limit = server_->now() + std::chrono::seconds(30);
    while (!done() && server_->now() < limit) turn();
    return done();
  }
  /// What the accept was told: a socket, or -errno.
  int connect_one() {
    const size_t before = accept_.events();
    Op connect;
    peers_.push_back(*client_->open(Transport::tcp, AF_INET));
    client_->connect(peers_.back(), *server_->local_address(listener_), connect.completion());
    EXPECT_TRUE(run_until([&] { return connect.done() && accept_.events() > before; }));
    return accept_.last();
  }

  std::unique_ptr<UringIo> client_;
  std::unique_ptr<UringIo> server_;
  Socket listener_;
  Op accept_;
  std::vector<Socket> peers_;
};

TEST_F(DirectSockets, AFullTableRefusesUntilOneHasGone) {
  std::vector<int> accepted;
  for (uint32_t i = 0; i < kPlaces; ++i) accepted.push_back(connect_one());
  for (const int socket : accepted) ASSERT_GE(socket, 0);
  EXPECT_EQ(connect_one(), -ENFILE);
  EXPECT_FALSE(accept_.submitted());
  Op refused;  // the kernel has closed it
  client_->recv(peers_.back(), refused.completion());
  EXPECT_TRUE(run_until([&] { return refused.done(); }));
  EXPECT_LE(refused.last(), 0);
  server_->close(Socket{accepted.back()});
  accepted.pop_back();
  turn();
  server_->accept(listener_, accept_.completion());
  accepted.push_back(connect_one());
  EXPECT_GE(accepted.back(), 0);
  for (const int socket : accepted) server_->close(Socket{socket});
}

// To cancel by socket would be one more, and a walk over all that is armed: with 20,000 clients a
// shard was busy for seconds when they ended together.
TEST_F(DirectSockets, AnEndAsksTheRingForNothingButADescriptor) {
  const Socket socket{connect_one()};
  Op receive;
  server_->recv(socket, receive.completion());
  turn();
  ASSERT_TRUE(receive.submitted());
  const uint64_t before = server_->counters().sqes.get();
  server_->shutdown(socket);
  EXPECT_EQ(server_->counters().sqes.get() - before, 1U);
  EXPECT_TRUE(run_until([&] { return receive.done(); }));
  EXPECT_EQ(receive.last(), 0);
  server_->close(socket);
}

TEST_F(DirectSockets, WithoutADescriptorAnEndIsCancelledInstead) {
  const Socket socket{connect_one()};
  Op receive;
  server_->recv(socket, receive.completion());
  turn();
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  server_->shutdown(socket);
  const Result<Address> peer = server_->peer_address(socket);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(peer.status().code(), StatusCode::resource_exhausted) << peer.status().message();
  EXPECT_TRUE(run_until([&] { return receive.done(); }));
  server_->close(socket);
}

// An end must be possible as a reset also in a process that has used up its descriptors.
TEST_F(DirectSockets, TheRingKeepsADescriptorForThem) {
  const Socket socket{connect_one()};
  ASSERT_GE(socket.handle, 0);
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int highest = ::dup(0);
  const rlimit few = {.rlim_cur = static_cast<rlim_t>(highest) + 10, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> all = {highest};
  for (int next = ::dup(0); next >= 0; next = ::dup(0)) all.push_back(next);
  EXPECT_EQ(errno, EMFILE);
  std::vector<Status> answers;
  for (int i = 0; i < 3; ++i) {
    answers.push_back(server_->set_option(socket, SocketOption::reset_on_close, 1));
    answers.push_back(server_->peer_address(socket).status());
  }
  EXPECT_EQ(::dup(0), -1) << "and it is the ring's again";
  for (const int descriptor : all) ::close(descriptor);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  for (const Status& answer : answers) EXPECT_TRUE(answer.ok()) << answer.message();
  server_->close(socket);
}

TEST(DirectSocketsTable, CannotBeLargerThanTheLimit) {
  UringOptions options;
  options.direct_slots = direct_slots_max() + 1;
  const auto io = UringIo::create(options);
  ASSERT_FALSE(io.ok());
  if (io.status().code() == StatusCode::unsupported) GTEST_SKIP() << io.status().message();
  EXPECT_EQ(io.status().code(), StatusCode::resource_exhausted) << io.status().message();
  EXPECT_NE(io.status().message().find("RLIMIT_NOFILE"), std::string::npos);
}

}  // namespace
}  // namespace ringroad::engine
