// wire.h — the numbers of the VSOA wire format and the fixed header (docs/WIRE.md; W1 to W5).
// Owner:  values.   Thread: any.
// Bound:  sizes are in base/limits.h.
// Why here: the only place with wire numbers; every other file uses these names.
//
// All integers are big-endian:
//   0 magic/version  1 type  2 flags  3 status  4 seqno u32  8 tunnel id u16
//   10 url length u16  12 param length u32  16 data length u32  20 url, param, data, pad
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace ringroad::proto {

/// W4. A received packet may carry any other value too: ignore those (F3).
enum class PacketType : uint8_t {
  servinfo = 0x00,
  rpc = 0x01,
  subscribe = 0x02,
  unsubscribe = 0x03,
  publish = 0x04,
  datagram = 0x05,
  qossetup = 0x06,
  noop = 0xfe,
  pingecho = 0xff,
};

inline constexpr uint8_t kMagicVersion = 0x29;  // low nibble magic 0x9, high nibble version 2

// The flags byte (W2).
inline constexpr uint8_t kFlagReply = 0x01;   // this is an answer
inline constexpr uint8_t kFlagTunnel = 0x02;  // the tunnel id is valid
inline constexpr uint8_t kFlagSet = 0x04;     // RPC method SET; clear: GET
inline constexpr uint8_t kFlagsKnown =
    kFlagReply | kFlagTunnel | kFlagSet;  // bits 3 to 5: reserved
inline constexpr unsigned kPadShift = 6;  // bits 6 and 7

inline constexpr size_t kPacketAlignment = 4;  // W3: what a sender rounds the packet up to

// Where the fields are.
inline constexpr size_t kMagicOffset = 0;
inline constexpr size_t kTypeOffset = 1;
inline constexpr size_t kFlagsOffset = 2;
inline constexpr size_t kStatusOffset = 3;
inline constexpr size_t kSeqnoOffset = 4;
inline constexpr size_t kTunnelIdOffset = 8;
inline constexpr size_t kUrlLengthOffset = 10;
inline constexpr size_t kParamLengthOffset = 12;
inline constexpr size_t kDataLengthOffset = 16;
static_assert(kDataLengthOffset + sizeof(uint32_t) == base::kHeaderBytes);
static_assert(base::kPacketBytesMax % kPacketAlignment == 0, "padding never exceeds the limit");
static_assert(sizeof(size_t) >= sizeof(uint64_t), "lengths are summed in 64 bits (A3)");

// The position protocol (W24): its port, and address families as Linux numbers them.
inline constexpr uint16_t kPositionPort = 54;
inline constexpr int64_t kDomainAny = -1;  // never sent
inline constexpr int64_t kDomainIpv4 = 2;
inline constexpr int64_t kDomainIpv6 = 10;

/// W21: the TOS byte of what goes to and comes from a client of this priority (0 to 7).
constexpr uint8_t traffic_class(uint8_t priority) {
  return priority == 0 ? uint8_t{0} : static_cast<uint8_t>(priority << 5 | 0x08);
}

struct PacketHeader {
  PacketType type = PacketType::noop;
  uint8_t flags = 0;  // the known ones: reserved bits are dropped when decoding (A7)
  uint8_t status = 0;
  uint32_t seqno = 0;
  uint16_t tunnel_id = 0;  // as sent; means nothing unless tunnel() (A8)
  uint16_t url_bytes = 0;
  uint32_t param_bytes = 0;
  uint32_t data_bytes = 0;
  uint8_t pad = 0;  // 0 to 3, counted whatever the alignment (A4, A5)

  bool reply() const { return (flags & kFlagReply) != 0; }
  bool tunnel() const { return (flags & kFlagTunnel) != 0; }
  bool set() const { return (flags & kFlagSet) != 0; }
  /// Header, url, param, data and pad. Cannot overflow.
  size_t total_bytes() const {
    return base::kHeaderBytes + size_t{url_bytes} + size_t{param_bytes} + size_t{data_bytes} + pad;
  }
};

}  // namespace ringroad::proto
