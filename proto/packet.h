// packet.h — one VSOA packet: bytes to values and back.
// Owner:  nobody; views borrow the caller's bytes.   Thread: any (pure functions).
// Bound:  nothing above base::kPacketBytesMax is encoded or accepted.
// Fails:  what a user passes: check_packet() says it. What a peer sends: DecodeError.
//         encode() CHECKs what check_packet() would have refused.
// Why here: strict sender (aligned, zero pad), lenient receiver (any pad, any alignment).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proto/wire.h"
#include "ringroad/payload.h"
#include "ringroad/status.h"

namespace ringroad::proto {

/// A decoded packet. The views point into the bytes that were decoded.
struct PacketView {
  PacketHeader header;
  std::string_view url;
  std::string_view param;
  std::string_view data;
};

/// A packet to encode: `{.type = PacketType::publish, .url = "/a", .param = "{}"}`.
struct PacketSpec {
  PacketType type;
  uint8_t flags = 0;  // kFlag...; without the pad bits
  uint8_t status = 0;
  uint32_t seqno = 0;
  uint16_t tunnel_id = 0;  // only with kFlagTunnel (A8)
  std::string_view url = {};
  std::string_view param = {};
  std::string_view data = {};
};

/// The answer to a call; it offers a stream if content has its tunnel id (V35).
PacketSpec reply_packet(uint32_t seqno, const ReplyContent& content);

/// Bytes of the packet with its pad: a multiple of four (W3).
size_t packet_bytes(const PacketSpec& spec);

/// Can it be sent? payload_bytes_max: base::kPayloadBytesMax or kQuickPayloadBytesMax (V11, A9).
Status check_packet(const PacketSpec& spec, size_t payload_bytes_max);

/// Writes the packet to the front of `out`, which must have room. Returns packet_bytes(spec).
size_t encode(const PacketSpec& spec, std::span<std::byte> out);

enum class DecodeError : uint8_t {
  none,
  short_header,  ///< fewer than 20 bytes, and no fault in those there are
  bad_magic,     ///< A1: not VSOA, or another version; seen at the first byte
  oversize,      ///< A2, A3: seen as soon as the header is complete
  short_packet,  ///< A11: a datagram that cuts url, param or data
};

/// Reads the 20 bytes at the front of `bytes`. `header` is written when the result is none.
DecodeError decode_header(std::span<const std::byte> bytes, PacketHeader& header);

/// Reads the one packet of a datagram: what follows it is ignored, its pad may be missing (A10,
/// A11).
DecodeError decode_datagram(std::span<const std::byte> bytes, PacketView& packet);

/// The packet whose header was read from the front of `bytes`; url, param and data must be there.
PacketView view_packet(const PacketHeader& header, std::span<const std::byte> bytes);

}  // namespace ringroad::proto
