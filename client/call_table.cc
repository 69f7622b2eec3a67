#include "client/call_table.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace ringroad::client {
namespace {

Reply reply_of(const proto::PacketView& packet) {
  return {
      .status = static_cast<ReplyStatus>(packet.header.status),
      .payload = {.param = std::string(packet.param), .data = std::string(packet.data)},
      .tunnel_id = packet.header.tunnel() ? packet.header.tunnel_id : uint16_t{0},
  };
}

}  // namespace

CallTable::~CallTable() {
  CHECK(pending_.empty());
}

std::optional<uint16_t> CallTable::add(proto::PacketType type, engine::Duration timeout,
                                       Done done) {
  CHECK(done != nullptr);
  if (pending_.size() >= kCallsMax) return std::nullopt;
  while (pending_.contains(next_seqno_)) ++next_seqno_;  // wraps; one of them is free
  const uint16_t seqno = next_seqno_++;
  const auto [at, added] = pending_.try_emplace(seqno, *this, seqno, type, std::move(done));
  CHECK(added);
  host_.start_timer(at->second.timer, timeout);
  return seqno;
}

bool CallTable::complete(const proto::PacketView& reply) {
  CHECK(reply.header.reply());
  if (reply.header.seqno > UINT16_MAX) return false;
  const auto at = pending_.find(static_cast<uint16_t>(reply.header.seqno));
  if (at == pending_.end() || at->second.type != reply.header.type) return false;
  finish(at, reply_of(reply));
  return true;
}

void CallTable::expire(uint16_t seqno) {
  const auto at = pending_.find(seqno);
  CHECK(at != pending_.end());
  finish(at, Status(StatusCode::timed_out, "no reply from the server within the call's timeout"));
}

void CallTable::finish(Map::iterator at, const Result<Reply>& reply) {
  host_.stop_timer(at->second.timer);
  const Map::node_type node = pending_.extract(at);  // `done` may add: the map is ours no more
  host_.on_call_ended();
  node.mapped().done(reply);
}

void CallTable::fail_all(const Status& status) {
  Map ended;
  ended.swap(pending_);
  for (auto& [seqno, pending] : ended) host_.stop_timer(pending.timer);
  for (auto& [seqno, pending] : ended) {
    host_.on_call_ended();
    pending.done(status);
  }
}

}  // namespace ringroad::client
