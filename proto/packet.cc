#include "proto/packet.h"

#include <cstring>
#include <string>
#include <type_traits>

#include "base/check.h"

namespace ringroad::proto {
namespace {

template <typename T>
T load(std::span<const std::byte> bytes, size_t offset) {
  static_assert(std::is_unsigned_v<T>);
  uint32_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = (value << 8) | std::to_integer<uint32_t>(bytes[offset + i]);
  }
  return static_cast<T>(value);
}

template <typename T>
void store(std::span<std::byte> bytes, size_t offset, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (size_t i = 0; i < sizeof(T); ++i) {
    const size_t shift = 8 * (sizeof(T) - 1 - i);
    bytes[offset + i] = static_cast<std::byte>(value >> shift);
  }
}

// Appends at `offset`, which moves on.
void put(std::span<std::byte> out, size_t& offset, std::string_view text) {
  if (text.empty()) return;  // memcpy wants no null pointer, not even for nothing
  std::memcpy(out.data() + offset, text.data(), text.size());
  offset += text.size();
}

std::string_view text_at(std::span<const std::byte> bytes, size_t offset, size_t size) {
  return {reinterpret_cast<const char*>(bytes.data()) + offset, size};
}

size_t payload_bytes(const PacketSpec& spec) {
  return spec.url.size() + spec.param.size() + spec.data.size();
}

std::string too_long(std::string_view what, size_t bytes, size_t bytes_max) {
  std::string text(what);
  text += " too long: ";
  text += std::to_string(bytes);
  text += " bytes, the limit is ";
  text += std::to_string(bytes_max);
  return text;
}

}  // namespace

PacketSpec reply_packet(uint32_t seqno, const ReplyContent& content) {
  const bool tunnel = content.tunnel_id != 0;
  return {.type = PacketType::rpc,
          .flags = static_cast<uint8_t>(kFlagReply | (tunnel ? kFlagTunnel : 0)),
          .status = static_cast<uint8_t>(content.status),
          .seqno = seqno,
          .tunnel_id = content.tunnel_id,
          .param = content.param,
          .data = content.data};
}

size_t packet_bytes(const PacketSpec& spec) {
  const size_t bytes = base::kHeaderBytes + payload_bytes(spec);
  return (bytes + kPacketAlignment - 1) / kPacketAlignment * kPacketAlignment;
}

Status check_packet(const PacketSpec& spec, size_t payload_bytes_max) {
  CHECK(payload_bytes_max <= base::kPayloadBytesMax);
  if (spec.url.size() > base::kUrlBytesMax) {
    return {StatusCode::invalid_argument,
            too_long("url length", spec.url.size(), base::kUrlBytesMax)};
  }
  const size_t bytes = payload_bytes(spec);
  if (bytes > payload_bytes_max) {
    return {
        StatusCode::invalid_argument,
        too_long("payload length (url + param + data)", bytes, payload_bytes_max) + "; send less"};
  }
  return {};
}

size_t encode(const PacketSpec& spec, std::span<std::byte> out) {
  const size_t total = packet_bytes(spec);
  CHECK(spec.url.size() <= base::kUrlBytesMax);
  CHECK(total <= base::kPacketBytesMax);
  CHECK(out.size() >= total);
  CHECK((spec.flags & ~kFlagsKnown) == 0);
  CHECK(spec.tunnel_id == 0 || (spec.flags & kFlagTunnel) != 0);

  const size_t pad = total - base::kHeaderBytes - payload_bytes(spec);
  out[kMagicOffset] = std::byte{kMagicVersion};
  out[kTypeOffset] = static_cast<std::byte>(spec.type);
  out[kFlagsOffset] = static_cast<std::byte>(spec.flags | (pad << kPadShift));
  out[kStatusOffset] = std::byte{spec.status};
  store(out, kSeqnoOffset, spec.seqno);
  store(out, kTunnelIdOffset, spec.tunnel_id);
  store(out, kUrlLengthOffset, static_cast<uint16_t>(spec.url.size()));
  store(out, kParamLengthOffset, static_cast<uint32_t>(spec.param.size()));
  store(out, kDataLengthOffset, static_cast<uint32_t>(spec.data.size()));

  size_t offset = base::kHeaderBytes;
  put(out, offset, spec.url);
  put(out, offset, spec.param);
  put(out, offset, spec.data);
  std::memset(out.data() + offset, 0, pad);  // A6: never stale memory
  return total;
}

DecodeError decode_header(std::span<const std::byte> bytes, PacketHeader& header) {
  if (!bytes.empty() && bytes[kMagicOffset] != std::byte{kMagicVersion}) {
    return DecodeError::bad_magic;
  }
  if (bytes.size() < base::kHeaderBytes) return DecodeError::short_header;

  const auto flags = load<uint8_t>(bytes, kFlagsOffset);
  const PacketHeader read{
      .type = static_cast<PacketType>(bytes[kTypeOffset]),
      .flags = static_cast<uint8_t>(flags & kFlagsKnown),
      .status = load<uint8_t>(bytes, kStatusOffset),
      .seqno = load<uint32_t>(bytes, kSeqnoOffset),
      .tunnel_id = load<uint16_t>(bytes, kTunnelIdOffset),
      .url_bytes = load<uint16_t>(bytes, kUrlLengthOffset),
      .param_bytes = load<uint32_t>(bytes, kParamLengthOffset),
      .data_bytes = load<uint32_t>(bytes, kDataLengthOffset),
      .pad = static_cast<uint8_t>(flags >> kPadShift),
  };
  if (read.total_bytes() > base::kPacketBytesMax) return DecodeError::oversize;
  header = read;
  return DecodeError::none;
}

DecodeError decode_datagram(std::span<const std::byte> bytes, PacketView& packet) {
  PacketHeader header;
  const DecodeError error = decode_header(bytes, header);
  if (error != DecodeError::none) return error;
  if (bytes.size() < header.total_bytes() - header.pad) return DecodeError::short_packet;
  packet = view_packet(header, bytes);
  return DecodeError::none;
}

PacketView view_packet(const PacketHeader& header, std::span<const std::byte> bytes) {
  CHECK(bytes.size() >= header.total_bytes() - header.pad);
  const size_t param_offset = base::kHeaderBytes + header.url_bytes;
  const size_t data_offset = param_offset + header.param_bytes;
  return {.header = header,
          .url = text_at(bytes, base::kHeaderBytes, header.url_bytes),
          .param = text_at(bytes, param_offset, header.param_bytes),
          .data = text_at(bytes, data_offset, header.data_bytes)};
}

}  // namespace ringroad::proto
