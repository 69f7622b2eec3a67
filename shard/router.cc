#include "shard/router.h"

#include <array>
#include <optional>

#include "base/limits.h"
#include "shard/interest_filter.h"
#include "shard/shard.h"

namespace ringroad::shard {
namespace {

Status overloaded(uint32_t shard) {
  return {StatusCode::overloaded,
          "shard " + std::to_string(shard) +
              " cannot take more now; try again later or raise mailbox_bytes"};
}

/// Room for one record in one shard's mailbox, in the lane of the calling thread.
class Parcel {
 public:
  /// False: full, nothing is held.
  bool reserve(Shard& to, Shard* from, size_t record_bytes, size_t charged_bytes) {
    to_ = &to;
    from_ = from;
    engine::Mailbox& mailbox = to.mailbox();
    if (charged_bytes > 0 && !mailbox.try_charge(charged_bytes)) return false;
    if (from != nullptr) {
      record_ = mailbox.reserve(from->index(), record_bytes);
    } else {
      reservation_ = mailbox.reserve_any(record_bytes);
      record_ = reservation_.bytes;
    }
    if (record_.empty() && charged_bytes > 0) mailbox.discharge(charged_bytes);
    charged_bytes_ = charged_bytes;
    return !record_.empty();
  }
  void abandon() {
    if (from_ == nullptr) to_->mailbox().abandon_any(reservation_);
    if (charged_bytes_ > 0) to_->mailbox().discharge(charged_bytes_);
  }
  /// `packet` is encoded behind the message, or shared.
  void send(ShardMessage message, const proto::PacketSpec* packet) {
    const std::span<std::byte> rest = message.write(record_);
    if (packet != nullptr && message.shared == nullptr) proto::encode(*packet, rest);
    if (from_ == nullptr) return to_->mailbox().commit_any(reservation_);
    to_->mailbox().commit(from_->index(), from_->io());
  }

 private:
  Shard* to_ = nullptr;
  Shard* from_ = nullptr;  // null: not a shard's thread
  std::span<std::byte> record_;
  base::MpscRing::Reservation reservation_;
  size_t charged_bytes_ = 0;
};

engine::SharedPacket* share(const proto::PacketSpec& packet, size_t bytes, uint32_t references) {
  engine::SharedPacket* shared = engine::SharedPacket::make(bytes, references);
  proto::encode(packet, shared->bytes());
  return shared;
}

}  // namespace

Shard* Router::current() const {
  for (Shard* shard : shards_) {
    if (shard->in_turn_of_this_thread()) return shard;
  }
  return nullptr;
}

Status Router::publish(const proto::PacketSpec& packet, Channel channel) {
  const size_t bytes = proto::packet_bytes(packet);
  const bool large = bytes > base::kInlinePacketBytesMax;
  const size_t record_bytes = sizeof(ShardMessage) + (large ? 0 : bytes);
  Shard* const own = current();
  const CandidateHashes candidates(packet.url);
  bool own_interested = false;
  std::array<Parcel, base::kShardsMax> parcels;
  uint32_t count = 0;
  for (Shard* shard : shards_) {
    if (!shard->filter().may_match(candidates)) continue;
    const bool admitted =
        shard == own ? shard->admits(bytes)
                     : parcels[count].reserve(*shard, own, record_bytes, large ? bytes : 0);
    if (!admitted) {
      while (count > 0) parcels[--count].abandon();
      return overloaded(shard->index());
    }
    if (shard == own) {
      own_interested = true;
    } else {
      ++count;
    }
  }
  ShardMessage message{.kind = ShardMessage::Kind::publish,
                       .channel = channel,
                       .packet_bytes = static_cast<uint32_t>(bytes)};
  if (large && count > 0) message.shared = share(packet, bytes, count);
  for (uint32_t i = 0; i < count; ++i) parcels[i].send(message, &packet);
  if (own_interested) own->publish(packet, channel);
  return {};
}

Status Router::post(ShardMessage message, const proto::PacketSpec* packet) {
  const ClientKey key = ClientKey::unpack(message.client);
  Shard& shard = *shards_[key.shard];
  const size_t bytes = packet == nullptr ? 0 : proto::packet_bytes(*packet);
  const bool large = bytes > base::kInlinePacketBytesMax;
  message.packet_bytes = static_cast<uint32_t>(bytes);
  Parcel parcel;
  if (!parcel.reserve(shard, current(), sizeof(message) + (large ? 0 : bytes), large ? bytes : 0)) {
    return overloaded(key.shard);
  }
  if (large) message.shared = share(*packet, bytes, 1);
  parcel.send(message, packet);
  return {};
}

}  // namespace ringroad::shard
