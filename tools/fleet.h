// fleet.h — where a demo's positions come from: rows in time order, and the names of the vehicles.
// Owner: the demo.   Thread: main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringroad::tools {

struct FleetRow {
  double time_s = 0.0;   // in the time of the source; never less than the row before
  uint32_t vehicle = 0;  // index into names()
  double lat = 0.0;      // degrees, WGS84
  double lon = 0.0;
  double kmh = 0.0;
};

class FleetSource {
 public:
  virtual ~FleetSource() = default;
  /// Names that may stand in a URL.
  virtual const std::vector<std::string>& names() const = 0;
  /// The time that counts as the start.
  virtual double start_s() const = 0;
  virtual std::optional<FleetRow> next() = 0;
};

}  // namespace ringroad::tools
