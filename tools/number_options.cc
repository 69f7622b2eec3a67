#include "tools/number_options.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace ringroad::tools {
namespace {

/// The whole text as a number, or nothing. What begins with 0 would be read as octal later.
template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  if (text.size() > 1 && text.front() == '0' && text[1] != '.') return std::nullopt;
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

template <typename Number>
CLI::Validator in_range(Number least, Number most, const std::string& range) {
  const auto check = [least, most, range](const std::string& text) -> std::string {
    const std::optional<Number> number = number_of<Number>(text);
    // Not a number at all (nan) is in no range.
    if (number && *number >= least && *number <= most) return "";
    return fmt::format("must be {}, got {}", range, text.empty() ? "nothing" : text);
  };
  return {check, ""};
}

}  // namespace

CLI::Validator whole(uint64_t least, uint64_t most) {
  const bool open = most == UINT64_MAX;
  return in_range<uint64_t>(
      least, most, open ? fmt::format("{} or more", least) : fmt::format("{} to {}", least, most));
}

CLI::Validator decimal(double least, double most) {
  return in_range<double>(least, most, fmt::format("{} to {}", least, most));
}

}  // namespace ringroad::tools
