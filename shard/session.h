// session.h — the VSOA protocol of one client, from bytes to answers.
// Owner:  a ShardClient, beside its Connection.
// Thread: the shard's.
// Life:   fresh (5 s to shake hands) -> active -> ending. After the SERVINFO reply a gate is
//         closed: nothing else is sent until the client's next packet or 50 ms (B15).
// Bound:  queue_bytes_max of what waits to be sent; over half of it from replies: reading stops
//         until it has drained.
// Fails:  what a peer sends wrong is answered with a status, ignored, or ends the connection with
//         a cause (docs/WIRE.md).
// Why here: sans-I/O: what it needs is SessionLink (its connection) and SessionHost (its shard),
//         both faked in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "engine/address.h"
#include "engine/connection.h"
#include "engine/timer_wheel.h"
#include "proto/packet.h"
#include "proto/packet_reader.h"
#include "ringroad/options.h"
#include "ringroad/payload.h"
#include "shard/client_directory.h"
#include "shard/client_key.h"
#include "shard/fanout.h"
#include "shard/member.h"
#include "shard/stats.h"

namespace ringroad::shard {

class Logins;
class PatternDirectory;
class Session;

enum class SubscriptionChange : uint8_t { added, removed };

/// Constant while the server runs.
struct SessionConfig {
  std::string info;  // JSON text or empty
  std::string relay_prefix;
  size_t queue_bytes_max = 1'048'576;
  Backlog backlog = Backlog::close;
  engine::Duration handshake_timeout = std::chrono::seconds(5);
  enum class QuickSource : uint8_t {
    announced_port,
    any_port
  } quick_source = QuickSource::announced_port;
  /// After a wrong password: the end, or another try (kLoginTriesMax).
  enum class Refusal : uint8_t { close, retry } refusal = Refusal::close;
};

/// The connection, as a session sees it. See engine::Connection.
class SessionLink {
 public:
  virtual bool sending() const = 0;
  virtual void flush_now() = 0;
  virtual void flush_soon() = 0;
  /// What it sends leaves before that of lower priorities, and carries the traffic class (W21).
  virtual void set_priority(uint8_t priority) = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual void close_after_flush(engine::CloseCause cause) = 0;
  virtual void terminate(engine::CloseCause cause) = 0;
  /// What the client dialled; invalid if it has already gone.
  virtual engine::Address local_address() = 0;

 protected:
  ~SessionLink() = default;
};

/// What a shard does for its sessions.
class SessionHost {
 public:
  virtual const SessionConfig& config() const = 0;
  virtual Fanout& fanout() = 0;
  virtual PatternDirectory& patterns() = 0;
  virtual Logins& logins() = 0;
  virtual engine::BlockWriter& writer() = 0;
  virtual ShardCounters& counters() = 0;
  virtual void start_timer(engine::Timer& timer, engine::Duration delay) = 0;
  virtual void stop_timer(engine::Timer& timer) = 0;
  /// The first accepted handshake: gives the id, shows the client to the world.
  virtual uint32_t activate(Session& session) = 0;
  /// A later handshake has announced another UDP port (B13).
  virtual void move_quick(Session& session) = 0;
  /// Its priority is another one now.
  virtual void move_priority(Session& session) = 0;
  /// Its reply is queued: tells the application.
  virtual void announce(Session& session) = 0;
  /// Runs the handler of an RPC; it may reply through the session. False: no such URL.
  virtual bool call(Session& session, const proto::PacketView& packet) = 0;
  virtual void data(Session& session, const proto::PacketView& packet, Channel channel) = 0;
  /// What a request has really changed (not nothing); its reply is queued (V40, V41).
  virtual void subscriptions(Session& session, SubscriptionChange change,
                             const std::vector<std::string>& urls) = 0;
  /// Publishes to all shards. False: one of them is full, nothing was sent.
  virtual bool relay(const proto::PacketSpec& packet, Channel channel) = 0;
  /// Calls the session's retry() a little later.
  virtual void wait_for_room(Session& session) = 0;
  /// How many publishes this shard has made, to know whether a handler made one.
  virtual uint64_t publish_count() const = 0;
  virtual void send_quick(Session& session, std::span<const std::byte> packet) = 0;

 protected:
  ~SessionHost() = default;
};

class Session final : public Member {
 public:
  Session(SessionHost& host, SessionLink& link, const engine::Address& peer);
  ~Session();  ///< end() was called.

  void start();
  /// Fewer than all: reading is paused, the rest comes again.
  size_t on_bytes(std::span<const std::byte> bytes);
  void on_quick(const proto::PacketView& packet);
  void compose(engine::SendBatch& batch);
  void on_sent(size_t bytes);
  /// The connection is about to end: what is owed is still sent, nothing new is published to it.
  void wind_down();
  /// The connection is closed: gives back everything it holds in the shard.
  void end();

