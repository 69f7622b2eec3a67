// sim_cluster.h — a whole server of N shards on the simulator, in one thread: what ServerCore
// wires, on SimIo.
// Owner:  the test.
// Thread: the test's; shards turn in seeded order.
// Why here: every race between shards, sockets and time becomes a seed that can be run again.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/datagram.h"
#include "engine/listener.h"
#include "proto/packet.h"
#include "shard/application.h"
#include "shard/logins.h"
#include "shard/pattern_directory.h"
#include "shard/router.h"
#include "shard/shard.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"

namespace ringroad::testing {

/// Answers "/echo", nothing else.
class EchoApplication final : public shard::Application {
 public:
  bool call(shard::Session& session, const proto::PacketView& packet) override {
    if (packet.url != "/echo") return false;
    (void)session.reply(packet.header.seqno, {.param = packet.param, .data = packet.data});
    return true;
  }
  void data(const shard::Session&, const proto::PacketView&, Channel) override { ++datagrams; }
  void presence(const shard::Session&, shard::Presence presence) override {
    presence == shard::Presence::connected ? ++connected : ++disconnected;
  }

  uint64_t datagrams = 0;
  uint64_t connected = 0;
  uint64_t disconnected = 0;
};

class SimCluster {
 public:
  SimCluster(sim::SimNetwork& network, const shard::ShardConfig& config) : network_(network) {
    engine::Address address = *engine::Address::parse("127.0.0.1:0");
    std::vector<std::pair<engine::Socket, engine::Socket>> sockets;
    for (uint32_t i = 0; i < config.shards; ++i) {
      ios_.push_back(std::make_unique<sim::SimIo>(network));
      const engine::Socket listener = *engine::open_listener(*ios_[i], address);
      if (i == 0) address = *ios_[i]->local_address(listener);
      sockets.emplace_back(listener, *engine::open_datagram(*ios_[i], address));
    }
    EXPECT_TRUE(ios_[0]->steer(sockets[0].second, proto::kSeqnoOffset, config.shards).ok());
    for (uint32_t i = 0; i < config.shards; ++i) {
      shards_.push_back(std::make_unique<shard::Shard>(i, *ios_[i], config, router_, application_,
                                                       patterns_, logins_));
      router_.add(*shards_[i]);
    }
    for (uint32_t i = 0; i < config.shards; ++i) {
      shards_[i]->start(sockets[i].first, sockets[i].second);
    }
    address_ = address;
  }

  /// Ends every client; leaves nothing behind.
  void stop() {
    for (auto& shard : shards_) shard->request_stop();
    const auto stopped = [](const auto& shard) { return shard->stopped(); };
    for (int i = 0; i < 100'000 && !std::all_of(shards_.begin(), shards_.end(), stopped); ++i) {
      turn_all();
    }
    for (auto& shard : shards_) EXPECT_TRUE(shard->stopped());
  }

  /// Every shard one turn, in seeded order; then the network goes on to the next thing that happens.
  void turn_all() {
    std::vector<shard::Shard*> order;
    for (auto& shard : shards_) {
      if (!shard->stopped()) order.push_back(shard.get());
    }
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[network_.random().below(i)]);
    }
    const uint64_t before = handed_over();
    for (shard::Shard* shard : order) shard->turn();
    // Time stands still while a loop has something to do: here nobody is woken up for it.
    const bool idle =
        handed_over() == before &&
        std::all_of(order.begin(), order.end(), [this](shard::Shard* shard) {
          return shard->stopped() || (sleeps(*ios_[shard->index()]) && !has_mail(shard));
        });
    if (idle) network_.step();
  }

  void run_for(engine::Duration time) {
    const engine::TimePoint end = network_.now() + time;
    while (network_.now() < end) turn_all();
  }

  shard::Router& router() { return router_; }
  const engine::Address& address() const { return address_; }
  EchoApplication& application() { return application_; }
  const shard::PatternDirectory& patterns() const { return patterns_; }
  std::vector<std::unique_ptr<shard::Shard>>& shards() { return shards_; }

  uint64_t closed_by(engine::CloseCause cause) const {
    uint64_t sum = 0;
    for (const auto& shard : shards_) sum += shard->stats().closed_by(cause).get();
    return sum;
  }

 private:
  static bool has_mail(shard::Shard* shard) {
    const bool none = shard->mailbox().may_sleep();
    if (none) shard->mailbox().awake();
    return !none;
  }

  bool sleeps(const sim::SimIo& io) const {
    return io.wake_at().has_value() && *io.wake_at() > network_.now();
  }
  uint64_t handed_over() const {
    uint64_t sum = 0;
    for (const auto& io : ios_) sum += io->handed_over();
    return sum;
  }

  sim::SimNetwork& network_;
  std::vector<std::unique_ptr<sim::SimIo>> ios_;
  EchoApplication application_;
  shard::PatternDirectory patterns_;
  shard::Logins logins_;
  shard::Router router_;
  std::vector<std::unique_ptr<shard::Shard>> shards_;
  engine::Address address_;
};

}  // namespace ringroad::testing
