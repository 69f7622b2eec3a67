#include "shard/shard.h"

#include <pthread.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/packet.h"

namespace ringroad::shard {
namespace {

using engine::CloseCause;

// How soon a producer that waits for another shard is tried again.
constexpr auto kRoomRetry = std::chrono::milliseconds(1);
constexpr auto kTenth = std::chrono::milliseconds(100);
constexpr auto kStopTime = std::chrono::seconds(2);

uintptr_t this_thread() {
  return static_cast<uintptr_t>(pthread_self());
}

}  // namespace

Shard::Shard(uint32_t index, engine::Io& io, const ShardConfig& config, Router& router,
             Application& application, PatternDirectory& patterns, Logins& logins)
    : index_(index),
      config_(config),
      router_(router),
      application_(application),
      patterns_(patterns),
      logins_(logins),
      writer_(pool_),
      publish_writer_(pool_),
      mailbox_(io, config.shards, config.mailbox_bytes),
      loop_(io, *this, {.zero_copy = config.zero_copy, .spin_percent = config.spin_percent}),
      fanout_(pool_, filter_, config.session.queue_bytes_max),
      registry_(index, config.shards),
      tunnels_(loop_, pool_, config.tunnels, counters_),
      client_tasks_(io),
      send_timeout_(config.send_timeout) {
  CHECK(index < config.shards);
}

Shard::~Shard() {
  CHECK(registry_.size() == 0);
  // What other threads posted while we stopped; a shared packet's reference must be given back.
  mailbox_.drain(SIZE_MAX,
                 [this](std::span<const std::byte> record) { return on_message(record); });
}

void Shard::start(engine::Socket listener, engine::Socket quick) {
  listener_ = std::make_unique<engine::Listener>(loop_, listener, *this);
  quick_ = std::make_unique<QuickChannel>(loop_, quick, *this, config_.session, counters_);
  listener_->start();
  quick_->start();
}

void Shard::turn() {
  turning_thread_.store(this_thread(), std::memory_order_relaxed);
  loop_.turn();
  turning_thread_.store(0, std::memory_order_relaxed);
}

void Shard::run() {
  while (!stopped_) turn();
}

bool Shard::in_turn_of_this_thread() const {
  return turning_thread_.load(std::memory_order_relaxed) == this_thread();
}

// ---- A turn

size_t Shard::drain(size_t bytes_budget) {
  published_bytes_ = 0;
  quick_sends_ = 0;
  sends_left_ = base::kSendsPerTurn;
  if (!stopping_ && stop_requested_.load(std::memory_order_acquire)) begin_stop();
  tunnels_.drain();
  const size_t bytes = mailbox_.drain(
      bytes_budget, [this](std::span<const std::byte> record) { return on_message(record); });
  run_client_tasks();  // behind the orders that their askers gave before
  return bytes;
}

void Shard::flush_priority(size_t priority) {
  // Higher ones go first, and leave a share: those below would never be sent to otherwise.
  const size_t sends = priority == 0 ? sends_left_ : sends_left_ - sends_left_ / 4;
  sends_left_ -= fanout_.flush(priority, sends);
}

bool Shard::flush() {
  flush_priority(0);
  tunnels_.sweep();
  if (stopping_) finish_stop();
  return fanout_.flushed();
}

size_t Shard::on_message(std::span<const std::byte> record) {
  const ShardMessage message = ShardMessage::read(record);
  if (message.shared == nullptr) {
    const std::span<const std::byte> packet = record.subspan(sizeof(message), message.packet_bytes);
    if (message.kind == ShardMessage::Kind::publish) {
      fan_out_encoded(publish_writer_.copy(packet), message.channel);
    } else {
      deliver(message, packet);
    }
    return record.size();
  }
  const engine::Slice packet = pool_.wrap(*message.shared);
  if (message.kind == ShardMessage::Kind::publish) {
    fan_out_encoded(packet, message.channel);
  } else {
    deliver(message, packet.bytes());
  }
  mailbox_.discharge(message.packet_bytes);
  return record.size() + message.packet_bytes;
}

void Shard::set_send_timeout(const ShardMessage& message) {
  send_timeout_ = kTenth * message.value;
  if (message.kind == ShardMessage::Kind::send_timeout_new) return;
  registry_.for_each(
      [this](ShardClient& client) { client.connection().set_send_timeout(send_timeout_); });
}

void Shard::deliver(ShardMessage message, std::span<const std::byte> packet) {
  if (message.kind == ShardMessage::Kind::send_timeout_new ||
      message.kind == ShardMessage::Kind::send_timeout_all) {
    return set_send_timeout(message);
  }
  ShardClient* client = registry_.find(ClientKey::unpack(message.client));
  if (client == nullptr) return counters_.replies_orphaned.add();
  Session& session = client->session();
  switch (message.kind) {
    case ShardMessage::Kind::reply:
      return session.send_encoded(packet);
    case ShardMessage::Kind::datagram:
      return message.channel == Channel::quick ? session.send_quick(packet)
                                               : session.send_encoded(packet);
    case ShardMessage::Kind::close:
      session.wind_down();
      return client->connection().close_after_flush(CloseCause::application);
    case ShardMessage::Kind::authorise:
    case ShardMessage::Kind::revoke: {
      const Authed authed =
          message.kind == ShardMessage::Kind::authorise ? Authed::yes : Authed::no;
      session.set_authed(authed);
      // Before the handshake nobody is authed; what is said now holds from then on.
      if (session.wire_id() != 0)
        registry_.directory().set_authed(session.key().handle.slot, authed);
      return;
    }
    case ShardMessage::Kind::backlog:
      return session.set_backlog(static_cast<Backlog>(message.value));
    case ShardMessage::Kind::priority:
      return session.set_priority(static_cast<uint8_t>(message.value));
    case ShardMessage::Kind::keepalive:
      return client->connection().set_keepalive(std::chrono::seconds(message.value));
    case ShardMessage::Kind::send_timeout:
      return client->connection().set_send_timeout(kTenth * message.value);
    case ShardMessage::Kind::publish:
    case ShardMessage::Kind::send_timeout_new:
    case ShardMessage::Kind::send_timeout_all:
      break;
  }
  CHECK(false);
}

void Shard::publish(const proto::PacketSpec& packet, Channel channel) {
  const size_t bytes = proto::packet_bytes(packet);
  proto::encode(packet, publish_writer_.prepare(bytes));
  // What nobody wants fills nobody's queue.
  if (fan_out(packet.url, publish_writer_.commit(bytes), channel) > 0) published_bytes_ += bytes;
}

size_t Shard::fan_out(std::string_view url, const engine::Slice& packet, Channel channel) {
  counters_.publishes.add();
  return channel == Channel::quick ? fanout_.publish_quick(url, packet.bytes())
                                   : fanout_.publish(url, packet);
}

/// A PUBLISH that another thread has encoded.
void Shard::fan_out_encoded(const engine::Slice& packet, Channel channel) {
  proto::PacketHeader header;
  CHECK(proto::decode_header(packet.bytes(), header) == proto::DecodeError::none);
  fan_out(proto::view_packet(header, packet.bytes()).url, packet, channel);
}

void Shard::send_quick(Session& session, std::span<const std::byte> packet) {
  if (++quick_sends_ > base::kQuickSendsPerTurn) return counters_.quick_dropped.add();
  quick_->send(session, packet);
}

// ---- Clients

void Shard::on_accept(engine::Socket socket) {
  counters_.accepted.add();
  const Result<engine::Address> peer = io().peer_address(socket);
  // Most errors here: the peer has already gone.
  const bool no_descriptor = peer.status().code() == StatusCode::resource_exhausted;
  const bool full = registry_.size() >= config_.clients_max;
  const CloseCause refusal = no_descriptor || full ? CloseCause::limit
                             : !peer.ok()          ? CloseCause::peer
                             : stopping_           ? CloseCause::stopping
                                                   : CloseCause::none;
  if (refusal != CloseCause::none) {
    if (refusal == CloseCause::limit) {
      LOG(warn, "event=connection_refused shard={} clients={} knob={}", index_, registry_.size(),
          no_descriptor ? "RLIMIT_NOFILE" : "clients_per_shard_max");
    }
    counters_.closed_by(refusal).add();
    return io().close(socket);
  }
  counters_.connections.add();
  ShardClient& client = registry_.add(loop_, socket, static_cast<SessionHost&>(*this),
                                      static_cast<ShardClient::Owner&>(*this), *peer);
  client.connection().set_send_timeout(send_timeout_);
  client.start();
}

void Shard::run_client_tasks() {
  for (const ClientTask& task : client_tasks_.take()) carry_out(task);
}

void Shard::carry_out(const ClientTask& task) {
  ShardClient* const client = registry_.find(task.client);
  task.run(client == nullptr ? nullptr : &client->session());
}

Result<Stream> Shard::create_stream(const Session& session, StreamOptions options) {
  if (session.ending()) return Status(StatusCode::gone, "the client has disconnected");
  return tunnels_.open({session.key(), session.peer(), session.dialled()}, std::move(options));
}

uint32_t Shard::activate(Session& session) {
  const uint32_t wire_id = registry_.activate(session);
  counters_.clients.add();
  return wire_id;
}

void Shard::on_client_closed(ShardClient& client, CloseCause cause) {
  Session& session = client.session();
  if (cause == CloseCause::stalled) {
    LOG(warn, "event=stalled_client client={} pending_bytes={} knob=send_timeout",
        session.peer().to_string(), fanout_.pending_bytes(session));
  }
  counters_.closed_by(cause).add();
  counters_.connections.sub();
  session.end();
  tunnels_.on_client_gone(session.key());
  if (session.wire_id() != 0) {
    counters_.clients.sub();
    application_.presence(session, Presence::disconnected);
  }
  registry_.remove(client);
  if (stopping_) finish_stop();  // clients end behind flush(), and nothing else may end the wait
}

void Shard::wait_for_room(Session& session) {
  if (!session.room_hook_.linked()) waiting_for_room_.push_back(session);
  if (!room_timer_.started()) loop_.start_timer(room_timer_, kRoomRetry);
}

void Shard::on_room() {
  base::IntrusiveList<Session, &Session::room_hook_> round;
  round.splice_back(waiting_for_room_);
  while (!round.empty()) {
    Session& session = round.pop_front();
    if (!session.retry()) waiting_for_room_.push_back(session);
  }
  if (!waiting_for_room_.empty() && !room_timer_.started())
    loop_.start_timer(room_timer_, kRoomRetry);
}

// ---- Stopping

void Shard::request_stop() {
  stop_requested_.store(true, std::memory_order_release);
  loop_.io().wake();
}

void Shard::begin_stop() {
  stopping_ = true;
  listener_->stop();
  quick_->stop();
  registry_.for_each([](ShardClient& client) {
    client.session().wind_down();
    client.connection().close_after_flush(CloseCause::stopping);
  });
  tunnels_.close_all();
  loop_.start_timer(stop_timer_, kStopTime);
}

void Shard::on_stop_deadline() {
  registry_.for_each(
      [](ShardClient& client) { client.connection().terminate(CloseCause::stopping); });
  tunnels_.abort_all();
}

void Shard::finish_stop() {
  const bool channels_closed = listener_->closed() && quick_->closed();
  if (registry_.size() > 0 || !tunnels_.empty() || !channels_closed || loop_.has_loans()) return;
  loop_.stop_timer(stop_timer_);
  loop_.stop_timer(room_timer_);
  writer_.reset();
  publish_writer_.reset();
  stopped_ = true;
  loop_.stop();  // the turn must not sleep now
}

}  // namespace ringroad::shard
