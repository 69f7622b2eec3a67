#include "proto/json_numbers.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/check.h"

namespace ringroad::proto {
namespace {

size_t digits(std::string_view text, size_t at) {
  const size_t begin = std::min(at, text.size());
  const size_t end = text.find_first_not_of("0123456789", begin);
  return std::min(end, text.size()) - begin;
}

bool is_one_of(std::string_view text, size_t at, std::string_view set) {
  return at < text.size() && set.find(text[at]) != std::string_view::npos;
}

// Bytes of the number that starts at `at`, by the grammar of RFC 8259; 0 if there is none.
size_t number_bytes(std::string_view text, size_t at) {
  size_t end = at;
  if (is_one_of(text, end, "-")) ++end;
  const size_t whole = digits(text, end);
  if (whole == 0 || (whole > 1 && text[end] == '0')) return 0;
  end += whole;
  if (is_one_of(text, end, ".")) {
    const size_t fraction = digits(text, end + 1);
    if (fraction == 0) return 0;
    end += 1 + fraction;
  }
  if (is_one_of(text, end, "eE")) {
    end += is_one_of(text, end + 1, "+-") ? 2 : 1;
    const size_t exponent = digits(text, end);
    if (exponent == 0) return 0;
    end += exponent;
  }
  return end - at;
}

template <typename Number>
bool fits(std::string_view number) {
  Number value{};
  return std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc();
}

bool is_whole(std::string_view number) {
  return number.find_first_of(".eE") == std::string_view::npos;
}

// For a number that no double holds: whether it is too small for one, not too large. Its order of
// magnitude decides, and from_chars has one error for both.
bool is_tiny(std::string_view number) {
  const size_t first = number.find_first_of("123456789");
  const size_t mark = std::min(number.find_first_of("eE"), number.size());
  const size_t point = std::min(number.find('.'), mark);
  int64_t exponent = 0;
  if (mark < number.size()) {
    const bool negative = number[mark + 1] == '-';
    const char* begin = &number[mark + 1] + (is_one_of(number, mark + 1, "+") ? 1 : 0);
    const auto read = std::from_chars(begin, number.data() + number.size(), exponent);
    if (read.ec != std::errc()) return negative;  // beyond what any mantissa makes up for
  }
  return exponent < static_cast<int64_t>(first) - static_cast<int64_t>(point);
}

void overwrite_if_unholdable(std::span<char> bytes) {
  const std::string_view number(bytes.data(), bytes.size());
  if (is_whole(number) && (fits<int64_t>(number) || fits<uint64_t>(number))) return;
  if (fits<double>(number)) {
    if (is_whole(number)) std::memcpy(&bytes[bytes.size() - 2], "e2", 2);  // of 20 digits or more
    return;
  }
  CHECK(bytes.size() > 4);                                          // the shortest is 1e309
  const std::string_view zero = number[0] == '-' ? "-0.0" : "0.0";  // 1-1e-999 must not become 10.0
  const std::string_view readable = is_tiny(number) ? zero : "null";
  std::fill(std::ranges::copy(readable, bytes.begin()).out, bytes.end(), ' ');
}

// Byte after the string that starts with the quote at `at`.
size_t string_end(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

}  // namespace

void make_numbers_readable(std::span<char> json) {
  const std::string_view text(json.data(), json.size());
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = string_end(text, at);
      continue;
    }
    const size_t bytes = number_bytes(text, at);
    if (bytes > 0) overwrite_if_unholdable(json.subspan(at, bytes));
    at += std::max<size_t>(bytes, 1);
  }
}

}  // namespace ringroad::proto
