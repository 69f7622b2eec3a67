// demo_message.h — the positions of the demo on the wire: /fleet/VEHICLE/pos, a param and a send
// time.
// Thread: any; pure.
// Bound:  a param is at most 256 bytes.
// Why here: fleet and audience agree on the format in one place, and neither needs a JSON library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/fleet.h"

namespace ringroad::tools {

inline constexpr std::string_view kFleetUrl = "/fleet/";

std::string position_url(std::string_view vehicle);
/// "7" of "/fleet/7/pos"; empty if it is another URL.
std::string_view vehicle_of(std::string_view url);

/// Writes one position after the other into its own buffer.
class PositionText {
 public:
  /// {"vehicle":7,"seq":1,"lat":48.1,"lon":11.5,"kmh":50.0}; valid until the next call.
  std::string_view write(std::string_view vehicle, uint64_t seq, const FleetRow& row);

 private:
  std::array<char, 256> text_;
};

/// The number behind "seq":, if there is one.
std::optional<uint64_t> scan_seq(std::string_view param);

/// Nanoseconds of the steady clock as the 8 bytes of data, and back.
std::array<char, 8> time_bytes(uint64_t nanoseconds);
std::optional<uint64_t> time_of(std::string_view data);

}  // namespace ringroad::tools
