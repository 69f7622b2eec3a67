#include "tests/support/fake_session_host.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {
namespace {

using engine::CloseCause;

engine::Address address(std::string_view text) {
  return *engine::Address::parse(text);
}

}  // namespace

std::string encoded(const proto::PacketSpec& packet) {
  std::string bytes(proto::packet_bytes(packet), '\0');
  proto::encode(packet, std::as_writable_bytes(std::span<char>(bytes)));
  return bytes;
}

std::vector<proto::OwnedPacket> split(std::string_view bytes) {
  proto::NaiveStream stream = proto::naive_split(test::bytes_of(bytes));
  CHECK(stream.error == proto::DecodeError::none);
  CHECK(stream.rest_bytes == 0);
  for (const proto::OwnedPacket& packet : stream.packets) {
    const size_t total = base::kHeaderBytes + packet.url.size() + packet.param.size() +
                         packet.data.size() + packet.pad;
    CHECK(total % proto::kPacketAlignment == 0);
    CHECK(packet.tunnel_id == 0);
  }
  return std::move(stream.packets);
}

// ---- FakeClient

FakeClient::FakeClient(FakeHost& host, const engine::Address& peer)
    : host_(host), session_(host, *this, peer) {
  session_.start();
}

engine::Address FakeClient::local_address() {
  return address("127.0.0.1:3005");
}

FakeClient::~FakeClient() {
  terminate(CloseCause::stopping);
  reap();
}

void FakeClient::send(std::string_view bytes) {
  if (state_ != State::open) return;
  if (paused_) {
    held_ += bytes;
  } else {
    deliver(bytes);
  }
}

void FakeClient::deliver(std::string_view bytes) {
  CHECK(!delivering_);
  delivering_ = true;
  // A copy of its own, so that a sanitizer sees who reads too far or too late.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  const size_t consumed = session_.on_bytes(test::bytes_of({copy.data(), copy.size()}));
  delivering_ = false;
  CHECK(consumed <= bytes.size());
  if (consumed == bytes.size() || state_ != State::open) return;
  CHECK(paused_);
  held_ = std::string(bytes.substr(consumed)) + held_;
}

void FakeClient::send_quick(const proto::PacketSpec& packet) {
  const std::string bytes = encoded(packet);
  proto::PacketView view;
  CHECK(proto::decode_datagram(test::bytes_of(bytes), view) == proto::DecodeError::none);
  session_.on_quick(view);
}

void FakeClient::flush_now() {
  if (state_ == State::closed || sending()) return;
  session_.compose(batch_);
  if (!batch_.empty()) {
    sends.push_back(test::text_of(batch_));
    return;
  }
  if (state_ == State::closing) state_ = State::closed;
}

void FakeClient::take(size_t bytes) {
  bytes = std::min(bytes, batch_.bytes());
  if (bytes == 0) return;
  taken_ += test::text_of(batch_).substr(0, bytes);
  batch_.consume(bytes);
  session_.on_sent(bytes);
  if (sending() || state_ == State::closing) flush_soon();
}

std::vector<proto::OwnedPacket> FakeClient::received() {
  CHECK(!sending());  // or the last packet may be cut
  return split(std::exchange(taken_, {}));
}

proto::OwnedPacket FakeClient::received_one() {
  std::vector<proto::OwnedPacket> packets = received();
  return packets.size() == 1 ? packets[0] : proto::OwnedPacket{.type = 0x77};
}

size_t FakeClient::pending_bytes() const {
  return host_.fanout().pending_bytes(session_);
}

void FakeClient::pause() {
  if (state_ == State::open) paused_ = true;
}

void FakeClient::resume() {
  if (!paused_ || state_ != State::open) return;
  CHECK(!delivering_);
  paused_ = false;
  const std::string bytes = std::exchange(held_, {});
  if (!bytes.empty()) deliver(bytes);
}

void FakeClient::close_after_flush(CloseCause cause) {
  if (state_ != State::open) return;
  cause_ = cause;
  state_ = State::closing;
  paused_ = false;
  held_.clear();
  flush_soon();
}

void FakeClient::terminate(CloseCause cause) {
  if (state_ == State::closed) return;
  if (state_ == State::open) cause_ = cause;
  state_ = State::closed;
  batch_.clear();
}

void FakeClient::flush_if_dirty() {
  if (std::exchange(dirty_, false)) flush_now();
}

