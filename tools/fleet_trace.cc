#include "tools/fleet_trace.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>

namespace ringroad::tools {
namespace {

constexpr size_t kLineBytesMax = 4'096;
constexpr size_t kNameBytesMax = 64;

Status bad(std::string text) {
  return Status(StatusCode::invalid_argument, std::move(text));
}

Status parse_number(std::string_view text, std::string_view column, double least, double most,
                    double& value) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stopped == end && value >= least && value <= most) return {};
  return bad(fmt::format("{} is '{}', but must be a number from {} to {}", column,
                         text.substr(0, 40), least, most));
}

/// What may stand in a URL and in JSON as it is.
bool is_name(std::string_view text) {
  constexpr std::string_view kOthers = "-_.";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && kOthers.find(c) == kOthers.npos) return false;
  }
  return !text.empty() && text.size() <= kNameBytesMax;
}

struct Fields {
  std::array<std::string_view, 5> values;
  size_t count = 0;
};

Fields split(std::string_view line) {
  Fields fields;
  while (true) {
    const size_t comma = line.find(',');
    if (fields.count < fields.values.size()) fields.values[fields.count] = line.substr(0, comma);
    ++fields.count;
    if (comma == line.npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

using File = std::unique_ptr<gzFile_s, int (*)(gzFile)>;

Status read_failure(gzFile file) {
  int code = Z_OK;
  const char* const text = gzerror(file, &code);
  if (code == Z_OK) return {};
  if (code == Z_ERRNO) return bad(fmt::format("cannot read on: {}", std::strerror(errno)));
  if (code == Z_BUF_ERROR) return bad("the gzip data ends too early: was the copy complete?");
  return bad(fmt::format("the gzip data is damaged ({})", text));
}

/// One line at a time, without its end. Empty result: the end of the file.
Result<std::optional<std::string_view>> read_line(gzFile file,
                                                  std::array<char, kLineBytesMax>& line) {
  if (gzgets(file, line.data(), static_cast<int>(line.size())) == nullptr) {
    const Status failure = read_failure(file);
    if (!failure.ok()) return failure;
    return std::optional<std::string_view>();
  }
  std::string_view text(line.data());
  const bool whole = text.ends_with('\n');
  if (whole) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  // A last line without '\n' may also be what a cut gzip stream left behind.
  const Status failure = whole ? Status() : read_failure(file);
  if (!failure.ok()) return failure;
  if (!whole && gzeof(file) == 0) {
    return bad(fmt::format("is longer than {} bytes, or holds a zero byte", kLineBytesMax - 2));
  }
  return std::optional(text);
}

}  // namespace

Result<TraceFleet> TraceFleet::load(const std::string& path, const TraceWindow& window) {
  const File file(gzopen(path.c_str(), "rb"), &gzclose);
  if (file == nullptr) return bad(fmt::format("{}: {}", path, std::strerror(errno)));
  TraceFleet fleet(window);
  std::array<char, kLineBytesMax> buffer;
  while (true) {
    const auto line = read_line(file.get(), buffer);
    if (!line.ok()) {
      return bad(fmt::format("{}: line {}: {}", path, fleet.lines_ + 1, line.status().message()));
    }
    if (!*line) break;
    const Status added = fleet.add_line(**line);
    if (!added.ok()) {
      return bad(fmt::format("{}: line {}: {}", path, fleet.lines_, added.message()));
    }
  }
  const Status finished = fleet.finish();
  if (!finished.ok()) return bad(fmt::format("{}: {}", path, finished.message()));
  return fleet;
}

Status TraceFleet::add_line(std::string_view line) {
  ++lines_;
  if (lines_ > 1) return add_row(line);
  if (line == kTraceHeader) return {};
  return bad(fmt::format("'{}' is not the header '{}'", line.substr(0, 60), kTraceHeader));
}

Status TraceFleet::add_row(std::string_view line) {
  const Fields fields = split(line);
  if (fields.count != fields.values.size()) {
    return bad(
        fmt::format("{} columns, but {} has {}", fields.count, kTraceHeader, fields.values.size()));
  }
  FleetRow row;
  const auto& [time, vehicle, lat, lon, kmh] = fields.values;
  Status status = parse_number(time, "time_s", -1e12, 1e12, row.time_s);
  if (status.ok()) status = parse_number(lat, "lat", -90, 90, row.lat);
  if (status.ok()) status = parse_number(lon, "lon", -180, 180, row.lon);
  if (status.ok()) status = parse_number(kmh, "speed_kmh", 0, 100'000, row.kmh);
  if (!status.ok()) return status;
  if (!is_name(vehicle)) {
    return bad(fmt::format("vehicle is '{}', but must be 1 to {} letters, digits, '-', '_' or '.'",
                           vehicle.substr(0, 40), kNameBytesMax));
  }
  const bool first = lines_ == 2;
  if (!first && row.time_s < last_s_) {
    return bad(fmt::format("time_s {} is before the {} of the row above: sort the file by time",
                           row.time_s, last_s_));
  }
  if (first) first_s_ = row.time_s;
  if (first) start_s_ = window_.from_s.value_or(row.time_s);
  last_s_ = row.time_s;
  if (row.time_s < start_s_ || row.time_s >= start_s_ + window_.seconds) return {};
  row.vehicle = index_of(vehicle);
  rows_.push_back(row);
  return {};
}

uint32_t TraceFleet::index_of(std::string_view name) {
  const auto [entry, is_new] =
      indices_.try_emplace(std::string(name), static_cast<uint32_t>(names_.size()));
  if (is_new) names_.emplace_back(name);
  return entry->second;
}

Status TraceFleet::finish() const {
  if (lines_ < 2) return bad(fmt::format("no rows; expected '{}' and rows below it", kTraceHeader));
  if (!rows_.empty()) return {};
  return bad(fmt::format("no rows from {} to {}; the file covers {} to {} (see --from)", start_s_,
                         start_s_ + window_.seconds, first_s_, last_s_));
}

std::optional<FleetRow> TraceFleet::next() {
  if (next_ == rows_.size()) return std::nullopt;
  return rows_[next_++];
}

}  // namespace ringroad::tools
