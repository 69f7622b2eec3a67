// Property: a lookup on a loop asks when it should and ends when it should, whatever position servers
//           send or do not send, and leaves nothing open when it ends or is stopped.
// Method:   a loop and scripted position servers on the simulator: time is virtual, so it can be
//           compared.
#include "client/loop_lookup.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ringroad/connect_code.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"
#include "tests/support/idle_work.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;

constexpr auto kTry = milliseconds(100);
constexpr auto kSlack = milliseconds(20);  // of two tries: a tick and a network delay each
const std::string kLamp = R"({"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2})";

/// A position server that does what its script says with each query.
class NameServer {
 public:
  using Script = std::function<void(NameServer& self, const engine::Address& asker)>;

  NameServer(sim::SimNetwork& network, const std::string& ip, Script script)
      : network_(network), io_(network.peers()), script_(std::move(script)) {
    socket_ = *io_.open(engine::Transport::udp, AF_INET);
    CHECK(io_.bind(socket_, *engine::Address::parse(ip + ":54")).ok());
    io_.recv_from(socket_, recv_);
  }
  ~NameServer() {
    stopped_ = true;
    io_.cancel(recv_);
    network_.advance(std::chrono::seconds(1));
    io_.close(socket_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  engine::Address address() { return *io_.local_address(socket_); }
  void say(const engine::Address& to, const std::string& text) {
    (void)io_.send_to(socket_, std::as_bytes(std::span(text)), to, nullptr);
  }

  std::vector<engine::TimePoint> queries;

 private:
  void on_recv(engine::IoEvent& event) {
    if (event.result >= 0 && !stopped_) {
      queries.push_back(network_.now());
      script_(*this, event.from);
    }
    event.lease.reset();
    if (!recv_.submitted() && !stopped_) io_.recv_from(socket_, recv_);
  }

  sim::SimNetwork& network_;
  engine::Io& io_;
  const Script script_;
  engine::Socket socket_;
  bool stopped_ = false;
  engine::Completion recv_ = engine::Completion::bind<&NameServer::on_recv>(this);
};

const NameServer::Script kSilent = [](NameServer&, const engine::Address&) {};

NameServer::Script says(std::string text) {
  return [text = std::move(text)](NameServer& self, const engine::Address& asker) {
    self.say(asker, text);
  };
}

/// One loop with one lookup.
class World final : support::IdleWork, LoopLookup::Handler {
 public:
  explicit World(const sim::SimOptions& options = {}) : network(options) {}
  ~World() {
    if (lookup_ != nullptr) lookup_->stop();
    EXPECT_TRUE(run([this] { return lookup_ == nullptr || lookup_->closed(); }));
    lookup_.reset();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void start(const std::vector<std::string>& servers) {
    std::vector<engine::Address> addresses;
    for (const std::string& ip : servers) addresses.push_back(*engine::Address::parse(ip + ":54"));
    LoopLookup::Handler& handler = *this;
    lookup_ = std::make_unique<LoopLookup>(
        loop_, handler, "lamp", Lookup(std::move(addresses), {.name = "lamp", .try_time = kTry}));
    loop_.turn();  // its clock is that of the network
    begin_ = loop_.now();
    lookup_->start();
    EXPECT_FALSE(result.has_value()) << "before start() had returned";
  }
  bool run(const std::function<bool()>& done) {
    for (int turns = 0; turns < 200'000; ++turns) {
      if (done()) return true;
      if (!turn()) return done();
    }
    return false;
  }
  bool run_to_end() {
    return run([this] { return result.has_value(); });
  }
  /// False: nothing will ever happen. Time stands still while the loop has something to do.
  bool turn() {
    const uint64_t before = io_.handed_over();
    loop_.turn();
    return io_.handed_over() != before || network.step();
  }
  engine::Duration used() const { return network.now() - begin_; }
  LoopLookup& lookup() { return *lookup_; }

  sim::SimNetwork network;
  std::optional<Result<engine::Address>> result;

 private:
  void on_lookup(const Result<engine::Address>& server) override {
    EXPECT_FALSE(result.has_value()) << "twice";
    result = server;
  }

  sim::SimIo io_{network};
  engine::Loop loop_{io_, *this};
  std::unique_ptr<LoopLookup> lookup_;
  engine::TimePoint begin_;
};

TEST(LoopLookup, V74_FindsTheAddress) {
  World world;
  const NameServer server(world.network, "10.0.1.1", says(kLamp));
  world.start({"10.0.1.1"});
  ASSERT_TRUE(world.run_to_end());
  ASSERT_TRUE(world.result->ok()) << world.result->status().message();
  EXPECT_EQ((*world.result)->to_string(), "10.0.0.7:3005");
  EXPECT_EQ(server.queries.size(), 1u);
}

TEST(LoopLookup, V74_W24_SilenceIsAskedTwiceAndThenTheNext) {
  World world;
  const NameServer silent(world.network, "10.0.1.1", kSilent);
  const NameServer server(world.network, "10.0.1.2", says(kLamp));
  world.start({"10.0.1.1", "10.0.1.2"});
  ASSERT_TRUE(world.run_to_end());
  EXPECT_TRUE(world.result->ok());
  ASSERT_EQ(silent.queries.size(), 2u);
  ASSERT_EQ(server.queries.size(), 1u);
  EXPECT_GE(silent.queries[1] - silent.queries[0], kTry - kSlack);
  EXPECT_GE(server.queries[0] - silent.queries[0], 2 * kTry - kSlack);
  EXPECT_LE(server.queries[0] - silent.queries[0], 2 * kTry + kSlack);
}

TEST(LoopLookup, V61_EveryFailureIsNotFoundWithItsCause) {
  for (const auto& [script, cause] : std::vector<std::pair<NameServer::Script, std::string>>{
           {kSilent, "did not answer 2 queries"},
           {says("{}"), "does not know"},
           {says(""), "does not know"},
           {says("<html>"), "no position"},
           {says(std::string(65'507, '{')), "no position"}}) {
    SCOPED_TRACE(cause);
    World world;
    const NameServer server(world.network, "10.0.1.1", script);
    world.start({"10.0.1.1"});
    ASSERT_TRUE(world.run_to_end());
    const Status& status = world.result->status();
    EXPECT_EQ(connect_code(status), ConnectCode::server_not_found);
    EXPECT_NE(status.message().find(cause), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("\"lamp\""), std::string::npos) << status.message();
  }
}

TEST(LoopLookup, V74_ADeadServerCostsNoTime) {
  World world;
  const NameServer server(world.network, "10.0.1.2", says(kLamp));
  world.start({"10.0.1.1", "10.0.1.2"});  // nobody has the first
  ASSERT_TRUE(world.run_to_end());
  EXPECT_TRUE(world.result->ok());
  EXPECT_LT(world.used(), kTry);
}

TEST(LoopLookup, W24_WantsTls) {
  World world;
  const NameServer server(world.network, "10.0.1.1",
                          says(R"({"addr":"10.0.0.7","port":3005,"security":true})"));
  world.start({"10.0.1.1"});
  ASSERT_TRUE(world.run_to_end());
  EXPECT_EQ(world.result->status().code(), StatusCode::unsupported);
}

TEST(LoopLookup, W24_AFloodOfOtherAnswersNeitherEndsNorExtendsIt) {
  World world;
  // Each query begins a flood that has not ended when the lookup should have.
  const std::string other = R"({"name":"door","addr":"6.6.6.6","port":666,"domain":2})";
  std::vector<engine::Address> askers;
  NameServer server(world.network, "10.0.1.1",
                    [&](NameServer&, const engine::Address& asker) { askers.push_back(asker); });
  world.start({"10.0.1.1"});
  size_t sent = 0;
  ASSERT_TRUE(world.run([&] {
    if (!askers.empty() && sent < 100'000) {
      server.say(askers.back(), other);
      ++sent;
    }
    return world.result.has_value();
  }));
  EXPECT_EQ(world.result->status().code(), StatusCode::not_found);
  EXPECT_EQ(server.queries.size(), 2u);
  EXPECT_GT(sent, 100u);
  EXPECT_GE(world.used(), 2 * kTry);
  EXPECT_LE(world.used(), 2 * kTry + kSlack);
}

TEST(LoopLookup, StoppedAtAnyMomentItLeavesNothing) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world({.seed = seed, .no_buffer_percent = 20, .datagram_loss_percent = 30});
    const NameServer silent(world.network, "10.0.1.1", kSilent);
    const NameServer other(world.network, "10.0.1.3",
                           says(seed % 2 == 0 ? kLamp : std::string("{}")));
    const size_t before = world.network.open_sockets();
    world.start({"10.0.1.1", "10.0.1.2", "10.0.1.3"});
    for (uint64_t turns = world.network.random().below(30); turns > 0; --turns) (void)world.turn();
    const bool ended = world.result.has_value();
    world.lookup().stop();
    EXPECT_TRUE(world.run([&] { return world.lookup().closed(); }));
    EXPECT_EQ(world.result.has_value(), ended);
    EXPECT_EQ(world.network.open_sockets(), before);
  }
}

TEST(LoopLookup, V61_OverdueSaysWhatItWasWaitingFor) {
  World world;
  const NameServer silent(world.network, "10.0.1.1", kSilent);
  world.start({"10.0.1.1"});
  const Status status = world.lookup().overdue(milliseconds(70));
  EXPECT_EQ(status.code(), StatusCode::not_found);
  EXPECT_NE(status.message().find("10.0.1.1:54"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("70 ms"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace ringroad::client
