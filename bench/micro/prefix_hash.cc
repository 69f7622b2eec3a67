#include "bench/micro/prefix_hash.h"

#include <bit>

#include "base/check.h"

namespace ringroad::bench {

PrefixHash::PrefixHash(size_t patterns) : slots_(std::bit_ceil(2 * patterns)) {
}

uint32_t PrefixHash::add(std::string_view pattern) {
  CHECK(2 * size_ < slots_.size());
  uint64_t hash = 0;
  for_each_prefix(pattern, [&hash](uint64_t value, size_t) { hash = value; });
  const auto bytes = static_cast<uint16_t>(pattern.size());
  const Slot slot = {hash, static_cast<uint32_t>(size_++), static_cast<uint32_t>(arena_.size())};
  arena_.append(reinterpret_cast<const char*>(&bytes), sizeof(bytes));
  arena_ += pattern;
  size_t at = hash & (slots_.size() - 1);
  while (slots_[at].id != kNone) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = slot;
  return slot.id;
}

size_t PrefixHash::memory_bytes() const {
  return slots_.size() * sizeof(Slot) + arena_.capacity();
}

}  // namespace ringroad::bench
