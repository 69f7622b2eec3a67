// Property: the readers agree with another library on what is JSON and what is in it; what the
//           writer makes of any bytes is JSON.
// Method: the input as a document and as a text to write, against nlohmann::json.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "proto/json.h"

namespace ringroad::proto {
namespace {

// Where the other library is known to differ: it skips a mark, ends at a NUL, nests without bound.
bool comparable(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) return false;
  if (text.find('\0') != std::string_view::npos) return false;
  return text.size() < kJsonDepthMax;
}

void compare(const std::string& text) {
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text);
  } catch (const nlohmann::json::out_of_range&) {
    return;  // a number beyond a double: JSON to us
  } catch (const nlohmann::json::exception&) {
    CHECK(!json_valid(text));
    return;
  }
  CHECK(json_valid(text));
  for (const std::string key : {"a", "passwd", ""}) {
    const auto string = json_string_field(text, key);
    const auto number = json_number_field(text, key);
    const bool there = json.is_object() && json.contains(key);
    CHECK(string.has_value() == (there && json[key].is_string()));
    if (string) CHECK(*string == json[key].get<std::string>());
    CHECK(number.has_value() == (there && json[key].is_number()));
  }
  std::vector<std::string> good;
  size_t bad = 0;
  CHECK(json_string_list(text, good, bad) == json.is_array());
  CHECK(good.size() + bad == (json.is_array() ? json.size() : 0));
}

void check_alone(const std::string& text) {
  std::vector<std::string> good;
  size_t bad = 0;
  const bool valid = json_valid(text);
  const bool list = json_string_list(text, good, bad);
  const auto integer = json_integer_field(text, "a");
  const auto number = json_number_field(text, "a");
  if (integer) CHECK(number.has_value());
  if (valid || text.starts_with("\xef\xbb\xbf")) return;
  CHECK(!list && !number && !json_string_field(text, "passwd"));
}

void check_writer(const std::string& text) {
  std::string object = "{\"k\":";
  append_json_string(object, text);
  object += '}';
  CHECK(json_valid(object));
  const auto read = json_string_field(object, "k");
  CHECK(read.has_value());
  std::string again = "{\"k\":";
  append_json_string(again, *read);
  again += '}';
  CHECK(again == object);
}

}  // namespace
}  // namespace ringroad::proto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringroad::proto;
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_alone(text);
  check_writer(text);
  if (comparable(text)) compare(text);
  return 0;
}
