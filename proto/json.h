// json.h — the little JSON the protocol itself needs: login, lists of URLs, names, options.
// Owner:  nobody.   Thread: any (pure functions; each call has a parser of its own).
// Bound:  texts <= base::kPayloadBytesMax unless a function takes another bound, nested <=
//         kJsonDepthMax deep; what is more is not JSON.
// Fails:  what a peer wrote: as nullopt or false, never louder.
// Why here: cold paths only (each call copies its text); payloads are opaque to the library.
//           The readers skip a byte order mark (A14); of equal keys the last one counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringroad::proto {

inline constexpr size_t kJsonDepthMax = 256;

/// One JSON value of any kind, in valid UTF-8, and nothing else. NaN and marks are not JSON.
bool json_valid(std::string_view text);

/// The string at `key` of an object. A number is not a string (B9).
std::optional<std::string> json_string_field(std::string_view object, std::string_view key);

/// The integer at `key` of an object: no fraction, no exponent, within 64 bits.
std::optional<int64_t> json_integer_field(std::string_view object, std::string_view key);

/// The number at `key` of an object, whatever its notation, within the range of a double.
std::optional<double> json_number_field(std::string_view object, std::string_view key);

/// Appends the strings of an array to `good` and adds the number of its other elements to `bad`.
/// False, and nothing changed, if `text` is not an array.
bool json_string_list(std::string_view text, std::vector<std::string>& good, size_t& bad);

/// The boolean at `key` of an object.
std::optional<bool> json_boolean_field(std::string_view object, std::string_view key);

/// One element of an array, or one member of an object.
struct JsonElement {
  std::string key = {};  // of an array's element: empty
  std::string text = {};
};

/// Those of an array or an object of at most `bytes_max` bytes, each as JSON text. nullopt: it is
/// neither.
std::optional<std::vector<JsonElement>> json_elements(std::string_view text, size_t bytes_max);

/// An array of strings.
std::string json_list(const std::vector<std::string>& strings);

bool valid_utf8(std::string_view text);

/// Appends `text` quoted and escaped. Always valid JSON: bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ringroad::proto
