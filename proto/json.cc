#include "proto/json.h"

#include <simdjson.h>

#include <algorithm>

#include "base/limits.h"
#include "proto/json_numbers.h"

namespace ringroad::proto {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr size_t kTextBytesMin = 64;                       // the parser's own minimum is below

// ---- Reading --------------------------------------------------------------------------------

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

// The parsed text; the elements point into it.
class Document {
 public:
  bool parse(std::string_view text, size_t bytes_max = base::kPayloadBytesMax) {
    if (text.size() > bytes_max) return false;
    simdjson::padded_string padded(text);
    const size_t capacity = std::max(padded.size(), kTextBytesMin);
    if (parser_.allocate(capacity, kJsonDepthMax) != simdjson::SUCCESS) return false;
    simdjson::error_code error = parser_.parse(padded).get(root_);
    if (error == simdjson::NUMBER_ERROR) {
      make_numbers_readable({padded.data(), padded.size()});
      error = parser_.parse(padded).get(root_);
    }
    return error == simdjson::SUCCESS;
  }

  const dom::element& root() const { return root_; }

 private:
  dom::parser parser_;
  dom::element root_;
};

// The field as a T, or nothing if the text is no object, has no such key, or it is no T.
template <typename T>
std::optional<T> field(const Document& document, std::string_view key) {
  dom::object object;
  if (document.root().get(object) != simdjson::SUCCESS) return std::nullopt;
  std::optional<dom::element> found;
  for (const dom::key_value_pair pair : object) {
    if (pair.key == key) found = pair.value;
  }
  T value{};
  if (!found || found->get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

// ---- Writing --------------------------------------------------------------------------------

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Bytes of the UTF-8 sequence at the front of `text`, 0 if there is none: no overlong forms, no
// surrogates, nothing above U+10FFFF.
size_t utf8_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const size_t bytes = first < 0xc2   ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
  if (bytes == 0 || text.size() < bytes) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // surrogate
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
  return bytes;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (code >= 0x20) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kHex[code >> 4];
  out += kHex[code & 0xf];
}

}  // namespace

bool json_valid(std::string_view text) {
  Document document;
  return document.parse(text);
}

std::optional<std::string> json_string_field(std::string_view object, std::string_view key) {
  Document document;
  if (!document.parse(without_mark(object))) return std::nullopt;
  const auto value = field<std::string_view>(document, key);
  if (!value) return std::nullopt;
  return std::string(*value);
}

std::optional<int64_t> json_integer_field(std::string_view object, std::string_view key) {
  Document document;
  if (!document.parse(without_mark(object))) return std::nullopt;
  return field<int64_t>(document, key);
}

std::optional<double> json_number_field(std::string_view object, std::string_view key) {
  Document document;
  if (!document.parse(without_mark(object))) return std::nullopt;
  return field<double>(document, key);
}

std::optional<bool> json_boolean_field(std::string_view object, std::string_view key) {
  Document document;
  if (!document.parse(without_mark(object))) return std::nullopt;
  return field<bool>(document, key);
}

std::optional<std::vector<JsonElement>> json_elements(std::string_view text, size_t bytes_max) {
  Document document;
  if (!document.parse(without_mark(text), bytes_max)) return std::nullopt;
  std::vector<JsonElement> elements;
  dom::array array;
  dom::object object;
  if (document.root().get(array) == simdjson::SUCCESS) {
    for (const dom::element element : array) {
      elements.push_back({.text = simdjson::minify(element)});
    }
  } else if (document.root().get(object) == simdjson::SUCCESS) {
    for (const dom::key_value_pair pair : object) {
      elements.push_back({.key = std::string(pair.key), .text = simdjson::minify(pair.value)});
    }
  } else {
    return std::nullopt;
  }
  return elements;
}

bool json_string_list(std::string_view text, std::vector<std::string>& good, size_t& bad) {
  Document document;
  dom::array array;
  if (!document.parse(without_mark(text))) return false;
  if (document.root().get(array) != simdjson::SUCCESS) return false;
  for (const dom::element element : array) {
    std::string_view string;
    if (element.get(string) == simdjson::SUCCESS) {
      good.emplace_back(string);
    } else {
      ++bad;
    }
  }
  return true;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t bytes = utf8_bytes(text);
    if (bytes == 1) {
      append_escaped(out, text[0]);
    } else {
      out += bytes == 0 ? kReplacement : text.substr(0, bytes);
    }
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  out += '"';
}

bool valid_utf8(std::string_view text) {
  const auto ascii = [](char byte) { return static_cast<signed char>(byte) >= 0; };
  if (std::all_of(text.begin(), text.end(), ascii)) return true;  // nearly always, and short
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string json_list(const std::vector<std::string>& strings) {
  std::string list = "[";
  for (const std::string& text : strings) {
    if (list.size() > 1) list += ',';
    append_json_string(list, text);
  }
  return list += ']';
}

}  // namespace ringroad::proto
