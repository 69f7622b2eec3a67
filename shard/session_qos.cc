#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "shard/session.h"

namespace ringroad::shard {
namespace {

// How long a call of the official clients waits for its answer, unless its program says otherwise (V55).
constexpr auto kCallTime = std::chrono::seconds(60);

}  // namespace

void Session::set_priority(uint8_t priority) {
  CHECK(priority < base::kPriorities);
  if (state_ == State::ending || priority == priority_) return;
  host_.fanout().set_priority(*this, priority);
  link_.set_priority(priority);
  host_.move_priority(*this);
  qos_due_ = true;
  tell_priority();
}

/// F5: some clients take a QOSSETUP for the reply to seqno 0, or lose it when it comes with or right
/// after the SERVINFO reply. So it waits until neither can be; for an answer that never comes, until the
/// client has given up as well. That time runs from when it began to wait, or from the last call: never
/// too short, and nobody else pays for a clock or a timer.
void Session::tell_priority() {
  if (!qos_due_ || !active() || winding_down_ || gate_closed_) return;
  if (zero_open_) {
    if (timer_ == nullptr) start_timer(kCallTime);
    return;
  }
  stop_timer();
  qos_due_ = false;
  // Behind whatever is queued: a reply to seqno 0 among that must be the first.
  send_slice(engine::Outbox::Lane::ordered, encode({.type = proto::PacketType::qossetup,
                                                    .flags = proto::kFlagReply,
                                                    .status = priority_}));
}

/// A call with seqno 0. While another is open, its number is used again: only the new one counts.
void Session::open_zero() {
  zero_open_ = true;
  if (active() && timer_ != nullptr) start_timer(kCallTime);  // that of the one before
}

/// A reply is queued, perhaps to the call with seqno 0.
void Session::close_zero(const proto::PacketSpec& reply) {
  if (reply.type != proto::PacketType::rpc || reply.seqno != 0) return;
  zero_open_ = false;
  tell_priority();
}

void Session::close_zero(std::span<const std::byte> packet) {
  proto::PacketHeader header;
  CHECK(proto::decode_header(packet, header) == proto::DecodeError::none);
  close_zero({.type = header.type, .seqno = header.seqno});
}

}  // namespace ringroad::shard
