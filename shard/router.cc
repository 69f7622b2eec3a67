#include "shard/router.h"

#include <array>
#include <memory>
#include <type_traits>

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

/// The parcels of one publish. Storage only: clearing what kShardsMax of them take would cost a
/// tenth of a publish to one shard.
class Parcels {
 public:
  /// See Parcel::reserve().
  bool add(Shard& to, Shard* from, size_t record_bytes, size_t charged_bytes) {
    Parcel* const parcel = std::construct_at(begin() + count_);
    if (!parcel->reserve(to, from, record_bytes, charged_bytes)) return false;
    ++count_;
    return true;
  }
  void abandon() {
    while (count_ > 0) begin()[--count_].abandon();
  }
  std::span<Parcel> all() { return {begin(), count_}; }

 private:
  static_assert(std::is_trivially_destructible_v<Parcel>);

  Parcel* begin() { return reinterpret_cast<Parcel*>(storage_.data()); }

  alignas(Parcel) std::array<std::byte, sizeof(Parcel) * base::kShardsMax> storage_;
  uint32_t count_ = 0;
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
  Shard* const own = current();
  if (own != nullptr && shards_.size() == 1) return publish_alone(*own, packet, channel);
  const size_t bytes = proto::packet_bytes(packet);
  const bool large = bytes > base::kInlinePacketBytesMax;
  const size_t record_bytes = sizeof(ShardMessage) + (large ? 0 : bytes);
  const CandidateHashes candidates(packet.url);
  bool own_interested = false;
  Parcels parcels;
  for (Shard* shard : shards_) {
    if (!shard->filter().may_match(candidates)) continue;
    const bool admitted = shard == own ? shard->admits(bytes)
                                       : parcels.add(*shard, own, record_bytes, large ? bytes : 0);
    if (!admitted) {
      parcels.abandon();
      return overloaded(shard->index());
    }
    own_interested = own_interested || shard == own;
  }
  ShardMessage message{.kind = ShardMessage::Kind::publish,
                       .channel = channel,
                       .packet_bytes = static_cast<uint32_t>(bytes)};
  const std::span<Parcel> others = parcels.all();
  if (large && !others.empty()) {
    message.shared = share(packet, bytes, static_cast<uint32_t>(others.size()));
  }
  for (Parcel& parcel : others) parcel.send(message, &packet);
  if (own_interested) own->publish(packet, channel);
  return {};
}

/// There is no other shard: looking the URL up costs less than asking whether anybody may want it.
Status Router::publish_alone(Shard& own, const proto::PacketSpec& packet, Channel channel) {
  if (!own.admits(proto::packet_bytes(packet))) return overloaded(own.index());
  own.publish(packet, channel);
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

Status Router::post_to_all(ShardMessage message) {
  Shard* const own = current();
  Parcels parcels;
  for (Shard* shard : shards_) {
    if (parcels.add(*shard, own, sizeof(message), 0)) continue;
    parcels.abandon();
    return overloaded(shard->index());
  }
  for (Parcel& parcel : parcels.all()) parcel.send(message, nullptr);
  return {};
}

}  // namespace ringroad::shard
