// json_value.h — JSON as a value: parsed, compared, and written again.
// Owner:  a JsonValue owns its tree.   Thread: any, one at a time.
// Bound:  kJsonDepthMax: copying and comparing a tree recurse.
// Fails:  what is not JSON, or nested deeper, is nothing (nullopt); is_json() has no depth.
// Why here: the one place in tools/ that knows the JSON library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ringroad::tools {

inline constexpr int kJsonDepthMax = 256;

class JsonValue {
 public:
  ~JsonValue();
  JsonValue(JsonValue&&) noexcept;
  JsonValue& operator=(JsonValue&&) noexcept;

  /// Nothing if `text` is not exactly one JSON value.
  static std::optional<JsonValue> parse(std::string_view text);

  /// Equal as values: members in any order, 1 equals 1.0. Integers are exact to 64 bits.
  bool operator==(const JsonValue& other) const;

  /// A member of an object; nothing if this is no object or has no such member.
  std::optional<JsonValue> member(std::string_view name) const;
  /// Nothing unless it is a number without a fraction that fits.
  std::optional<int64_t> integer() const;
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
  std::optional<std::string> string() const;

  /// Compact, valid JSON.
  std::string text() const;

 private:
  struct Tree;
  explicit JsonValue(std::unique_ptr<Tree> tree);

  std::unique_ptr<Tree> tree_;
};

/// True if `text` is exactly one JSON value, however deep.
bool is_json(std::string_view text);
/// True if both texts are JSON and equal as values.
bool same_json(std::string_view left, std::string_view right);
/// `text` in quotes, escaped; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace ringroad::tools
