#include "shard/session.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "shard/logins.h"
#include "shard/pattern_directory.h"

namespace ringroad::shard {
namespace {

using engine::CloseCause;
using Lane = engine::Outbox::Lane;

}  // namespace

Session::Session(SessionHost& host, SessionLink& link, const engine::Address& peer)
    : host_(host), link_(link), peer_(peer) {
  muted_ = true;  // until it is active
  backlog_ = host.config().backlog;
}

Session::~Session() {
  CHECK(cohort_ == nullptr);
  CHECK(timer_ == nullptr);
}

void Session::start() {
  start_timer(host_.config().handshake_timeout);
}

void Session::end() {
  stop_timer();
  leave_fanout();
  stalled_ = engine::Slice();
  room_hook_.unlink();
  host_.counters().held_bytes.sub(reader_.held_bytes());
  reader_ = proto::PacketReader();
  state_ = State::ending;
}

void Session::leave_fanout() {
  const bool counted = !muted_;
  for (const std::string& pattern : host_.fanout().leave(*this)) {
    if (counted) host_.patterns().remove(pattern);
  }
  subscription_bytes_ = 0;
}

void Session::wind_down() {
  open_gate();
  winding_down_ = true;
  update_audience();
}

size_t Session::on_bytes(std::span<const std::byte> bytes) {
  if (state_ == State::ending) return bytes.size();
  const size_t held_before = reader_.held_bytes();
  reader_.feed(bytes);
  size_t unread = 0;
  proto::PacketView packet;
  for (auto outcome = reader_.next(packet); outcome != proto::PacketReader::Outcome::need_more;
       outcome = reader_.next(packet)) {
    if (outcome == proto::PacketReader::Outcome::bad) {
      state_ = State::ending;
      link_.terminate(CloseCause::bad_packet);
      break;
    }
    handle(packet);
    if (state_ == State::ending) break;
    if (!held_up()) continue;
    unread = reader_.unread_bytes();
    link_.pause();
    break;
  }
  reader_.drop_unread();
  host_.counters().held_bytes.add(reader_.held_bytes());
  host_.counters().held_bytes.sub(held_before);
  host_.counters().bytes_in.add(bytes.size() - unread);
  return bytes.size() - unread;
}

void Session::on_quick(const proto::PacketView& packet) {
  if (!active()) return;
  open_gate();  // who knows its id has the reply that told it
  on_datagram(packet, Channel::quick);
  if (qos_due_) tell_priority();
}

// ---- Sending

void Session::compose(engine::SendBatch& batch) {
  if (outbox_.compose(gate(), batch)) return host_.fanout().compose(*this, batch);
  solo_leaving_ = !batch.empty();
  if (solo_leaving_ && gate_closed_) stop_timer();  // the gate's, of an earlier reply
}

void Session::on_sent(size_t bytes) {
  host_.counters().bytes_out.add(bytes);
  // The gate's time runs from when the whole reply has left.
  if (solo_leaving_ && !link_.sending()) {
    solo_leaving_ = false;
    if (gate_closed_) start_timer(base::kSessionGate);
  }
  if (state_ == State::ending) return;
  host_.fanout().settle(*this);
  if (backlogged_ && host_.fanout().pending_bytes(*this) <= host_.config().queue_bytes_max / 4) {
    backlogged_ = false;
    if (!held_up()) link_.resume();
  }
}

engine::Slice Session::encode(const proto::PacketSpec& spec) {
  const size_t bytes = proto::packet_bytes(spec);
  proto::encode(spec, host_.writer().prepare(bytes));
  return host_.writer().commit(bytes);
}

void Session::send(const proto::PacketSpec& spec) {
  // A reply that follows a publish of the same handler must not overtake it (ARCHITECTURE, life of a
  // publish).
  const Lane lane = host_.publish_count() == publishes_seen_ ? Lane::control : Lane::ordered;
  send_slice(lane, encode(spec));
  if (zero_open_) close_zero(spec);
}

void Session::send_encoded(std::span<const std::byte> packet) {
  // From another thread: whether it published before is not known here, so nothing is overtaken.
  if (state_ == State::ending) return;
  send_slice(Lane::ordered, host_.writer().copy(packet));
  if (zero_open_) close_zero(packet);
}

void Session::send_slice(Lane lane, engine::Slice slice) {
  if (state_ == State::ending) return;
  if (!fits(slice.size())) return;
  if (lane == Lane::ordered) {
    host_.fanout().push_ordered(*this, std::move(slice));
  } else {
    host_.fanout().push_control(*this, std::move(slice));
    // Followers are bounded by their lag; one with a long outbox of its own must be watched push by
    // push.
    if (outbox_.pending_bytes() > host_.config().queue_bytes_max / 8) host_.fanout().detach(*this);
  }
  check_backlog();
}

/// False: its queue is full, and so it has ended.
bool Session::fits(size_t bytes) {
  const size_t pending = host_.fanout().pending_bytes(*this);
  if (pending + bytes <= host_.config().queue_bytes_max) return true;
  on_overflow(pending);
  return false;
}

void Session::check_backlog() {
  if (!backlogged_ && host_.fanout().pending_bytes(*this) > host_.config().queue_bytes_max / 2)
    backlogged_ = true;
}

void Session::answer(const proto::PacketView& request, ReplyStatus status) {
  send({.type = request.header.type,
        .flags = proto::kFlagReply,
        .status = static_cast<uint8_t>(status),
        .seqno = request.header.seqno});
}

void Session::answer_in_order(const proto::PacketView& request, ReplyStatus status) {
  send_slice(Lane::ordered, encode({.type = request.header.type,
                                    .flags = proto::kFlagReply,
                                    .status = static_cast<uint8_t>(status),
                                    .seqno = request.header.seqno}));
}

Status Session::reply(uint32_t seqno, const ReplyContent& content) {
  if (state_ == State::ending) return {StatusCode::gone, "the client has disconnected"};
  const proto::PacketSpec spec = proto::reply_packet(seqno, content);
  if (Status status = proto::check_packet(spec, base::kPayloadBytesMax); !status.ok())
    return status;
  send(spec);
  return {};
}

Status Session::datagram(std::string_view url, const PayloadView& payload, Channel channel) {
  const proto::PacketSpec spec{.type = proto::PacketType::datagram,
                               .url = url,
                               .param = payload.param,
                               .data = payload.data};
  if (channel == Channel::normal) {
    send(spec);
    return {};
  }
  const engine::Slice packet = encode(spec);
  send_quick(packet.bytes());
  return {};
}

void Session::send_quick(std::span<const std::byte> packet) {
  if (quick_port_ == 0 || !active()) return;
  if (gate_closed_) return host_.counters().quick_dropped.add();
  host_.send_quick(*this, packet);
}

void Session::on_overflow(size_t pending_bytes) {
  LOG(warn, "event=slow_client client={} pending_bytes={} limit={} policy={} knob=queue_bytes_max",
      peer_.to_string(), pending_bytes, host_.config().queue_bytes_max,
      backlog_ == Backlog::conflate ? "conflate" : "close");
  leave_fanout();
  state_ = State::ending;
  link_.terminate(CloseCause::slow_peer);
}

// ---- Life

void Session::start_timer(engine::Duration delay) {
  if (timer_ == nullptr) {
    timer_.reset(new engine::Timer(engine::Timer::bind<&Session::on_timer>(this)));
  }
  host_.start_timer(*timer_, delay);
}

void Session::stop_timer() {
  if (timer_ == nullptr) return;
  host_.stop_timer(*timer_);
  timer_.reset();
}

void Session::on_timer() {
  if (gate_closed_) {
    open_gate();
    return tell_priority();
  }
  if (active()) {
    zero_open_ = false;  // given up
    return tell_priority();
  }
  if (state_ != State::fresh) return;
  state_ = State::ending;
  link_.terminate(CloseCause::timed_out);
}

void Session::open_gate() {
  if (!gate_closed_) return;
  gate_closed_ = false;
  stop_timer();
  link_.flush_soon();
}

void Session::refuse(const proto::PacketView& packet) {
  const uint64_t count = host_.logins().refuse(peer_);
  LOG(warn, "event=login_refused client={} refusals={}", peer_.to_string(), count);
  const bool again = host_.config().refusal == SessionConfig::Refusal::retry;
  engine::Slice reply = encode({.type = packet.header.type,
                                .flags = proto::kFlagReply,
                                .status = static_cast<uint8_t>(ReplyStatus::password),
                                .seqno = packet.header.seqno});
  if (again && ++refusals_ < base::kLoginTriesMax) {
    return host_.fanout().push_solo(*this, std::move(reply));
  }
  leave_fanout();
  outbox_.push_solo(std::move(reply));
  state_ = State::ending;
  stop_timer();
  link_.close_after_flush(CloseCause::refused);
}

bool Session::takes(std::string_view url) const {
  return listening() && host_.fanout().takes(*this, url);
}

void Session::set_authed(Authed authed) {
  authed_ = authed == Authed::yes;
  update_audience();
}

void Session::update_audience() {
  if (listening() == !muted_) return;
  host_.fanout().set_audience(*this, listening() ? Audience::listening : Audience::muted);
  for (const std::string& pattern : host_.fanout().patterns_of(*this)) {
    listening() ? host_.patterns().add(pattern) : host_.patterns().remove(pattern);
  }
}

bool Session::retry() {
  yielding_ = false;
  if (!stalled_.empty() && !retry_relay()) return false;
  if (!held_up()) link_.resume();
  return true;
}

bool Session::retry_relay() {
  proto::PacketView packet;
  CHECK(proto::decode_datagram(stalled_.bytes(), packet) == proto::DecodeError::none);
  const proto::PacketSpec spec{.type = proto::PacketType::publish,
                               .url = packet.url,
                               .param = packet.param,
                               .data = packet.data};
  if (!host_.relay(spec, Channel::normal)) return false;
  stalled_ = engine::Slice();
  return true;
}

}  // namespace ringroad::shard
