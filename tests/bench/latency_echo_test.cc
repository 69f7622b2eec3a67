// Property: what the latency and echo loads report is what happened: messages that are kept back,
//         doubled or swapped are counted as such, slow answers count as slow, wrong ones end the
//         round.
// Method: servers in this test that do one such thing to the first messages and then relay or echo.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

#include "bench/macro/echo_load.h"
#include "bench/macro/latency_load.h"
#include "bench/macro/tcp.h"
#include "bench/macro/yardstick_words.h"

namespace ringroad::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Change = std::function<std::string(const std::vector<std::string>& frames)>;

constexpr size_t kChanged = 4;  // frames that a server changes before it relays

/// One subscriber, one publisher; the first kChanged frames go through `change`.
void relay_changed(const Tcp& listener, size_t frame, const Change& change) {
  std::vector<Tcp> sockets;
  for (int i = 0; i < 2; ++i) {
    sockets.emplace_back(accept(listener.fd(), nullptr, nullptr));
    ASSERT_TRUE(read_exactly(sockets.back(), 1).ok());
    ASSERT_TRUE(write_all(sockets.back(), std::string(1, kYardstickAnswer)).ok());
  }
  std::vector<std::string> frames;
  while (frames.size() < kChanged) {
    const Result<std::string> bytes = read_exactly(sockets[1], frame);
    ASSERT_TRUE(bytes.ok());
    frames.push_back(*bytes);
  }
  ASSERT_TRUE(write_all(sockets[0], change(frames)).ok());
  while (true) {
    const Result<std::string> bytes = read_exactly(sockets[1], frame);
    if (!bytes.ok() || !write_all(sockets[0], *bytes).ok()) return;  // the load has gone
  }
}

/// A server in a thread. It ends with its connections, and stops waiting for more of them in the
/// destructor: a load that could not connect must not leave it in accept().
class ScriptedServer {
 public:
  explicit ScriptedServer(const std::function<void(const Tcp& listener)>& serve)
      : listener_(listen_on_loopback()) {
    EXPECT_TRUE(listener_.ok()) << listener_.status().message();
    if (listener_.ok()) thread_ = std::thread([this, serve] { serve(*listener_); });
  }
  ~ScriptedServer() {
    if (!thread_.joinable()) return;
    shutdown(listener_->fd(), SHUT_RDWR);
    thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return *port_of(*listener_); }

 private:
  Result<Tcp> listener_;
  std::thread thread_;
};

Result<Completeness> latency_through(const Change& change) {
  const Dialect dialect = make_dialect(Protocol::raw, 128);
  const ScriptedServer server(
      [&](const Tcp& listener) { relay_changed(listener, dialect.frame_bytes, change); });
  LatencyLoad load(dialect, {.subscribers = 1, .per_second = 2000});
  Status status = load.connect(server.port());
  if (status.ok()) load.start_measuring();
  while (status.ok() && load.published() < 2 * kChanged) {
    status = load.run_until(Clock::now() + std::chrono::milliseconds(5));
  }
  if (!status.ok()) return status;
  const Result<Completeness> outcome = load.finish();
  EXPECT_EQ(load.latency().count(), load.deliveries());
  return outcome;
}

std::string joined(const std::vector<std::string>& frames, const std::vector<size_t>& order) {
  std::string text;
  for (const size_t index : order) text += frames[index];
  return text;
}

TEST(LatencyLoad, SeesAWholeStream) {
  const auto outcome = latency_through([](const auto& all) { return joined(all, {0, 1, 2, 3}); });
  ASSERT_TRUE(outcome.ok()) << outcome.status().message();
  EXPECT_TRUE(outcome->perfect());
  EXPECT_GE(outcome->received, kChanged);
}

TEST(LatencyLoad, SeesLossDoublesAndDisorder) {
  const auto outcome = latency_through([](const auto& all) { return joined(all, {0, 2, 1, 2}); });
  ASSERT_TRUE(outcome.ok()) << outcome.status().message();
  EXPECT_EQ(outcome->reordered, 1u);
  EXPECT_EQ(outcome->duplicates, 1u);
  EXPECT_EQ(outcome->lost, 1u);  // the last of the four
}

