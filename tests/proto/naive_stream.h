// naive_stream.h — the framing of a TCP stream, written down as plainly as possible.
// Use:    the model that PacketReader is compared with, in its tests and in its fuzz target.
// Why here: it takes its numbers from the specification, not from proto/wire.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proto/packet.h"

namespace ringroad::proto {

/// A packet that owns its bytes.
struct OwnedPacket {
  uint32_t type = 0;
  uint32_t flags = 0;
  uint32_t status = 0;
  uint32_t seqno = 0;
  uint32_t tunnel_id = 0;
  uint32_t pad = 0;
  std::string url = {};
  std::string param = {};
  std::string data = {};

  bool operator==(const OwnedPacket&) const = default;
};

inline OwnedPacket owned(const PacketView& view) {
  return {.type = static_cast<uint32_t>(view.header.type),
          .flags = view.header.flags,
          .status = view.header.status,
          .seqno = view.header.seqno,
          .tunnel_id = view.header.tunnel_id,
          .pad = view.header.pad,
          .url = std::string(view.url),
          .param = std::string(view.param),
          .data = std::string(view.data)};
}

struct NaiveStream {
  std::vector<OwnedPacket> packets = {};
  DecodeError error = DecodeError::none;  // what ended the stream
  size_t rest_bytes = 0;                  // of the last, incomplete packet
};

inline NaiveStream naive_split(std::span<const std::byte> bytes) {
  const auto number = [bytes](size_t at, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value * 256 + static_cast<uint64_t>(bytes[at + i]);
    return value;
  };
  const auto text = [bytes](size_t at, size_t size) {
    return std::string(reinterpret_cast<const char*>(bytes.data()) + at, size);
  };
  NaiveStream stream;
  size_t at = 0;
  while (at < bytes.size()) {
    stream.rest_bytes = bytes.size() - at;
    if (number(at, 1) != 0x29) {
      stream.error = DecodeError::bad_magic;
      return stream;
    }
    if (bytes.size() - at < 20) return stream;
    const size_t url = number(at + 10, 2);
    const size_t param = number(at + 12, 4);
    const size_t data = number(at + 16, 4);
    const size_t pad = number(at + 2, 1) / 64;
    const size_t total = 20 + url + param + data + pad;
    if (total > 262144) {
      stream.error = DecodeError::oversize;
      return stream;
    }
    if (bytes.size() - at < total) return stream;
    stream.packets.push_back({.type = static_cast<uint32_t>(number(at + 1, 1)),
                              .flags = static_cast<uint32_t>(number(at + 2, 1) % 8),
                              .status = static_cast<uint32_t>(number(at + 3, 1)),
                              .seqno = static_cast<uint32_t>(number(at + 4, 4)),
                              .tunnel_id = static_cast<uint32_t>(number(at + 8, 2)),
                              .pad = static_cast<uint32_t>(pad),
                              .url = text(at + 20, url),
                              .param = text(at + 20 + url, param),
                              .data = text(at + 20 + url + param, data)});
    at += total;
  }
  stream.rest_bytes = 0;
  return stream;
}

}  // namespace ringroad::proto
