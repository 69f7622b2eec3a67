#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "proto/json.h"
#include "proto/url.h"
#include "shard/logins.h"
#include "shard/pattern_directory.h"
#include "shard/session.h"

namespace ringroad::shard {
namespace {

using proto::PacketType;

std::array<char, 4> big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// The types that a client may ask before an accepted handshake, and is refused if a password is
/// set (B11).
bool wants_access(PacketType type) {
  switch (type) {
    case PacketType::rpc:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::datagram:
    case PacketType::pingecho:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Session::handle(const proto::PacketView& packet) {
  host_.counters().messages_in.add();
  publishes_seen_ = host_.publish_count();
  open_gate();
  if (packet.header.reply()) {      // W7, C8
    if (qos_due_) tell_priority();  // the gate is open
    return;
  }
  if (!active() && wants_access(packet.header.type) && host_.logins().password_needed())
    return refuse(packet);
  dispatch(packet);
  if (qos_due_) tell_priority();
}

void Session::dispatch(const proto::PacketView& packet) {
  switch (packet.header.type) {
    case PacketType::servinfo:
      return on_servinfo(packet);
    case PacketType::rpc:
      return on_rpc(packet);
    case PacketType::subscribe:
      return on_subscribe(packet);
    case PacketType::unsubscribe:
      return on_unsubscribe(packet);
    case PacketType::datagram:
      return on_datagram(packet, Channel::normal);
    case PacketType::pingecho:
      return answer(packet, ReplyStatus::success);  // F1: no payload
    case PacketType::publish:
    case PacketType::qossetup:
    case PacketType::noop:
      return;  // F2, F4
  }
  // F3: unknown types are ignored.
}

bool Session::password_fits(std::string_view param) const {
  if (!host_.logins().password_needed()) return true;  // B17: nor is the param looked at
  const auto given = proto::json_string_field(param, "passwd");
  return host_.logins().fits(given);
}

void Session::on_servinfo(const proto::PacketView& packet) {
  if (!password_fits(packet.param)) return refuse(packet);
  std::array<char, 4> id = {};
  const proto::PacketSpec reply{.type = PacketType::servinfo,
                                .flags = proto::kFlagReply,
                                .seqno = packet.header.seqno,
                                .param = host_.config().info,
                                .data = {id.data(), id.size()}};
  if (!fits(proto::packet_bytes(reply))) return;  // asks again and again, and does not read
  stop_timer();
  quick_port_ = packet.header.tunnel() ? packet.header.tunnel_id : 0;  // B13, B18
  if (quick_port_ != 0 && local_ == nullptr) {
    const engine::Address local = link_.local_address();  // unknown for now: asked for next time
    if (local.valid()) local_ = std::make_unique<const engine::Address>(local);
  }
  const bool first = !active();
  if (first) {
    state_ = State::active;
    wire_id_ = host_.activate(*this);
    update_audience();
  } else {
    host_.move_quick(*this);
  }
  id = big_endian(wire_id_);
  gate_closed_ = true;
  host_.fanout().detach(*this);
  host_.fanout().push_solo(*this, encode(reply));
  link_.flush_soon();
  check_backlog();
  if (!first) return;
  host_.announce(*this);
  const std::vector<std::string> early = host_.fanout().patterns_of(*this);  // B10
  if (!early.empty()) host_.subscriptions(*this, SubscriptionChange::added, early);
}

void Session::on_rpc(const proto::PacketView& packet) {
  if (packet.header.seqno == 0) open_zero();
  if (packet.url.empty() || packet.url.front() != '/')
    return answer(packet, ReplyStatus::arguments);                           // C2
  if (!host_.call(*this, packet)) answer(packet, ReplyStatus::invalid_url);  // C3
}

bool Session::subscription_fits(std::span<const std::string> urls) const {
  size_t count = host_.fanout().subscription_count(*this);
  size_t bytes = subscription_bytes_;
  for (const std::string& url : urls) {
    if (host_.fanout().is_subscribed(*this, url)) continue;  // D13: costs nothing
    ++count;
    bytes += url.size();
  }
  return bytes <= base::kSubscriptionBytesPerClientMax && count <= base::kSubscriptionsPerClientMax;
}

void Session::on_subscribe(const proto::PacketView& packet) {
  std::vector<std::string> urls;
  size_t bad = 0;
  if (!packet.url.empty()) {
    urls.emplace_back(packet.url);  // D5: the url wins
  } else if (!proto::json_string_list(packet.param, urls, bad)) {
    return answer_in_order(packet, ReplyStatus::arguments);  // D1, D20
  }
  const size_t asked = urls.size() + bad;
  std::erase_if(urls, [](const std::string& url) { return !proto::valid_url(url); });
  if (urls.empty() && asked > 0) return answer_in_order(packet, ReplyStatus::arguments);  // D3, D6
  if (!subscription_fits(urls)) return answer_in_order(packet, ReplyStatus::no_memory);
  const std::vector<std::string> news = host_.fanout().subscribe(*this, urls);
  for (const std::string& added : news) {
    subscription_bytes_ += static_cast<uint32_t>(added.size());
    if (!muted_) host_.patterns().add(added);
  }
  if (!news.empty()) let_others_go_first();
  answer_in_order(packet, ReplyStatus::success);  // D4: also for an empty list
  if (active() && !news.empty()) host_.subscriptions(*this, SubscriptionChange::added, news);
}

void Session::on_unsubscribe(const proto::PacketView& packet) {
  std::vector<std::string> removed;
  if (!packet.url.empty()) {
    if (packet.url.front() != '/') return answer_in_order(packet, ReplyStatus::arguments);  // D18
    const std::string url(packet.url);
    removed = host_.fanout().unsubscribe(*this, {&url, 1});
  } else if (packet.param.empty()) {
    removed = host_.fanout().unsubscribe_all(*this);  // W14, D14
  } else {
    std::vector<std::string> urls;
    size_t bad = 0;
    if (!proto::json_string_list(packet.param, urls, bad))
      return answer_in_order(packet, ReplyStatus::arguments);
    removed = host_.fanout().unsubscribe(*this, urls);  // D15, D16
  }
  for (const std::string& gone : removed) {
    subscription_bytes_ -= static_cast<uint32_t>(gone.size());
    if (!muted_) host_.patterns().remove(gone);
  }
  if (!removed.empty()) let_others_go_first();
  answer_in_order(packet, ReplyStatus::success);
  if (active() && !removed.empty())
    host_.subscriptions(*this, SubscriptionChange::removed, removed);
}

// A change of a large set is dear; a client that makes many would hold up everybody else.
void Session::let_others_go_first() {
  if (host_.fanout().subscription_count(*this) < base::kDearSetPatterns) return;
  yielding_ = true;
  host_.wait_for_room(*this);
}

void Session::on_datagram(const proto::PacketView& packet, Channel channel) {
  if (!active()) return host_.counters().datagrams_refused.add();
  const std::string& prefix = host_.config().relay_prefix;
  if (!prefix.empty() && proto::valid_url(packet.url) && proto::url_matches(prefix, packet.url)) {
    const proto::PacketSpec spec{
        .type = PacketType::publish, .url = packet.url, .param = packet.param, .data = packet.data};
    const bool taken = host_.relay(spec, channel);
    if (!taken && channel == Channel::quick) host_.counters().relay_dropped.add();
    if (!taken && channel == Channel::normal) {
      stalled_ = encode(spec);  // on_bytes() stops reading after this packet
      host_.counters().relay_pauses.add();
      host_.wait_for_room(*this);
    }
  }
  host_.data(*this, packet, channel);
}

}  // namespace ringroad::shard
