// fake_session_host.h — a shard and its connections for sessions under test: no sockets, no clock.
// Owner:  FakeHost owns its clients.   Thread: one.
// Time:   stands still until advance().
// Fails:  a client checks what every client may rely on: whole, aligned VSOA packets (CHECK).
// Why here: the unit tests of Session and its fuzz target share one set of fakes, which keep the
//           rules of engine::Connection and Shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/block.h"
#include "engine/timer_wheel.h"
#include "shard/fanout.h"
#include "shard/interest_filter.h"
#include "shard/logins.h"
#include "shard/pattern_directory.h"
#include "shard/session.h"
#include "tests/proto/naive_stream.h"

namespace ringroad::shard {

class FakeHost;

/// Encoded, as a peer would send it.
std::string encoded(const proto::PacketSpec& packet);
/// Splits what a peer received; CHECKs that it is whole, aligned packets.
std::vector<proto::OwnedPacket> split(std::string_view bytes);

/// One connection with its session, and the peer at its other end.
class FakeClient final : public SessionLink {
 public:
  enum class State : uint8_t { open, closing, closed };

  explicit FakeClient(FakeHost& host, const engine::Address& peer);
  ~FakeClient();

  // The peer.
  void send(std::string_view bytes);
  void send(const proto::PacketSpec& packet) { send(encoded(packet)); }
  void send_quick(const proto::PacketSpec& packet);
  void hang_up() { terminate(engine::CloseCause::peer); }
  /// Takes what comes, all of it or up to so many bytes.
  bool reads = true;
  void take(size_t bytes);
  /// What it received and was not asked for yet.
  std::vector<proto::OwnedPacket> received();
  /// One packet is expected.
  proto::OwnedPacket received_one();
  /// What went out in one send each.
  std::vector<std::string> sends;
  std::vector<std::string> quick_packets;
  uint8_t link_priority = 0;

  Session& session() { return session_; }
  State state() const { return state_; }
  bool open() const { return state_ == State::open; }
  engine::CloseCause cause() const { return cause_; }
  bool paused() const { return paused_; }
  size_t inflight_bytes() const { return batch_.bytes(); }
  size_t pending_bytes() const;

  // SessionLink
  bool sending() const override { return !batch_.empty(); }
  void flush_now() override;
  void flush_soon() override { dirty_ = true; }
  void set_priority(uint8_t priority) override { link_priority = priority; }
  void pause() override;
  void resume() override;
  void close_after_flush(engine::CloseCause cause) override;
  void terminate(engine::CloseCause cause) override;
  engine::Address local_address() override;

  // For FakeHost.
  void flush_if_dirty();
  void reap();

 private:
  void deliver(std::string_view bytes);

  FakeHost& host_;
  Session session_;
  State state_ = State::open;
  engine::CloseCause cause_ = engine::CloseCause::none;
  engine::SendBatch batch_;
  std::string taken_;  // and not asked for yet
  std::string held_;   // arrived while paused
  bool dirty_ = false;
  bool paused_ = false;
  bool delivering_ = false;
  bool ended_ = false;
};

class FakeHost final : public SessionHost {
 public:
  struct Relayed {
    std::string url;
    std::string param;
    std::string data;
    Channel channel;
  };

  explicit FakeHost(SessionConfig config = {}, std::string password = {});
  ~FakeHost();  ///< Ends every client, and CHECKs that nothing is left.

  FakeClient& connect();
  /// connect() and a handshake; the gate is open again.
  FakeClient& connect_active(std::string_view password = {});

  void publish(std::string_view url, std::string_view data, Channel channel = Channel::normal);
  void advance(engine::Duration time);
  /// The end of a turn.
  void flush(size_t sends = SIZE_MAX);
  /// Turns until nothing moves any more; no time passes.
  void settle();
  void retry_relay();

  // What the application does. By default a call is answered with its URL as param, in quotes.
  std::function<bool(Session&, const proto::PacketView&)> on_call;
  std::function<void(Session&)> on_client;
  bool relay_room = true;
  std::vector<Relayed> relayed;
  std::vector<proto::OwnedPacket> datagrams;
  std::vector<uint32_t> announced;
  std::vector<std::pair<SubscriptionChange, std::vector<std::string>>> changes;

  size_t relayed_normal() const;
  size_t bytes_live() const { return pool_.bytes_live().get(); }
  /// Lets go of the block that is being filled.
  void reset_writer() { writer_.reset(); }
  bool is_subscribed(std::string_view url) const { return patterns_.any_match(url); }

  // SessionHost
  const SessionConfig& config() const override { return config_; }
  Fanout& fanout() override { return fanout_; }
  PatternDirectory& patterns() override { return patterns_; }
  Logins& logins() override { return logins_; }
  engine::BlockWriter& writer() override { return writer_; }
  ShardCounters& counters() override { return counters_; }
  void start_timer(engine::Timer& timer, engine::Duration delay) override {
    timers_.start(timer, now_, delay);
  }
  void stop_timer(engine::Timer& timer) override { timers_.stop(timer); }
  uint32_t activate(Session& session) override;
  void move_quick(Session&) override {}
  void move_priority(Session&) override {}
  void announce(Session& session) override;
  bool call(Session& session, const proto::PacketView& packet) override;
  void data(Session& session, const proto::PacketView& packet, Channel channel) override;
  void subscriptions(Session&, SubscriptionChange change,
                     const std::vector<std::string>& urls) override {
    changes.emplace_back(change, urls);
  }
  bool relay(const proto::PacketSpec& packet, Channel channel) override;
  void wait_for_room(Session& session) override { waiting_for_room_.push_back(session); }
  uint64_t publish_count() const override { return counters_.publishes.get(); }
  void send_quick(Session& session, std::span<const std::byte> packet) override;

 private:
  const SessionConfig config_;
  engine::TimePoint now_;
  engine::TimerWheel timers_{now_};
  ShardCounters counters_;
  InterestFilter filter_;
  PatternDirectory patterns_;
  Logins logins_;
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  Fanout fanout_;
  base::IntrusiveList<Session, &Session::room_hook_> waiting_for_room_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
  uint32_t last_wire_id_ = 0x00010203;
};

}  // namespace ringroad::shard
