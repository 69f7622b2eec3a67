// shard.h — one core's world: owns and wires its loop, clients, index and channels.
// Owner:  the server.
// Thread: run() or turn() by one thread; what is marked "any thread" by all.
// Bound:  clients_per_shard_max; mailbox lanes; per turn, what its own handlers publish: half a
//         client's queue.
// Life:   start() -> turns -> request_stop() -> turns -> stopped(): every client closed, nothing
//         in flight.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/intrusive_list.h"
#include "engine/block.h"
#include "engine/listener.h"
#include "engine/loop.h"
#include "engine/mailbox.h"
#include "shard/application.h"
#include "shard/client_registry.h"
#include "shard/client_tasks.h"
#include "shard/fanout.h"
#include "shard/interest_filter.h"
#include "shard/quick_channel.h"
#include "shard/router.h"
#include "shard/session.h"
#include "shard/stats.h"
#include "shard/tunnels.h"

namespace ringroad::shard {

/// Constant while the server runs.
struct ShardConfig {
  SessionConfig session;
  uint32_t shards = 1;
  size_t clients_max = 200'000;
  size_t mailbox_bytes = 1'048'576;
  uint32_t spin_percent = 0;
  TunnelLimits tunnels;
  ZeroCopy zero_copy = ZeroCopy::off;
  engine::Duration send_timeout = {};  // zero: none
};

class Shard final : public engine::Loop::Work,
                    public engine::Listener::Handler,
                    public ShardClient::Owner,
                    public QuickChannel::Clients,
                    public SessionHost {
 public:
  Shard(uint32_t index, engine::Io& io, const ShardConfig& config, Router& router,
        Application& application, PatternDirectory& patterns, Logins& logins);
  ~Shard();

  /// Takes over the sockets. Before the first turn.
  void start(engine::Socket listener, engine::Socket quick);
  void turn();
  /// Turns until stopped.
  void run();
  /// Any thread. Closes every client after what it is owed was sent, at most two seconds later.
  void request_stop();
  /// Any thread. Runs in a turn to come.
  Status post(ClientTask task) { return client_tasks_.post(std::move(task)); }
  /// Once it is stopped and turns no more.
  void close_tasks() { client_tasks_.close(); }
  bool stopped() const { return stopped_; }

  // Any thread.
  uint32_t index() const { return index_; }
  engine::Mailbox& mailbox() { return mailbox_; }
  const InterestFilter& filter() const { return filter_; }
  const ClientDirectory& directory() const { return registry_.directory(); }
  const ShardCounters& stats() const { return counters_; }
  const engine::ZeroCopyCounters& zero_copy_stats() const { return loop_.zero_copy_counters(); }
  const Fanout::Stats& fanout_stats() const { return fanout_.stats(); }
  uint64_t bytes_live() const {
    return pool_.bytes_live().get() + counters_.held_bytes.get() + loop_.held_bytes().get();
  }
  bool in_turn_of_this_thread() const;

  // In this shard's turn only.
  engine::Io& io() { return loop_.io(); }
  engine::Loop& loop() { return loop_; }
  /// Room for a publish of a handler of this shard, in this turn.
  bool admits(size_t bytes) const {
    return published_bytes_ + bytes <= config_.session.queue_bytes_max / 2;
  }
  void publish(const proto::PacketSpec& packet, Channel channel);
  void carry_out(const ClientTask& task);
  /// For the client of this session.
  Result<Stream> create_stream(const Session& session, StreamOptions options);

 private:
  // engine::Loop::Work
  size_t drain(size_t bytes_budget) override;
  bool flush() override;
  void flush_priority(size_t priority) override;
  uint32_t due_priorities() const override { return fanout_.due(); }
  // A handler that runs after the flush (a client has gone) may have published.
  bool may_sleep() override {
    const bool idle = fanout_.flushed() && !tunnels_.has_mail() && !tunnels_.has_closed();
    return idle && !client_tasks_.has_mail() && !must_stop() && mailbox_.may_sleep();
  }
  bool has_mail() const override {
    return !mailbox_.empty() || !fanout_.flushed() || tunnels_.has_mail() ||
           client_tasks_.has_mail() || must_stop();
  }
  /// request_stop() was called, and no turn has seen it.
  bool must_stop() const { return !stopping_ && stop_requested_.load(std::memory_order_relaxed); }
  void awake() override { mailbox_.awake(); }
  // engine::Listener::Handler
  void on_accept(engine::Socket socket) override;
  // ShardClient::Owner
  void on_client_closed(ShardClient& client, engine::CloseCause cause) override;
  // QuickChannel::Clients
  Session* find_wire_id(uint32_t wire_id) override { return registry_.find_wire_id(wire_id); }
  // SessionHost
  const SessionConfig& config() const override { return config_.session; }
  Fanout& fanout() override { return fanout_; }
  PatternDirectory& patterns() override { return patterns_; }
  Logins& logins() override { return logins_; }
  engine::BlockWriter& writer() override { return writer_; }
  ShardCounters& counters() override { return counters_; }
  void start_timer(engine::Timer& timer, engine::Duration delay) override {
    loop_.start_timer(timer, delay);
  }
  void stop_timer(engine::Timer& timer) override { loop_.stop_timer(timer); }
  uint32_t activate(Session& session) override;
  void move_priority(Session& session) override {
    registry_.directory().set_priority(session.key().handle.slot, session.priority());
  }
  void move_quick(Session& session) override {
    registry_.directory().set_quick_port(session.key().handle.slot, session.quick_port());
  }
  void announce(Session& session) override { application_.presence(session, Presence::connected); }
  bool call(Session& session, const proto::PacketView& packet) override {
    return application_.call(session, packet);
  }
  void data(Session& session, const proto::PacketView& packet, Channel channel) override {
    application_.data(session, packet, channel);
  }
  void subscriptions(Session& session, SubscriptionChange change,
                     const std::vector<std::string>& urls) override {
    application_.subscriptions(session, change, urls);
  }
  bool relay(const proto::PacketSpec& packet, Channel channel) override {
    const bool taken = router_.publish(packet, channel).ok();
    if (taken) counters_.relayed.add();
    return taken;
  }
  void wait_for_room(Session& session) override;
  uint64_t publish_count() const override { return counters_.publishes.get(); }
  void send_quick(Session& session, std::span<const std::byte> packet) override;

  /// The bytes it stands for.
  void set_send_timeout(const ShardMessage& message);
  size_t on_message(std::span<const std::byte> record);
  /// The clients it was offered to.
  size_t fan_out(std::string_view url, const engine::Slice& packet, Channel channel);
  void fan_out_encoded(const engine::Slice& packet, Channel channel);
  void deliver(ShardMessage message, std::span<const std::byte> packet);
  void run_client_tasks();
  void on_room();
  void begin_stop();
  void on_stop_deadline();
  void finish_stop();

  const uint32_t index_;
  const ShardConfig config_;
  Router& router_;
  Application& application_;
  PatternDirectory& patterns_;
  Logins& logins_;
  ShardCounters counters_;
  InterestFilter filter_;
  engine::BlockPool pool_;      // outlives all that holds slices
  engine::BlockWriter writer_;  // replies and datagrams
  // Apart from those: publishes then lie behind each other, and what a thousand clients are sent is one
  // piece of memory whatever else the shard answers meanwhile.
  engine::BlockWriter publish_writer_;
  engine::Mailbox mailbox_;
  engine::Loop loop_;
  Fanout fanout_;
  ClientRegistry registry_;
  Tunnels tunnels_;
  ClientTasks client_tasks_;
  std::unique_ptr<engine::Listener> listener_;
  std::unique_ptr<QuickChannel> quick_;
  base::IntrusiveList<Session, &Session::room_hook_> waiting_for_room_;
  engine::Timer room_timer_ = engine::Timer::bind<&Shard::on_room>(this);
  engine::Timer stop_timer_ = engine::Timer::bind<&Shard::on_stop_deadline>(this);
  size_t quick_sends_ = 0;         // in this turn
  size_t sends_left_ = 0;          // in this turn, of cohorts
  size_t published_bytes_ = 0;     // in this turn, by own handlers
  engine::Duration send_timeout_;  // of clients to come
  bool stopping_ = false;
  bool stopped_ = false;
  std::atomic<bool> stop_requested_{false};   // release in request_stop() -> acquire in drain()
  std::atomic<uintptr_t> turning_thread_{0};  // relaxed: a thread only looks for its own mark
};

}  // namespace ringroad::shard
