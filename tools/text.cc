#include "tools/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringroad::tools {
namespace {

constexpr uint32_t kInvalid = 0xFFFF'FFFF;

struct CodePoint {
  uint32_t value = kInvalid;
  size_t bytes = 1;
};

/// Of UTF-8 text that is not empty. An invalid byte stands alone.
CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  uint32_t value = lead & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    value = value << 6 | (next & 0x3FU);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x1'0000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[bytes] || value > 0x10'FFFF || surrogate) return {};
  return {value, bytes};
}

/// Controls, ends of lines, and what changes the direction of text or is not seen at all.
bool changes_lines(uint32_t value) {
  if (value < 0x20 || (value >= 0x7F && value <= 0x9F) || value == kInvalid) return true;
  const bool marks = (value >= 0x200B && value <= 0x200F) || value == 0x061C || value == 0xFEFF;
  const bool lines = value >= 0x2028 && value <= 0x202E;
  const bool isolates = value >= 0x2060 && value <= 0x206F;
  return marks || lines || isolates || (value >= 0xFFF9 && value <= 0xFFFB) || value >= 0xE'0000;
}

struct NamedStatus {
  const char* name;
  const char* meaning;
};

/// By number, as the VSOA documents spell them.
constexpr std::array<NamedStatus, 8> kStatuses = {{
    {"success", "the server did it"},
    {"password", "the server wants another password"},
    {"arguments", "the server did not accept param or data"},
    {"invalid_url", "the server has no command for this URL"},
    {"no_responding", "the command failed, or did not answer in time"},
    {"no_permissions", "the server does not allow it to this client"},
    {"no_memory", "the server has no room for it"},
    {"proxy", "what stands in front of the server could not pass it on"},
}};

}  // namespace

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
  std::string shown;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.value == '\n' || next.value == '\r' || next.value == '\t') {
      shown += ' ';
    } else if (changes_lines(next.value)) {
      shown += '?';
    } else {
      shown += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
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
  const auto number = static_cast<size_t>(status);
  return number < kStatuses.size() ? kStatuses[number].name : fmt::format("status {}", number);
}

std::string status_text(ReplyStatus status) {
  const auto number = static_cast<size_t>(status);
  if (number < kStatuses.size()) {
    return fmt::format("status {} ({}): {}", number, kStatuses[number].name,
                       kStatuses[number].meaning);
  }
  const bool applications = number >= 128 && number <= 254;
  return fmt::format("status {}: {}", number,
                     applications ? "the application's own" : "no status that VSOA knows");
}

std::string plural(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

}  // namespace ringroad::tools
