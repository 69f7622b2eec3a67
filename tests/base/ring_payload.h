// ring_payload.h — record contents that follow from a number, for the tests of the rings.
// Thread: any; pure functions.
// Why here: both rings promise the same of a record's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringroad::base {

/// Everything from 0 to 255 occurs, so bytes that look like a header or a stamp do too.
inline std::byte payload_byte(uint64_t number, size_t index) {
  return static_cast<std::byte>(number * 7 + index);
}

inline void fill(std::span<std::byte> bytes, uint64_t number) {
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = payload_byte(number, i);
}

inline bool holds(std::span<const std::byte> bytes, uint64_t number) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != payload_byte(number, i)) return false;
  }
  return true;
}

}  // namespace ringroad::base
