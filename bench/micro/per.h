// per.h — what one of many costs: a counter of seconds per item, and packets to measure with.
// Use:    per(state, "per_delivery", items of one iteration), behind the timed loop.
// Why here: an iteration often does many things; its time alone means nothing to a reader.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/packet.h"

namespace ringroad::bench {

/// Shown with its unit: "per_packet=21.3ns". CPU time, or real time with UseRealTime().
inline void per(benchmark::State& state, const char* name, size_t items) {
  using benchmark::Counter;
  state.counters[name] =
      Counter(static_cast<double>(items), Counter::kIsIterationInvariantRate | Counter::kInvert);
}

inline std::vector<std::byte> encoded(const proto::PacketSpec& spec) {
  std::vector<std::byte> bytes(proto::packet_bytes(spec));
  proto::encode(spec, bytes);
  return bytes;
}

inline void append(std::vector<std::byte>& out, const proto::PacketSpec& spec) {
  const std::vector<std::byte> bytes = encoded(spec);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace ringroad::bench
