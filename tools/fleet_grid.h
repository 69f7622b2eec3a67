// fleet_grid.h — a fleet driving a made-up grid of streets, ten positions per second and vehicle.
// Owner: the demo.   Thread: main thread.
// Bound:  memory per vehicle only; rows are made when asked for.
// Why here: the same seed gives the same drive on every machine, so a run can be repeated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/fleet.h"

namespace ringroad::tools {

struct GridOptions {
  uint32_t vehicles = 200;
  double duration_s = 10.0;
  uint64_t seed = 1;
};

class GridFleet final : public FleetSource {
 public:
  static constexpr double kPositionsPerSecond = 10.0;

  explicit GridFleet(const GridOptions& options);

  const std::vector<std::string>& names() const override { return names_; }
  double start_s() const override { return 0.0; }
  std::optional<FleetRow> next() override;

 private:
  enum class Heading : uint8_t { north, east, south, west };

  struct Vehicle {
    int column = 0;  // the crossing it comes from
    int row = 0;
    Heading heading = Heading::north;
    double driven_m = 0.0;  // since that crossing
    double kmh = 0.0;
    double wanted_kmh = 50.0;  // until the next crossing
  };

  uint32_t draw(uint32_t below);
  void drive(Vehicle& vehicle);
  void turn(Vehicle& vehicle);
  bool may_leave(const Vehicle& vehicle, Heading heading) const;
  FleetRow row_of(uint32_t index) const;

  const GridOptions options_;
  std::vector<std::string> names_;
  std::vector<Vehicle> vehicles_;
  uint64_t random_;
  uint64_t rows_ = 0;  // handed out so far
};

}  // namespace ringroad::tools