  /// It is about to end: nothing new is begun for it.
  bool ending() const { return state_ == State::ending || winding_down_; }
  /// It would get a publish of this URL now (V34).
  bool takes(std::string_view url) const;
  /// Answers a call, at once or deferred.
  Status reply(uint32_t seqno, const ReplyContent& content);
  /// An encoded reply or datagram that came from another thread.
  void send_encoded(std::span<const std::byte> packet);
  Status datagram(std::string_view url, const PayloadView& payload, Channel channel);
  void set_authed(Authed authed);
  /// What it is, or will be once it has shaken hands.
  Authed authed() const { return authed_ ? Authed::yes : Authed::no; }
  void set_priority(uint8_t priority);
  uint8_t priority() const { return priority_; }
  void set_backlog(Backlog backlog) { host_.fanout().set_backlog(*this, backlog); }
  /// It waited for room, or for others: goes on reading. False: still no room for its datagram.
  bool retry();

  bool active() const { return state_ == State::active; }
  uint32_t wire_id() const { return wire_id_; }
  void set_key(ClientKey key) { key_ = key; }
  ClientKey key() const { return key_; }
  const engine::Address& peer() const { return peer_; }
  /// What the client dialled; invalid if it has already gone.
  engine::Address dialled() const { return link_.local_address(); }
  /// Where its quick packets leave from: what it dialled. Null: it has announced no port.
  const engine::Address* local() const { return local_.get(); }
  /// 0: announced none.
  uint16_t quick_port() const { return quick_port_; }

  /// Of a packet that has not come whole yet.
  size_t held_bytes() const { return reader_.held_bytes(); }

  // Member
  bool sending() const override { return link_.sending(); }
  void flush_now() override { link_.flush_now(); }
  void flush_soon() override { link_.flush_soon(); }
  void on_overflow(size_t pending_bytes) override;
  void send_quick(std::span<const std::byte> packet) override;

  base::ListHook room_hook_;  // for the host: waits for room

 private:
  enum class State : uint8_t { fresh, active, ending };

  // session.cc: life, gate, sending
  void on_timer();
  bool held_up() const { return !stalled_.empty() || backlogged_ || yielding_; }
  bool retry_relay();
  void update_audience();
  void open_gate();
  void start_timer(engine::Duration delay);
  void stop_timer();
  void refuse(const proto::PacketView& packet);
  void send(const proto::PacketSpec& spec);
  void send_slice(engine::Outbox::Lane lane, engine::Slice slice);
  void answer(const proto::PacketView& request, ReplyStatus status);
  engine::Slice encode(const proto::PacketSpec& spec);
  engine::Outbox::Gate gate() const {
    return gate_closed_ ? engine::Outbox::Gate::closed : engine::Outbox::Gate::open;
  }
  bool fits(size_t bytes);
  void check_backlog();
  void leave_fanout();
  // session_qos.cc: the priority, and when the client is told (F5)
  void tell_priority();
  void open_zero();
  void close_zero(const proto::PacketSpec& reply);
  void close_zero(std::span<const std::byte> packet);
  // session_requests.cc: one function per packet type
  void handle(const proto::PacketView& packet);
  void dispatch(const proto::PacketView& packet);
  void on_servinfo(const proto::PacketView& packet);
  void on_rpc(const proto::PacketView& packet);
  void on_subscribe(const proto::PacketView& packet);
  void on_unsubscribe(const proto::PacketView& packet);
  void let_others_go_first();
  void on_datagram(const proto::PacketView& packet, Channel channel);
  bool password_fits(std::string_view param) const;
  bool subscription_fits(std::span<const std::string> urls) const;
  void answer_in_order(const proto::PacketView& request, ReplyStatus status);
  bool listening() const { return active() && authed_ && !winding_down_; }

  SessionHost& host_;
  SessionLink& link_;
  const engine::Address peer_;
  ClientKey key_;
  uint32_t wire_id_ = 0;
  uint16_t quick_port_ = 0;
  State state_ = State::fresh;
  bool authed_ = true;
  bool winding_down_ = false;
  bool yielding_ = false;  // reading is paused: its last request was dear, others first
  bool gate_closed_ = false;
  bool solo_leaving_ = false;  // a SERVINFO reply is in the send under way
  bool backlogged_ = false;    // reading is paused: the outbox is too full
  bool qos_due_ = false;       // the client does not know its priority yet
  bool zero_open_ = false;     // a call with seqno 0 has no answer yet
  uint8_t refusals_ = 0;       // of this connection
  uint32_t subscription_bytes_ = 0;
  std::unique_ptr<const engine::Address> local_;
  uint64_t publishes_seen_ = 0;  // host's count when the current packet's handler began
  proto::PacketReader reader_;
  // Handshake limit, then the gate, then, if qos_due_ waits for it, the limit of zero_open_; null: none.
  std::unique_ptr<engine::Timer> timer_;
  engine::Slice stalled_;  // a PUBLISH that the shards had no room for
};

static_assert(sizeof(Session) <= 272, "there is one per client");

}  // namespace ringroad::shard
