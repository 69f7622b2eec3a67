#include "tools/demo_message.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ringroad::tools {
namespace {

constexpr std::string_view kPositionSuffix = "/pos";

bool is_json_number(std::string_view text) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && !text.empty() && text.size() <= 15 && (text[0] != '0' || text.size() == 1);
}

}  // namespace

std::string position_url(std::string_view vehicle) {
  return fmt::format("{}{}{}", kFleetUrl, vehicle, kPositionSuffix);
}

std::string_view vehicle_of(std::string_view url) {
  if (!url.starts_with(kFleetUrl) || !url.ends_with(kPositionSuffix)) return {};
  if (url.size() < kFleetUrl.size() + kPositionSuffix.size()) return {};
  url.remove_prefix(kFleetUrl.size());
  url.remove_suffix(kPositionSuffix.size());
  return url;
}

std::string_view PositionText::write(std::string_view vehicle, uint64_t seq, const FleetRow& row) {
  const std::string_view quote = is_json_number(vehicle) ? "" : "\"";
  const auto end = fmt::format_to_n(
      text_.data(), text_.size(),
      FMT_COMPILE(R"({{"vehicle":{}{}{},"seq":{},"lat":{:.6f},"lon":{:.6f},"kmh":{:.1f}}})"), quote,
      vehicle, quote, seq, row.lat, row.lon, row.kmh);
  return {text_.data(), static_cast<size_t>(end.out - text_.data())};
}

std::optional<uint64_t> scan_seq(std::string_view param) {
  constexpr std::string_view kKey = "\"seq\":";
  const size_t at = param.find(kKey);
  if (at == param.npos) return std::nullopt;
  const char* const first = param.data() + at + kKey.size();
  uint64_t seq = 0;
  const auto [stopped, error] = std::from_chars(first, param.data() + param.size(), seq);
  if (error != std::errc() || stopped == first) return std::nullopt;
  return seq;
}

std::array<char, 8> time_bytes(uint64_t nanoseconds) {
  std::array<char, 8> bytes;
  std::memcpy(bytes.data(), &nanoseconds, bytes.size());
  return bytes;
}

std::optional<uint64_t> time_of(std::string_view data) {
  uint64_t nanoseconds = 0;
  if (data.size() != sizeof nanoseconds) return std::nullopt;
  std::memcpy(&nanoseconds, data.data(), sizeof nanoseconds);
  return nanoseconds;
}

}  // namespace ringroad::tools
