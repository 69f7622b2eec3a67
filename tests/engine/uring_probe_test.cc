// Property: a refusal of io_uring becomes one sentence with cause and cure; where io_uring works
//         the floor is all there.
// Method: the pure mapping is asked for each errno the kernel can give; the probe runs on this
//         machine.
#include "engine/uring_probe.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/uring_io.h"

namespace ringroad::engine {
namespace {

RefusalFacts facts() {
  return {.kernel = "5.10.0-test", .disabled_sysctl = "0", .locked_bytes_max = 65'536};
}

bool contains(const Status& status, std::string_view text) {
  return status.message().find(text) != std::string::npos;
}

TEST(UringProbe, NamesAMissingIoUring) {
  const Status status = refusal_status("io_uring_setup", ENOSYS, facts());
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_TRUE(contains(status, "5.10.0-test")) << status.message();
  EXPECT_TRUE(contains(status, "6.1")) << status.message();
}

TEST(UringProbe, NamesAnOldKernel) {
  const Status status = refusal_status("io_uring_setup", EINVAL, facts());
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_TRUE(contains(status, "5.10.0-test")) << status.message();
  EXPECT_TRUE(contains(status, "6.1")) << status.message();
}

TEST(UringProbe, NamesTheSysctlWithItsValue) {
  RefusalFacts disabled = facts();
  for (const char* value : {"1", "2"}) {
    disabled.disabled_sysctl = value;
    const Status status = refusal_status("io_uring_setup", EPERM, disabled);
    EXPECT_EQ(status.code(), StatusCode::no_permission);
    EXPECT_TRUE(contains(status, std::string("kernel.io_uring_disabled is ") + value))
        << status.message();
    EXPECT_FALSE(contains(status, "seccomp")) << status.message();
  }
}

TEST(UringProbe, BlamesSeccompWhereTheSysctlAllows) {
  RefusalFacts allowed = facts();
  for (const char* value : {"0", ""}) {
    allowed.disabled_sysctl = value;
    const Status status = refusal_status("io_uring_setup", EPERM, allowed);
    EXPECT_EQ(status.code(), StatusCode::no_permission);
    EXPECT_TRUE(contains(status, "seccomp")) << status.message();
  }
}

TEST(UringProbe, NamesLimitsThatRanOut) {
  const Status memory = refusal_status("mmap", ENOMEM, facts());
  EXPECT_EQ(memory.code(), StatusCode::resource_exhausted);
  EXPECT_TRUE(contains(memory, "RLIMIT_MEMLOCK of 65536 bytes")) << memory.message();
  EXPECT_TRUE(contains(memory, "LimitMEMLOCK=")) << memory.message();
  const Status descriptors = refusal_status("io_uring_setup", EMFILE, facts());
  EXPECT_EQ(descriptors.code(), StatusCode::resource_exhausted);
  EXPECT_TRUE(contains(descriptors, "RLIMIT_NOFILE")) << descriptors.message();
  EXPECT_EQ(refusal_status("io_uring_setup", ENFILE, facts()).code(),
            StatusCode::resource_exhausted);
}

TEST(UringProbe, KeepsTheNumberOfTheUnexpected) {
  const Status status = refusal_status("io_uring_setup", EIO, facts());
  EXPECT_EQ(status.code(), StatusCode::internal);
  EXPECT_TRUE(contains(status, "errno " + std::to_string(EIO))) << status.message();
  EXPECT_TRUE(contains(status, "io_uring_setup")) << status.message();
}

TEST(UringProbe, FindsTheFloor) {
  const Result<IoFeatures> features = probe_io_uring();
  if (!features.ok()) {
    EXPECT_NE(features.status().code(), StatusCode::internal) << features.status().message();
    GTEST_SKIP() << features.status().message();
  }
  EXPECT_FALSE(features->kernel.empty());
  EXPECT_TRUE(features->buffer_rings);
  EXPECT_TRUE(features->multishot);
  EXPECT_TRUE(features->msg_ring);
  EXPECT_TRUE(features->zero_copy_send);  // 6.0, older than the floor
}

std::unique_ptr<UringIo> make_io(const UringOptions& options) {
  Result<std::unique_ptr<UringIo>> io = UringIo::create(options);
  return io.ok() ? std::move(*io) : nullptr;
}

/// Counts the ends of connects.
class Connects {
 public:
  explicit Connects(size_t count) : completions_(count) {
    for (Completion& completion : completions_) {
      completion = Completion::bind<&Connects::on_connect>(this);
    }
  }
  std::vector<Completion>& completions() { return completions_; }
  size_t refused() const { return refused_; }

 private:
  void on_connect(IoEvent& event) { refused_ += event.result == -ECONNREFUSED ? 1 : 0; }

  std::vector<Completion> completions_;
  size_t refused_ = 0;
};

TEST(UringIo, AFullQueueIsSubmittedEarlyAndLosesNothing) {
  // 100 operations through a queue of 8 and completions of 16: both overflow many times.
  const std::unique_ptr<UringIo> io =
      make_io({.submissions = 8, .completions = 16, .receive_buffers = 8, .datagram_buffers = 8});
  if (io == nullptr) GTEST_SKIP() << probe_io_uring().status().message();
  const Socket nobody = *io->open(Transport::tcp, AF_INET);
  ASSERT_TRUE(io->bind(nobody, *Address::parse("127.0.0.1:0")).ok());
  const Address address = *io->local_address(nobody);
  Connects connects(100);
  std::vector<Socket> sockets;
  for (Completion& completion : connects.completions()) {
    sockets.push_back(*io->open(Transport::tcp, AF_INET));
    io->connect(sockets.back(), address, completion);
  }
  std::vector<Completed> completed;
  while (completed.size() < 100) io->wait(std::chrono::seconds(1), completed);
  for (Completed& item : completed) item.completion->run(item.event);
  EXPECT_EQ(connects.refused(), 100U);
  EXPECT_GE(io->counters().sqes.get(), 100U);
  EXPECT_GE(io->counters().cqes.get(), 100U);
  EXPECT_GE(io->counters().enters.get(), 100U / 8);
  for (const Socket socket : sockets) io->close(socket);
  io->close(nobody);
}

/// Counts receives.
class Receives {
 public:
  explicit Receives(size_t count) : completions_(count) {
    for (Completion& completion : completions_) {
      completion = Completion::bind<&Receives::on_recv>(this);
    }
  }
  std::vector<Completion>& completions() { return completions_; }
  size_t ended() const { return ended_; }

 private:
  void on_recv(IoEvent& event) { ended_ += event.more ? 0 : 1; }

  std::vector<Completion> completions_;
  size_t ended_ = 0;
};

TEST(UringIo, OneWaitCollectsAllThatIsReady) {
  // The kernel runs about 20 items of deferred work per call; wait() has to go on.
  constexpr size_t kSockets = 150;
  const std::unique_ptr<UringIo> io = make_io({});
  if (io == nullptr) GTEST_SKIP() << probe_io_uring().status().message();
  Receives receives(kSockets);
  std::vector<std::array<int, 2>> pairs(kSockets);
  std::vector<Completed> completed;
  for (size_t i = 0; i < kSockets; ++i) {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i].data()), 0);
    io->recv(Socket{pairs[i][0]}, receives.completions()[i]);
  }
  io->wait(Duration::zero(), completed);
  ASSERT_TRUE(completed.empty());
  for (const auto& pair : pairs) ASSERT_EQ(::write(pair[1], "x", 1), 1);
  io->wait(std::chrono::seconds(5), completed);
  EXPECT_EQ(completed.size(), kSockets);
  for (const auto& pair : pairs) ::close(pair[1]);
  while (receives.ended() < kSockets) {
    for (Completed& item : completed) {
      item.completion->run(item.event);
      item.event.lease.reset();
    }
    completed.clear();
    if (receives.ended() < kSockets) io->wait(std::chrono::seconds(1), completed);
  }
  for (const auto& pair : pairs) io->close(Socket{pair[0]});
}

