#include "tools/fleet_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringroad::tools {
namespace {

constexpr int kCrossings = 21;  // per side
constexpr double kBlockMetres = 250.0;
constexpr double kSouthLat = 48.10;  // the grid's south-west corner
constexpr double kWestLon = 11.50;
constexpr double kLatPerMetre = 1.0 / 111'320.0;
constexpr double kLonPerMetre = kLatPerMetre / 0.668;  // cosine of the latitude
constexpr double kSecondsPerRow = 1.0 / GridFleet::kPositionsPerSecond;
constexpr double kSpeedUpPerRow = 0.8;  // km/h
constexpr double kSlowDownPerRow = 1.5;

constexpr std::array<int, 4> kEast = {0, 1, 0, -1};  // per Heading
constexpr std::array<int, 4> kNorth = {1, 0, -1, 0};

}  // namespace

GridFleet::GridFleet(const GridOptions& options)
    : options_(options), vehicles_(options.vehicles), random_(options.seed) {
  names_.reserve(options.vehicles);
  for (uint32_t i = 0; i < options.vehicles; ++i) {
    names_.push_back(fmt::format("{}", i + 1));
    Vehicle& vehicle = vehicles_[i];
    vehicle.column = static_cast<int>(draw(kCrossings));
    vehicle.row = static_cast<int>(draw(kCrossings));
    vehicle.kmh = 20.0 + draw(30);
    turn(vehicle);
    vehicle.driven_m = draw(static_cast<uint32_t>(kBlockMetres));
  }
}

std::optional<FleetRow> GridFleet::next() {
  if (vehicles_.empty()) return std::nullopt;
  const auto index = static_cast<uint32_t>(rows_ % vehicles_.size());
  FleetRow row = row_of(index);
  // Vehicle after vehicle within each tenth of a second: a steady stream, not bursts.
  row.time_s = static_cast<double>(rows_) * kSecondsPerRow / static_cast<double>(vehicles_.size());
  if (row.time_s >= options_.duration_s) return std::nullopt;
  ++rows_;
  drive(vehicles_[index]);
  return row;
}

/// splitmix64: small, and the same everywhere (the distributions of <random> are not).
uint32_t GridFleet::draw(uint32_t below) {
  random_ += 0x9e3779b97f4a7c15u;
  uint64_t mixed = random_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return static_cast<uint32_t>((mixed >> 32) % below);
}

void GridFleet::drive(Vehicle& vehicle) {
  const double change = vehicle.wanted_kmh - vehicle.kmh;
  vehicle.kmh += std::clamp(change, -kSlowDownPerRow, kSpeedUpPerRow);
  vehicle.driven_m += vehicle.kmh / 3.6 * kSecondsPerRow;
  if (vehicle.driven_m < kBlockMetres) return;
  vehicle.driven_m -= kBlockMetres;
  const auto heading = static_cast<size_t>(vehicle.heading);
  vehicle.column += kEast[heading];
  vehicle.row += kNorth[heading];
  turn(vehicle);
}

/// At a crossing: mostly straight on, never out of the grid, never back.
void GridFleet::turn(Vehicle& vehicle) {
  constexpr std::array<uint32_t, 6> kTurns = {0, 0, 0, 0, 1, 3};  // quarters to the right
  const auto heading = static_cast<uint32_t>(vehicle.heading);
  const uint32_t first = draw(kTurns.size());
  for (uint32_t i = 0; i < kTurns.size(); ++i) {
    const auto next = static_cast<Heading>((heading + kTurns[(first + i) % kTurns.size()]) % 4);
    if (!may_leave(vehicle, next)) continue;
    vehicle.heading = next;
    break;
  }
  vehicle.wanted_kmh = 20.0 + draw(41);
}

bool GridFleet::may_leave(const Vehicle& vehicle, Heading heading) const {
  const int column = vehicle.column + kEast[static_cast<size_t>(heading)];
  const int row = vehicle.row + kNorth[static_cast<size_t>(heading)];
  return column >= 0 && column < kCrossings && row >= 0 && row < kCrossings;
}

FleetRow GridFleet::row_of(uint32_t index) const {
  const Vehicle& vehicle = vehicles_[index];
  const auto heading = static_cast<size_t>(vehicle.heading);
  const double east = vehicle.column * kBlockMetres + kEast[heading] * vehicle.driven_m;
  const double north = vehicle.row * kBlockMetres + kNorth[heading] * vehicle.driven_m;
  return {.vehicle = index,
          .lat = kSouthLat + north * kLatPerMetre,
          .lon = kWestLon + east * kLonPerMetre,
          .kmh = vehicle.kmh};
}

}  // namespace ringroad::tools