void FakeClient::reap() {
  if (state_ != State::closed || std::exchange(ended_, true)) return;
  session_.end();
}

// ---- FakeHost

FakeHost::FakeHost(SessionConfig config, std::string password)
    : config_(std::move(config)),
      logins_(std::move(password)),
      fanout_(pool_, filter_, config_.queue_bytes_max) {
}

FakeHost::~FakeHost() {
  clients_.clear();
  CHECK(waiting_for_room_.empty());
  CHECK(timers_.size() == 0);
  CHECK(counters_.held_bytes.get() == 0);
  CHECK(fanout_.cohorts() == 0);
  CHECK(fanout_.trie().size() == 0);
  const Fanout::Stats& stats = fanout_.stats();
  CHECK(stats.offered.get() == stats.sent.get() + stats.dropped.get());
  writer_.reset();
  CHECK(pool_.bytes_live().get() == 0);
}

FakeClient& FakeHost::connect() {
  const auto port = static_cast<uint16_t>(40'000 + clients_.size());
  clients_.push_back(std::make_unique<FakeClient>(*this, address("127.0.0.1:0").with_port(port)));
  return *clients_.back();
}

FakeClient& FakeHost::connect_active(std::string_view password) {
  FakeClient& client = connect();
  const std::string param =
      password.empty() ? std::string() : "{\"passwd\":\"" + std::string(password) + "\"}";
  client.send({.type = proto::PacketType::servinfo,
               .flags = proto::kFlagTunnel,
               .tunnel_id = 40'000,
               .param = param});
  settle();
  advance(base::kSessionGate + std::chrono::milliseconds(2));
  CHECK(client.session().active());
  client.received();
  client.sends.clear();
  return client;
}

void FakeHost::publish(std::string_view url, std::string_view data, Channel channel) {
  const std::string packet =
      encoded({.type = proto::PacketType::publish, .url = url, .data = data});
  counters_.publishes.add();
  if (channel == Channel::quick) {
    fanout_.publish_quick(url, test::bytes_of(packet));
  } else {
    fanout_.publish(url, test::slice_of(writer_, packet));
  }
}

void FakeHost::advance(engine::Duration time) {
  now_ += time;
  timers_.advance(now_);
}

void FakeHost::flush(size_t sends) {
  for (const auto& client : clients_) client->flush_if_dirty();
  fanout_.flush(sends);
  for (const auto& client : clients_) client->reap();
}

void FakeHost::settle() {
  for (bool moved = true; moved;) {
    flush();
    moved = false;
    for (const auto& client : clients_) {
      if (!client->sending() || !client->reads) continue;
      client->take(SIZE_MAX);
      moved = true;
    }
  }
}

void FakeHost::retry_relay() {
  base::IntrusiveList<Session, &Session::room_hook_> round;
  round.splice_back(waiting_for_room_);
  while (!round.empty()) {
    Session& session = round.pop_front();
    if (!session.retry()) waiting_for_room_.push_back(session);
  }
}

size_t FakeHost::relayed_normal() const {
  return static_cast<size_t>(std::count_if(
      relayed.begin(), relayed.end(),
      [](const Relayed& relayed_one) { return relayed_one.channel == Channel::normal; }));
}

uint32_t FakeHost::activate(Session&) {
  return ++last_wire_id_;
}

void FakeHost::announce(Session& session) {
  announced.push_back(session.wire_id());
  if (on_client) on_client(session);
}

bool FakeHost::call(Session& session, const proto::PacketView& packet) {
  if (on_call) return on_call(session, packet);
  const std::string param = "\"" + std::string(packet.url) + "\"";
  return session.reply(packet.header.seqno, {.param = param}).ok();
}

void FakeHost::data(Session&, const proto::PacketView& packet, Channel) {
  datagrams.push_back(proto::owned(packet));
}

bool FakeHost::relay(const proto::PacketSpec& packet, Channel channel) {
  if (!relay_room) return false;
  relayed.push_back(
      {std::string(packet.url), std::string(packet.param), std::string(packet.data), channel});
  const std::string bytes = encoded(packet);
  counters_.publishes.add();
  if (channel == Channel::normal) fanout_.publish(packet.url, test::slice_of(writer_, bytes));
  return true;
}

void FakeHost::send_quick(Session& session, std::span<const std::byte> packet) {
  for (const auto& client : clients_) {
    if (&client->session() == &session) client->quick_packets.push_back(test::text_of(packet));
  }
}

}  // namespace ringroad::shard
