// position.h — the texts of the position protocol: one JSON object per UDP datagram (W24).
// Owner:  nobody.   Thread: any (pure functions).
// Bound:  texts of at most kPositionTextBytesMax bytes; what is larger is malformed.
// Fails:  what a peer wrote: nullopt or Kind::malformed. What the program says: invalid_argument.
// Why here: what implementations disagree about is decided in these two readers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringroad/position.h"

namespace ringroad::proto {

inline constexpr size_t kPositionTextBytesMax = 4'096;
inline constexpr size_t kPositionNameBytesMax = 255;
inline constexpr size_t kPositionTableBytesMax = 64 * 1'048'576;
inline constexpr std::string_view kPositionUnknown = "{}";

/// A key of tables: without the case of ASCII letters.
std::string lower_case(std::string_view name);

/// ok, or what is wrong with it.
Status check_position_name(std::string_view name);
Status check_position(const ServerPosition& position);

// ---- What a position server reads and writes.

/// nullopt: no query. An answer is none either, or two servers could keep each other busy for ever.
/// `domain` missing, null, 0 or -1 means any. A family that nobody has is kept as unknown_family.
struct WireQuery {
  PositionQuery query = {};
  bool unknown_family = false;
};
std::optional<WireQuery> parse_position_query(std::string_view text);
std::string position_answer_text(std::string_view name, const ServerPosition& position);

// ---- What a client reads and writes.

/// `any` is not sent.
std::string position_query_text(std::string_view name, AddressFamily family);

struct PositionAnswer {
  enum class Kind : uint8_t { malformed, unknown, found };

  Kind kind = Kind::malformed;
  ServerPosition position = {};
  std::string name = {};  // empty: the server did not repeat it
};
/// Unknown: "{}", an empty `addr`, an empty datagram. The family is that of `addr`: not every server
/// sends a domain, or a right one.
PositionAnswer parse_position_answer(std::string_view text);

}  // namespace ringroad::proto
