#include "tools/number_options.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace ringroad::tools {
namespace {

/// The whole text as a number, or nothing.
template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

/// Leaves the text as the number is printed, so that it is read as it was checked.
template <typename Number>
CLI::Validator in_range(Number least, Number most, const std::string& range) {
  const auto check = [least, most, range](std::string& text) -> std::string {
    const std::optional<Number> number = number_of<Number>(text);
    // Not a number at all (nan) is in no range.
    if (!number || !(*number >= least && *number <= most)) {
      return fmt::format("must be {}, got {}", range, text.empty() ? "nothing" : text);
    }
    text = fmt::format("{}", *number);
    return "";
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
