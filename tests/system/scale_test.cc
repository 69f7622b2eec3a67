// Property: ten thousand clients connect, get a publish exactly once and leave; the publish costs one
//           append per cohort whatever their number, and nothing of them stays.
// Method: this program starts itself once more as a fleet of clients, so that each side has the
//         descriptors it needs; the two talk in lines over pipes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/descriptor_limit.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kClients = 2'000;
#else
constexpr int kClients = 10'000;
#endif
constexpr uint32_t kShards = 2;
constexpr auto kPatience = std::chrono::seconds(60);
constexpr int kConnectingMax = 500;  // at a time: the backlog of a listener is limited
constexpr std::string_view kFleetArgument = "--fleet-of-clients-for";

// ---- The fleet: what the other process does

struct FleetClient {
  explicit FleetClient(ClientLoop& loop) : client(loop) {}

  std::string seen;  // loop thread; read when all is over
  Client client;
};

class Fleet {
 public:
  explicit Fleet(std::string url) : url_(std::move(url)) {}

  int run() {
    if (!connect_all()) return fail("connect");
    if (!subscribe_all()) return fail("subscribe");
    if (!tell_and_wait("subscribed", ones_)) return fail("the publish");
    if (!tell_and_wait("got one", ends_)) return fail("the last publish");
    for (const auto& each : clients_) each->client.disconnect();
    const bool once = std::all_of(clients_.begin(), clients_.end(),
                                  [](const auto& each) { return each->seen == "1e"; });
    return once ? 0 : fail("exactly once");
  }

 private:
  int fail(const char* what) {
    std::cerr << "fleet: " << what << ": " << connected_ << " connected, " << subscribed_
              << " subscribed, " << ones_ << " + " << ends_ << " messages, " << failures_
              << " failures" << std::endl;
    return 1;
  }

  bool connect_all() {
    for (int i = 0; i < kClients; ++i) {
      if (!wait_until([&] { return i - connected_ < kConnectingMax || failures_ > 0; })) break;
      clients_.push_back(std::make_unique<FleetClient>(loop_));
      FleetClient& fresh = *clients_.back();
      fresh.client.on_message([this, &fresh](std::string_view url, const PayloadView&, Channel) {
        fresh.seen += url == "/fleet/one" ? '1' : 'e';
        ++(url == "/fleet/one" ? ones_ : ends_);
      });
      const ConnectOptions options{.timeout = kPatience, .quick = false};
      if (!fresh.client.connect_async(url_, options, counter(connected_)).ok()) return false;
    }
    return all(connected_);
  }

  bool subscribe_all() {
    for (const auto& each : clients_) {
      if (!each->client.subscribe_async("/fleet/", counter(subscribed_)).ok()) return false;
    }
    return all(subscribed_);
  }

  bool tell_and_wait(const char* line, const std::atomic<int>& count) {
    std::cout << line << std::endl;
    return all(count);
  }

  Client::DoneCallback counter(std::atomic<int>& count) {
    return [this, &count](const Status& status) { status.ok() ? ++count : ++failures_; };
  }
  bool all(const std::atomic<int>& count) {
    wait_until([&] { return count >= kClients || failures_ > 0; }, kPatience);
    return count >= kClients && failures_ == 0;
  }

  const std::string url_;
  std::atomic<int> connected_{0};
  std::atomic<int> subscribed_{0};
  std::atomic<int> ones_{0};
  std::atomic<int> ends_{0};
  std::atomic<int> failures_{0};
  ClientLoop loop_;
  std::vector<std::unique_ptr<FleetClient>> clients_;
};

// ---- The fleet, seen from the test

class FleetProcess {
 public:
  explicit FleetProcess(const std::string& url) {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    std::string argument(kFleetArgument);
    std::string server = url;
    std::array<char*, 4> argv = {program_.data(), argument.data(), server.data(), nullptr};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execv("/proc/self/exe", argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = support::Descriptor(ends[0]);
  }
  ~FleetProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  FleetProcess(const FleetProcess&) = delete;
  FleetProcess& operator=(const FleetProcess&) = delete;

  /// The next line; empty if none comes.
  std::string line() {
    std::string line;
    const auto patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
    for (char byte = 0; byte != '\n'; line += byte) {
      pollfd readable = {.fd = output_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, patience) != 1 || ::read(output_.get(), &byte, 1) != 1) return "";
    }
    line.pop_back();
    return line;
  }
  int exit_code() {
    int status = 0;
    if (!line().empty() || ::waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  std::string program_ = "fleet";
  pid_t pid_ = -1;
  support::Descriptor output_;
};

TEST(ScaleTest, TenThousandClientsGetItOnceAndLeaveNothing) {
  constexpr rlim_t kNeeded = kClients + 200;
  const rlim_t limit = support::raise_descriptor_limit();
  if (limit < kNeeded) {
    GTEST_SKIP() << "SKIPPED: needs " << kNeeded << " descriptors, ulimit -Hn says " << limit;
  }
  Server server(live_options(kShards));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  const uint64_t live_before = server.stats().bytes_live;
  FleetProcess fleet(url_of(server));
  ASSERT_EQ(fleet.line(), "subscribed");
  EXPECT_EQ(server.stats().clients_now, uint64_t{kClients});
  EXPECT_EQ(server.clients().size(), size_t{kClients});
  const ServerStats before = server.stats();
  ASSERT_TRUE(is_ok(server.publish("/fleet/one", {.data = std::string(100, 'x')})));
  ASSERT_EQ(fleet.line(), "got one");
  EXPECT_LE(server.stats().cohort_appends - before.cohort_appends, kShards);
  EXPECT_TRUE(wait_until(
      [&] { return server.stats().deliveries - before.deliveries == uint64_t{kClients}; }));
  ASSERT_TRUE(is_ok(server.publish("/fleet/end", {})));
  EXPECT_EQ(fleet.exit_code(), 0);
  EXPECT_TRUE(wait_until([&] { return server.stats().connections_now == 0; }, kPatience));
  const ServerStats after = server.stats();
  EXPECT_EQ(after.clients_now, 0U);
  EXPECT_EQ(after.connections_accepted, uint64_t{kClients});
  EXPECT_EQ(after.closed_by_peer, uint64_t{kClients});
  EXPECT_EQ(after.deliveries, 2U * kClients);
  EXPECT_EQ(after.deliveries_dropped, 0U);
  // Each shard keeps the two blocks that it writes into.
  EXPECT_LE(after.bytes_live, live_before + 2 * kShards * 65'536U);
  EXPECT_FALSE(server.is_subscribed("/fleet/one"));
}

}  // namespace
}  // namespace ringroad::testing

// Instead of gtest_main: the fleet is this very program.
int main(int argc, char** argv) {
  namespace here = ringroad::testing;
  if (argc == 3 && argv[1] == here::kFleetArgument) {
    (void)ringroad::support::raise_descriptor_limit();
    return here::Fleet(argv[2]).run();
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
