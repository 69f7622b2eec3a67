#include "tools/json_value.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace ringroad::tools {

using nlohmann::json;

struct JsonValue::Tree {
  json value;
};

namespace {

/// Of brackets outside strings; not yet known to be JSON.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

/// The library's == casts an integer to the other's type: -1 would equal 2^64-1.
bool same_value(const json& left, const json& right) {
  if (left.is_array() && right.is_array()) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_value);
  }
  if (left.is_object() && right.is_object()) {
    const auto& one = left.get_ref<const json::object_t&>();
    const auto& other = right.get_ref<const json::object_t&>();
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](const auto& a, const auto& b) {
                        return a.first == b.first && same_value(a.second, b.second);
                      });
  }
  const bool may_wrap = left.is_number_integer() && right.is_number_integer() &&
                        left.is_number_unsigned() != right.is_number_unsigned();
  return left == right && (!may_wrap || left.get<int64_t>() >= 0);
}

}  // namespace

JsonValue::JsonValue(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {
}
JsonValue::~JsonValue() = default;
JsonValue::JsonValue(JsonValue&&) noexcept = default;
JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;

std::optional<JsonValue> JsonValue::parse(std::string_view text) {
  if (is_too_deep(text)) return std::nullopt;
  auto tree = std::make_unique<Tree>();
  tree->value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (tree->value.is_discarded()) return std::nullopt;
  return JsonValue(std::move(tree));
}

bool JsonValue::operator==(const JsonValue& other) const {
  return same_value(tree_->value, other.tree_->value);
}

std::optional<JsonValue> JsonValue::member(std::string_view name) const {
  const json& value = tree_->value;
  if (!value.is_object()) return std::nullopt;
  const auto found = value.find(name);
  if (found == value.end()) return std::nullopt;
  return JsonValue(std::make_unique<Tree>(Tree{*found}));
}

std::optional<int64_t> JsonValue::integer() const {
  const json& value = tree_->value;
  constexpr double kExact = 9'007'199'254'740'992.0;  // 2^53
  if (value.is_number_unsigned() && !std::in_range<int64_t>(value.get<uint64_t>())) {
    return std::nullopt;
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const auto real = value.get<double>();
  if (std::trunc(real) != real || std::abs(real) > kExact) return std::nullopt;
  return static_cast<int64_t>(real);
}

std::optional<double> JsonValue::number() const {
  if (!tree_->value.is_number()) return std::nullopt;
  return tree_->value.get<double>();
}

std::optional<bool> JsonValue::boolean() const {
  if (!tree_->value.is_boolean()) return std::nullopt;
  return tree_->value.get<bool>();
}

std::optional<std::string> JsonValue::string() const {
  if (!tree_->value.is_string()) return std::nullopt;
  return tree_->value.get<std::string>();
}

std::string JsonValue::text() const {
  return tree_->value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_json(std::string_view text) {
  return json::accept(text);
}

bool same_json(std::string_view left, std::string_view right) {
  const std::optional<JsonValue> one = JsonValue::parse(left);
  const std::optional<JsonValue> other = JsonValue::parse(right);
  return one && other && *one == *other;
}

std::string json_string(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ringroad::tools
