#include <memory>

#include "base/check.h"
#include "proto/packet.h"
#include "shard/fanout.h"

namespace ringroad::shard {

void Fanout::set_backlog(Member& member, Backlog backlog) {
  member.backlog_ = backlog;
  if (backlog == Backlog::close) {
    fence(member);
    member.conflating_ = false;
  }
  count_pinned(member);
}

/// Does the next publish for it replace an older one? A client that keeps up gets every one,
/// whatever its reason to straggle. Once it conflates, it does until it has caught up.
bool Fanout::conflates(const Member& member) const {
  if (member.backlog_ != Backlog::conflate) return false;
  return member.conflating_ || pending_bytes(member) > behind_bytes_;
}

void Fanout::conflate(Member& member, std::string_view url, const engine::Slice& packet) {
  member.conflating_ = true;
  if (member.conflated_ == nullptr) member.conflated_ = std::make_unique<ConflatedLane>();
  const size_t own_bytes = member.outbox_.pending_bytes();
  CHECK(own_bytes <= queue_bytes_max_);
  const auto outcome = member.conflated_->push(url, packet, queue_bytes_max_ - own_bytes);
  if (member.conflated_->empty()) member.conflated_.reset();
  count_pinned(member);
  if (outcome == ConflatedLane::Outcome::refused) return overflow(member);
  if (outcome == ConflatedLane::Outcome::replaced) stats_.conflated.add();
  member.flush_soon();
}

/// What it lags behind, packet by packet: the log has merged them, their headers part them again.
void Fanout::conflate_rest(Member& member) {
  CHECK(member.conflated_ == nullptr);
  member.conflating_ = true;
  auto lane = std::make_unique<ConflatedLane>();
  member.cohort_->log_.take_rest(member.cursor_, [&](const engine::Slice& rest) {
    for (size_t begin = 0; begin < rest.size();) {
      proto::PacketHeader header;
      const auto bytes = rest.bytes().subspan(begin);
      CHECK(proto::decode_header(bytes, header) == proto::DecodeError::none);
      const engine::Slice packet = rest.part(begin, header.total_bytes());
      const std::string_view url = proto::view_packet(header, bytes).url;
      // It does not become more: no bound can be met.
      if (lane->push(url, packet, SIZE_MAX) == ConflatedLane::Outcome::replaced)
        stats_.conflated.add();
      begin += packet.size();
    }
  });
  if (!lane->empty()) member.conflated_ = std::move(lane);
}

/// What waits now keeps its place, and is replaced by nothing that is published later.
void Fanout::fence(Member& member) {
  if (member.conflated_ == nullptr) return;
  member.queued_packets_ +=
      static_cast<uint32_t>(member.conflated_->move_to(member.outbox_, pool_));
  member.outbox_.fold(pool_);
  member.conflated_.reset();
}

void Fanout::compose_conflated(Member& member, engine::SendBatch& batch) {
  stats_.sent.add(member.conflated_->move_to(batch, pool_));
  if (member.conflated_->empty()) member.conflated_.reset();
}

}  // namespace ringroad::shard
