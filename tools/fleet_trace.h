// fleet_trace.h — recorded drives: CSV, plain or gzip, with the columns
// time_s,vehicle,lat,lon,speed_kmh.
// Owner:  the demo.
// Thread: main thread.
// Bound:  lines of at most 4,096 bytes; in memory only the rows of the window.
// Fails:  invalid_argument with file and line; the whole file is checked, not just the window.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ringroad/status.h"
#include "tools/fleet.h"

namespace ringroad::tools {

inline constexpr std::string_view kTraceHeader = "time_s,vehicle,lat,lon,speed_kmh";

/// The rows to keep: those of [start, start + seconds), start = the first row unless given.
struct TraceWindow {
  std::optional<double> from_s = {};
  double seconds = 0.0;
};

class TraceFleet final : public FleetSource {
 public:
  /// Reads a file, gzip or plain.
  static Result<TraceFleet> load(const std::string& path, const TraceWindow& window);

  explicit TraceFleet(const TraceWindow& window) : window_(window) {}

  /// One line without its end, header first; invalid_argument says what is wrong with it.
  Status add_line(std::string_view line);
  /// After the last line: not ok if the window is empty.
  Status finish() const;

  const std::vector<std::string>& names() const override { return names_; }
  double start_s() const override { return start_s_; }
  std::optional<FleetRow> next() override;
  size_t lines() const { return lines_; }

 private:
  Status add_row(std::string_view line);
  uint32_t index_of(std::string_view name);

  const TraceWindow window_;
  std::vector<FleetRow> rows_;      // of the window
  std::vector<std::string> names_;  // of the vehicles seen in the window
  std::unordered_map<std::string, uint32_t> indices_;
  double start_s_ = 0.0;
  double first_s_ = 0.0;  // of the file
  double last_s_ = 0.0;
  size_t lines_ = 0;
  size_t next_ = 0;
};

}  // namespace ringroad::tools
