// Property: the load counts deliveries rightly: the slowest subscriber is the slowest, all dialects
//         have frames of one length, a missing delivery is seen, and medians are medians.
// Method: random advances beside a plain vector; frames decoded again; a server in this test that
//         keeps one message back.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <thread>

#include "bench/macro/dialect.h"
#include "bench/macro/load.h"
#include "bench/macro/progress.h"
#include "bench/macro/report.h"
#include "bench/macro/tcp.h"
#include "bench/macro/yardstick_words.h"
#include "proto/packet.h"

namespace ringroad::bench {
namespace {

TEST(Progress, AgreesWithAScan) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const size_t window = 1 + random() % 9;
    std::vector<uint64_t> model(1 + random() % 20, 0);
    Progress progress(model.size(), window);
    for (int step = 0; step < 500; ++step) {
      uint64_t& has = model[random() % model.size()];
      const uint64_t limit = *std::min_element(model.begin(), model.end()) + window;
      const uint64_t gets = has + random() % (limit - has + 1);
      progress.advance(has, gets);
      has = gets;
      ASSERT_EQ(progress.slowest(), *std::min_element(model.begin(), model.end()));
    }
  }
}

TEST(Dialect, AllFramesHaveOneLength) {
  for (const size_t payload : {16u, 99u, 100u, 128u, 999u, 1000u, 1024u, 16'384u, 65'536u}) {
    SCOPED_TRACE(payload);
    const size_t bytes = frame_bytes(payload);
    EXPECT_GE(bytes, payload + 20);
    EXPECT_LT(bytes, payload + 20 + 24);
    for (const Protocol protocol : {Protocol::raw, Protocol::vsoa, Protocol::resp, Protocol::nats,
                                    Protocol::mqtt, Protocol::zmtp}) {
      const Dialect dialect = make_dialect(protocol, payload);  // CHECKs a delivery's length, too
      EXPECT_EQ(dialect.frame_bytes, bytes);
      EXPECT_EQ(dialect.publish.size(), bytes);
      EXPECT_NE(dialect.publish.find("abcdefghijklmnop"), std::string::npos);
    }
    const Dialect vsoa = make_dialect(Protocol::vsoa, payload);
    ASSERT_EQ(vsoa.publish.size(), bytes);
    proto::PacketHeader header;
    ASSERT_EQ(proto::decode_header(std::as_bytes(std::span(vsoa.publish)), header),
              proto::DecodeError::none);
    EXPECT_EQ(header.type, proto::PacketType::datagram);
    EXPECT_EQ(header.data_bytes, payload);
    EXPECT_EQ(header.total_bytes(), bytes);
  }
}

TEST(Dialect, EveryPayloadCanBeFramedByEverybody) {
  // Around the lengths where a head of MQTT, ZMTP or RESP grows by a byte.
  for (size_t payload = 16; payload < 1100; ++payload) {
    for (const Protocol protocol : {Protocol::nats, Protocol::mqtt, Protocol::zmtp}) {
      make_dialect(protocol, payload);
    }
  }
  for (size_t payload = 16'300; payload < 16'400; ++payload) make_dialect(Protocol::mqtt, payload);
}

TEST(Dialect, RefusesPayloadsThatItCannotFrame) {
  EXPECT_FALSE(check_payload(15).ok());
  EXPECT_TRUE(check_payload(16).ok());
  EXPECT_TRUE(check_payload(65'536).ok());
  EXPECT_FALSE(check_payload(65'537).ok());
}

/// Answers one subscriber and one publisher as a yardstick does, and relays all but `kept` bytes.
void relay_without(const Tcp& listener, size_t expected, size_t kept, std::promise<void>& relayed) {
  std::vector<Tcp> sockets;
  for (int i = 0; i < 2; ++i) {
    sockets.emplace_back(accept(listener.fd(), nullptr, nullptr));
    ASSERT_TRUE(read_exactly(sockets.back(), 1).ok());
    ASSERT_TRUE(write_all(sockets.back(), std::string(1, kYardstickAnswer)).ok());
  }
  const Result<std::string> bytes = read_exactly(sockets[1], expected);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  ASSERT_TRUE(write_all(sockets[0], std::string_view(*bytes).substr(kept)).ok());
  relayed.set_value();
  while (read_exactly(sockets[0], 1).ok()) continue;  // until the load has gone
}

uint64_t missing_when_kept(size_t kept_messages) {
  const Dialect dialect = make_dialect(Protocol::raw, 128);
  constexpr size_t kWindow = 8;
  const Result<Tcp> listener = listen_on_loopback();
  EXPECT_TRUE(listener.ok());
  std::promise<void> relayed;
  std::thread server([&] {
    relay_without(*listener, kWindow * dialect.frame_bytes, kept_messages * dialect.frame_bytes,
                  relayed);
  });
  uint64_t missing = 0;
  {
    Load load(dialect, Drive::window, {.subscribers = 1, .window = kWindow});
    EXPECT_TRUE(load.connect(*port_of(*listener)).ok());
    EXPECT_TRUE(load.publish_window().ok());
    relayed.get_future().wait();  // what will come is there: the limit below only ends the wait
    const Result<uint64_t> finished = load.finish(std::chrono::milliseconds(200));
    EXPECT_TRUE(finished.ok());
    if (finished.ok()) missing = *finished;
  }
  server.join();
  return missing;
}

TEST(Load, SeesWhatIsMissing) {
  EXPECT_EQ(missing_when_kept(0), 0u);
  EXPECT_EQ(missing_when_kept(3), 3u);
}

TEST(Report, MedianAndRatios) {
  EXPECT_EQ(median({}), 0.0);
  EXPECT_EQ(median({3, 1, 2}), 2.0);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  Report report;
  report.rows = {{.contender = {.name = "relay-limit"}, .rounds = {}},
                 {.contender = {.name = "ringroad"}, .rounds = {}}};
  for (const double rate : {100e6, 200e6, 300e6}) {
    report.rows[0].rounds.push_back({.deliveries_per_s = rate});
    report.rows[1].rounds.push_back({.deliveries_per_s = rate / 2, .missing = 1});
  }
  const std::string text = table(report);
  EXPECT_NE(text.find("| ringroad | 100.00 M | 50.00 M to 150.00 M | 0.500 |"), text.npos) << text;
  EXPECT_NE(text.find("| 3 |\n"), text.npos) << text;
  const nlohmann::json document = nlohmann::json::parse(json(report));
  EXPECT_EQ(document["contenders"][1]["rounds"].size(), 3u);
}

}  // namespace
}  // namespace ringroad::bench
