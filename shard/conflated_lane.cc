#include "shard/conflated_lane.h"

#include "base/check.h"

namespace ringroad::shard {
namespace {

// A string keeps its memory when a shorter one comes; a much longer one is given back.
constexpr size_t kSpareBytesMax = 256;

}  // namespace

void ConflatedLane::Packet::set(const engine::Slice& packet) {
  if (!packet.wasteful()) {
    own = std::string();
    shared = packet;
    return;
  }
  shared = engine::Slice();
  if (own.capacity() > 2 * packet.size() + kSpareBytesMax) own = std::string();
  own.assign(reinterpret_cast<const char*>(packet.bytes().data()), packet.size());
}

ConflatedLane::Outcome ConflatedLane::push(std::string_view url, const engine::Slice& packet,
                                           size_t bytes_max) {
  CHECK(!packet.empty());
  const auto known = packets_.find(url);
  const size_t older = known == packets_.end() ? 0 : known->second.size();
  if (bytes_ - older + packet.size() > bytes_max) return Outcome::refused;
  auto& node = known == packets_.end() ? *packets_.try_emplace(std::string(url)).first : *known;
  pinned_ -= node.second.pinned_bytes();
  node.second.set(packet);
  pinned_ += node.second.pinned_bytes();
  bytes_ = bytes_ - older + packet.size();
  if (older > 0) return Outcome::replaced;
  order_.push_back(&node);
  return Outcome::queued;
}

engine::Slice ConflatedLane::pop(engine::BlockWriter& writer) {
  Packets::value_type& node = *order_.front();
  order_.pop_front();
  Packet packet = std::move(node.second);
  bytes_ -= packet.size();
  pinned_ -= packet.pinned_bytes();
  packets_.erase(packets_.find(std::string_view(node.first)));
  if (packet.own.empty()) return std::move(packet.shared);
  return writer.copy(std::as_bytes(std::span<const char>(packet.own)));
}

size_t ConflatedLane::move_to(engine::SendBatch& batch, engine::BlockPool& pool) {
  engine::BlockWriter writer(pool);  // small ones behind each other: one part of the send
  size_t packets = 0;
  for (; !empty() && batch.room(); ++packets) batch.push(pop(writer));
  return packets;
}

size_t ConflatedLane::move_to(engine::Outbox& outbox, engine::BlockPool& pool) {
  engine::BlockWriter writer(pool);
  size_t packets = 0;
  for (; !empty(); ++packets) outbox.push(engine::Outbox::Lane::ordered, pop(writer));
  return packets;
}

}  // namespace ringroad::shard
