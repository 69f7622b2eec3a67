// Property: every contender that is installed delivers every message to every subscriber, once, in
//         order and in frames of the common length; its messages carry what they were given.
// Method: each is started as the benches start it, with few subscribers and messages; what arrives
//         is counted to the byte, and once more by the number that each message carries.
#include "bench/macro/contender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "bench/macro/latency_load.h"
#include "bench/macro/load.h"

namespace ringroad::bench {
namespace {

constexpr size_t kSubscribers = 7;
constexpr size_t kWindow = 16;
constexpr std::array<size_t, 4> kPayloads = {24, 128, 230, 4096};  // 230: zmq has two frames then

class ContenderTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const Result<Contender> found = find_contender(GetParam(), built_programs());
    if (!found.ok()) GTEST_SKIP() << found.status().message();
    contender_ = *found;
  }

  RunningServer started(const Dialect& dialect) {
    Result<RunningServer> server =
        start_server(contender_, dialect.frame_bytes, allowed_cores().front());
    EXPECT_TRUE(server.ok()) << server.status().message();
    return std::move(*server);
  }

  Contender contender_;
};

TEST_P(ContenderTest, DeliversEveryByteOnce) {
  for (const size_t payload : kPayloads) {
    SCOPED_TRACE(payload);
    const Dialect dialect = make_dialect(contender_.protocol, payload);
    const RunningServer server = started(dialect);
    Load load(dialect, contender_.drive, {.subscribers = kSubscribers, .window = kWindow});
    Status status = load.connect(server.port);
    ASSERT_TRUE(status.ok()) << status.message();
    while (status.ok() && load.counts().delivered_bytes == 0) {
      status = load.run_until(Load::Clock::now() + std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(status.ok()) << status.message();
    const Result<uint64_t> missing = load.finish();
    ASSERT_TRUE(missing.ok()) << missing.status().message();
    EXPECT_EQ(*missing, 0u);
    EXPECT_GT(load.counts().delivered_bytes, 0u);
    EXPECT_EQ(load.counts().delivered_bytes % (kSubscribers * dialect.frame_bytes), 0u);
    if (contender_.drive == Drive::flood) continue;
    EXPECT_GE(load.counts().published, kWindow);
    EXPECT_EQ(load.counts().delivered_bytes,
              load.counts().published * kSubscribers * dialect.frame_bytes);
  }
}

TEST_P(ContenderTest, DeliversEveryMessageOnceAndInOrder) {
  if (contender_.drive == Drive::flood) return;  // its messages are its own, and have no numbers
  const Dialect dialect = make_dialect(contender_.protocol, 128);
  const RunningServer server = started(dialect);
  LatencyLoad load(dialect, {.subscribers = kSubscribers, .per_second = 500});
  Status status = load.connect(server.port);
  ASSERT_TRUE(status.ok()) << status.message();
  load.start_measuring();
  status = load.run_until(LatencyLoad::Clock::now() + std::chrono::milliseconds(50));
  ASSERT_TRUE(status.ok()) << status.message();
  const Result<Completeness> outcome = load.finish();
  ASSERT_TRUE(outcome.ok()) << outcome.status().message();
  EXPECT_GT(outcome->received, 0u);
  EXPECT_TRUE(outcome->perfect()) << outcome->lost << " lost, " << outcome->duplicates
                                  << " doubled, " << outcome->reordered << " out of order";
}

INSTANTIATE_TEST_SUITE_P(All, ContenderTest, ::testing::ValuesIn(contender_names()),
                         [](const auto& contender) {
                           std::string name = contender.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Contenders, WhatIsNotThereIsNamedWithItsPackage) {
  const Result<Contender> zmq = find_contender("zmq", Programs{});
  ASSERT_FALSE(zmq.ok());
  EXPECT_EQ(zmq.status().code(), StatusCode::unsupported);
  EXPECT_NE(zmq.status().message().find("apt-get install"), std::string::npos);
  EXPECT_EQ(find_contender("nobody", Programs{}).status().code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace ringroad::bench
