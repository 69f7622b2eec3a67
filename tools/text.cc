#include "tools/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringroad::tools {

std::string grouped(uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (size_t from_end = 3; from_end < text.size(); from_end += 4) {
    text.insert(text.size() - from_end, ",");
  }
  return text;
}

std::string duration_text(uint64_t nanoseconds) {
  struct Unit {
    double nanoseconds;
    const char* name;
  };
  constexpr std::array<Unit, 3> kUnits = {Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "us"}};
  const double value = static_cast<double>(nanoseconds);
  for (const Unit& unit : kUnits) {
    if (value < unit.nanoseconds) continue;
    const double shown = value / unit.nanoseconds;
    const int decimals = shown < 10 ? 2 : shown < 100 ? 1 : 0;
    return fmt::format("{:.{}f} {}", shown, decimals, unit.name);
  }
  return fmt::format("{} ns", nanoseconds);
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return shown;
}

std::string hex_text(std::string_view bytes) {
  constexpr size_t kShownMax = 32;
  std::string text = fmt::format("[{}: ", plural(bytes.size(), "byte"));
  for (const char byte : bytes.substr(0, kShownMax)) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
  }
  text += bytes.size() > kShownMax ? "...]" : "]";
  return text;
}

std::string status_name(ReplyStatus status) {
  constexpr std::array<const char*, 8> kNames = {"success",     "password",      "arguments",
                                                 "invalid_url", "no_responding", "no_permissions",
                                                 "no_memory",   "proxy"};
  const auto number = static_cast<size_t>(status);
  return number < kNames.size() ? kNames[number] : fmt::format("status {}", number);
}

std::string plural(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

}  // namespace ringroad::tools
