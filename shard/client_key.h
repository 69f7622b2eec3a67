// client_key.h — the name of a client for ever: which shard, which slot, which generation of it.
// Thread: value.   Bound: 256 shards, 2^24 slots.
// Fails:  a key whose client has left names nobody: look-ups by it answer "gone".
#pragma once

#include <cstdint>

#include "base/check.h"
#include "base/slot_map.h"

namespace ringroad::shard {

struct ClientKey {
  uint32_t shard = 0;
  base::SlotHandle handle;

  bool operator==(const ClientKey&) const = default;

  uint64_t packed() const {
    CHECK(shard < 256 && handle.slot < (1U << 24));
    return uint64_t{shard} << 56 | uint64_t{handle.slot} << 32 | handle.generation;
  }
  static ClientKey unpack(uint64_t key) {
    return {static_cast<uint32_t>(key >> 56),
            {static_cast<uint32_t>(key >> 32) & 0xff'ffff, static_cast<uint32_t>(key)}};
  }
};

}  // namespace ringroad::shard
