// Property: the grid fleet is the same for the same seed, steady in time, and drives like cars do.
// Method: whole drives compared row by row; speeds and steps checked against each other.
#include "tools/fleet_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ringroad::tools {
namespace {

std::vector<FleetRow> drive(const GridOptions& options) {
  GridFleet fleet(options);
  std::vector<FleetRow> rows;
  while (const auto row = fleet.next()) rows.push_back(*row);
  return rows;
}

bool same(const FleetRow& a, const FleetRow& b) {
  return a.time_s == b.time_s && a.vehicle == b.vehicle && a.lat == b.lat && a.lon == b.lon &&
         a.kmh == b.kmh;
}

TEST(GridFleet, TheSeedDecidesTheDrive) {
  const auto first = drive({.vehicles = 20, .duration_s = 30, .seed = 3});
  const auto again = drive({.vehicles = 20, .duration_s = 30, .seed = 3});
  const auto other = drive({.vehicles = 20, .duration_s = 30, .seed = 4});
  ASSERT_EQ(first.size(), again.size());
  size_t differences = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_TRUE(same(first[i], again[i])) << i;
    differences += same(first[i], other[i]) ? 0 : 1;
  }
  EXPECT_GT(differences, first.size() / 2);
}

TEST(GridFleet, EveryVehicleSendsTenTimesASecondInTimeOrder) {
  for (const uint32_t vehicles : {1u, 7u, 200u}) {
    SCOPED_TRACE(vehicles);
    const auto rows = drive({.vehicles = vehicles, .duration_s = 2.0});
    EXPECT_NEAR(static_cast<double>(rows.size()), 20.0 * vehicles, 1.0);
    std::vector<int> count(vehicles);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) {
        ASSERT_GE(rows[i].time_s, rows[i - 1].time_s);
      }
      ++count.at(rows[i].vehicle);
    }
    for (const int sent : count) EXPECT_NEAR(sent, 20, 1);
  }
}

TEST(GridFleet, StepsFitTheSpeedAndStayInTown) {
  constexpr double kMetresPerDegree = 111'320.0;
  const auto rows = drive({.vehicles = 5, .duration_s = 600, .seed = 9});
  for (size_t i = 5; i < rows.size(); ++i) {
    const FleetRow& before = rows[i - 5];
    ASSERT_EQ(rows[i].vehicle, before.vehicle);
    const double north = (rows[i].lat - before.lat) * kMetresPerDegree;
    const double east = (rows[i].lon - before.lon) * kMetresPerDegree * 0.668;
    // Around a corner the straight line is shorter than the way.
    ASSERT_LE(std::hypot(north, east), rows[i].kmh / 36.0 + 0.01) << i;
    ASSERT_GE(std::abs(north) + std::abs(east), rows[i].kmh / 36.0 - 0.01) << i;
    ASSERT_GE(rows[i].kmh, 15.0);
    ASSERT_LE(rows[i].kmh, 61.0);
    ASSERT_GE(rows[i].lat, 48.09);
    ASSERT_LE(rows[i].lat, 48.16);
    ASSERT_GE(rows[i].lon, 11.49);
    ASSERT_LE(rows[i].lon, 11.58);
  }
}

}  // namespace
}  // namespace ringroad::tools