TEST(UringIo, AWakeBeforeTheFirstWaitIsKept) {
  const std::unique_ptr<UringIo> one = make_io({});
  const std::unique_ptr<UringIo> other = make_io({});
  if (one == nullptr || other == nullptr) GTEST_SKIP() << probe_io_uring().status().message();
  std::vector<Completed> completed;
  one->wake();
  other->wake_peer(*one);  // not bound to a thread yet: no ring message can reach it
  other->wait(Duration::zero(), completed);
  std::thread sleeper([&] { one->wait(std::chrono::minutes(5), completed); });
  sleeper.join();
  EXPECT_TRUE(completed.empty());
}

TEST(UringIo, AnIdleWaitWithoutTimeoutCostsNoSystemCall) {
  const std::unique_ptr<UringIo> io = make_io({});
  if (io == nullptr) GTEST_SKIP() << probe_io_uring().status().message();
  std::vector<Completed> completed;
  io->wait(Duration::zero(), completed);
  const uint64_t before = io->counters().enters.get();
  for (int i = 0; i < 100; ++i) io->wait(Duration::zero(), completed);
  EXPECT_EQ(io->counters().enters.get(), before);
}

TEST(UringProbe, ComparesReleases) {
  for (const char* release : {"6.13.0", "6.13", "6.18.5-rc1+", "7.0.0", "10.1"}) {
    EXPECT_TRUE(is_at_least(release, 6, 13)) << release;
  }
  for (const char* release : {"6.12.99", "6.1.0-13-amd64", "5.19", "6.", "6", "", "x.y", "-6.13"}) {
    EXPECT_FALSE(is_at_least(release, 6, 13)) << release;
  }
}

}  // namespace
}  // namespace ringroad::engine
