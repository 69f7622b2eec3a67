// text.h — numbers, times and bytes as people like to read them.
// Thread: any.   Bound: hex_text() shows the first 32 bytes.
// Fails:  nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringroad/payload.h"

namespace ringroad::tools {

/// 1234567 -> "1,234,567"
std::string grouped(uint64_t number);
/// Nanoseconds with three digits that matter: "340 us", "1.25 ms", "2.10 s".
std::string duration_text(uint64_t nanoseconds);
/// Bytes of a peer, safe for a terminal: control characters, what ends or turns lines
/// and what is not UTF-8 become spaces or '?'.
std::string printable(std::string_view text);
/// "[8 bytes: 0011223344556677]"
std::string hex_text(std::string_view bytes);
/// The status as the VSOA documents spell it: "invalid_url"; others by number.
std::string status_name(ReplyStatus status);
/// "status 3 (invalid_url): the server has no command for this URL"
std::string status_text(ReplyStatus status);
std::string plural(uint64_t count, std::string_view noun);  ///< "1 shard", "2,000 vehicles"

}  // namespace ringroad::tools
