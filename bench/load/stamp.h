// stamp.h — what a measured message carries: who sent it, as which, and when it should have left.
// Owner:  values.   Thread: any.
// Fails:  read_stamp(): bytes that are no stamp are nothing.
// Why here: latency counts from the intended time, so that a load that falls behind cannot hide it
//         (coordinated omission).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace ringroad::bench {

struct Stamp {
  uint32_t source = 0;       // the publisher's number
  uint64_t sequence = 0;     // 0, 1, 2, … by source
  uint64_t intended_ns = 0;  // steady clock, since its epoch

  bool operator==(const Stamp&) const = default;
};

inline constexpr size_t kStampBytes = 24;
inline constexpr uint32_t kStampMark = 0x52'52'53'31;  // tells a stamp from a payload without one

/// In this machine's byte order: both ends are the same load.
inline std::array<std::byte, kStampBytes> write_stamp(const Stamp& stamp) {
  std::array<std::byte, kStampBytes> bytes;
  std::memcpy(bytes.data(), &kStampMark, 4);
  std::memcpy(bytes.data() + 4, &stamp.source, 4);
  std::memcpy(bytes.data() + 8, &stamp.sequence, 8);
  std::memcpy(bytes.data() + 16, &stamp.intended_ns, 8);
  return bytes;
}

inline std::optional<Stamp> read_stamp(std::span<const std::byte> bytes) {
  uint32_t mark = 0;
  if (bytes.size() < kStampBytes) return std::nullopt;
  std::memcpy(&mark, bytes.data(), 4);
  if (mark != kStampMark) return std::nullopt;
  Stamp stamp;
  std::memcpy(&stamp.source, bytes.data() + 4, 4);
  std::memcpy(&stamp.sequence, bytes.data() + 8, 8);
  std::memcpy(&stamp.intended_ns, bytes.data() + 16, 8);
  return stamp;
}

}  // namespace ringroad::bench