TEST(LatencyLoad, CountsFromTheIntendedTime) {
  const Dialect dialect = make_dialect(Protocol::raw, 128);
  const ScriptedServer server([&](const Tcp& listener) {
    relay_changed(listener, dialect.frame_bytes, [](const auto& all) {
      return joined(all, {0, 1, 2, 3});
    });
  });
  LatencyLoad load(dialect, {.subscribers = 1, .per_second = 1000});
  ASSERT_TRUE(load.connect(server.port()).ok());
  load.start_measuring();
  // The load itself is late: nobody may take that for a fast server.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  while (load.published() < 2 * kChanged) {
    ASSERT_TRUE(load.run_until(Clock::now() + std::chrono::milliseconds(5)).ok());
  }
  ASSERT_TRUE(load.finish().ok());
  EXPECT_GE(load.latency().max(), 25'000'000u);
  EXPECT_GE(load.self().lateness().max(), 25'000'000u);
}

/// Echoes, after `change` has seen what came.
void echo_changed(const Tcp& listener, const std::function<void(std::string&)>& change) {
  const Tcp socket(accept(listener.fd(), nullptr, nullptr));
  std::string bytes(4096, '\0');
  while (true) {
    const ssize_t got = recv(socket.fd(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return;
    std::string answer = bytes.substr(0, static_cast<size_t>(got));
    change(answer);
    if (!write_all(socket, answer).ok()) return;
  }
}

/// Until there are `wanted` answers, or one is wrong.
Status echo_through(const std::function<void(std::string&)>& change, uint64_t wanted,
                    uint64_t& slowest_ns) {
  const ScriptedServer server([&](const Tcp& listener) { echo_changed(listener, change); });
  EchoLoad load(make_echo_dialect(Protocol::raw, 64), {.connections = 1, .depth = 4});
  load.start_measuring();
  Status status = load.connect(server.port());
  while (status.ok() && load.answers() < wanted) {
    status = load.run_until(Clock::now() + std::chrono::milliseconds(5));
  }
  slowest_ns = load.round_trip().max();
  return status;
}

TEST(EchoLoad, CountsAnswersAndTheirTime) {
  uint64_t slowest_ns = 0;
  size_t rounds = 0;
  const Status status = echo_through(
      [&](std::string&) {
        if (rounds++ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      },
      4, slowest_ns);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_GE(slowest_ns, 19'000'000u);
}

TEST(EchoLoad, WantsItsPayloadBack) {
  uint64_t slowest_ns = 0;
  const Status status =
      echo_through([](std::string& text) { text[5] = '?'; }, UINT64_MAX, slowest_ns);
  EXPECT_EQ(status.code(), StatusCode::bad_response);
}

TEST(EchoLoad, WantsNoMoreThanItAskedFor) {
  uint64_t slowest_ns = 0;
  const Status status =
      echo_through([](std::string& text) { text += text + text; }, UINT64_MAX, slowest_ns);
  EXPECT_EQ(status.code(), StatusCode::bad_response);
}

TEST(FrameCheck, SeesShiftsAndOtherContents) {
  const std::string frame = "head" + std::string(kPayloadBegin) + "tail!";  // 25 bytes
  const std::string stream = frame + frame + frame + frame;
  FrameCheck check(frame.size(), kPayloadBegin);
  EXPECT_TRUE(check.check(0, std::string_view(stream).substr(0, 10)));  // nothing is known yet
  EXPECT_TRUE(check.check(10, std::string_view(stream).substr(10, 60)));
  EXPECT_TRUE(check.check(70, std::string_view(stream).substr(70)));
  EXPECT_FALSE(check.check(71, std::string_view(stream).substr(70)));
  std::string other = stream;
  other.back() = '?';
  EXPECT_FALSE(check.check(0, other));
  other = stream;
  other.front() = '?';
  EXPECT_FALSE(check.check(0, other));
  FrameCheck strict(frame.size(), "something else");
  EXPECT_FALSE(strict.check(0, stream));
}

TEST(EchoDialect, RequestsHaveOneLength) {
  for (const size_t payload : {1u, 64u, 65u, 1000u}) {
    const EchoDialect vsoa = make_echo_dialect(Protocol::vsoa, payload);
    const EchoDialect raw = make_echo_dialect(Protocol::raw, payload);
    EXPECT_EQ(vsoa.request.size(), raw.request.size());
    EXPECT_EQ(raw.answer_bytes, raw.request.size());
  }
}

}  // namespace
}  // namespace ringroad::bench
