// shard_message.h — what one shard, or another thread, tells a shard.
// Lives:  in a mailbox lane: this header, then the packet's bytes unless they are shared.
// Bound:  packets over kInlinePacketBytesMax travel as one SharedPacket, charged to the mailbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "engine/shared_packet.h"
#include "ringroad/payload.h"

namespace ringroad::shard {

struct ShardMessage {
  enum class Kind : uint8_t {
    publish,           // packet: a PUBLISH
    reply,             // packet: an RPC reply for `client`
    datagram,          // packet: a DATAGRAM for `client`
    close,             // `client`
    authorise,         // `client`
    revoke,            // `client`
    backlog,           // `client`; value: a Backlog
    priority,          // `client`; value
    keepalive,         // `client`; value: seconds
    send_timeout,      // `client`; value: tenths of a second
    send_timeout_new,  // of clients to come
    send_timeout_all,  // and of all that are here
  };

  Kind kind;
  Channel channel = Channel::normal;
  uint16_t value = 0;
  uint32_t packet_bytes = 0;
  uint64_t client = 0;  // ClientKey::packed()
  engine::SharedPacket* shared =
      nullptr;  // one reference of it goes to the reader; null: the packet follows

  static ShardMessage read(std::span<const std::byte> record) {
    ShardMessage message;
    std::memcpy(&message, record.data(), sizeof(message));
    return message;
  }
  /// Writes itself; the rest of the record is for the packet.
  std::span<std::byte> write(std::span<std::byte> record) const {
    std::memcpy(record.data(), this, sizeof(*this));
    return record.subspan(sizeof(*this));
  }
};
static_assert(std::is_trivially_copyable_v<ShardMessage>);
static_assert(sizeof(ShardMessage) == 24, "it goes with every publish to another shard");

}  // namespace ringroad::shard
