#include "shard/wire_id_table.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace ringroad::shard {
namespace {

constexpr size_t kPlacesMin = 16;

}  // namespace

void WireIdTable::add(uint32_t wire_id, uint32_t slot) {
  CHECK(wire_id != 0);
  if ((size_ + 1) * 3 > places_.size() * 2) grow();
  Place& place = places_[locate(wire_id)];
  CHECK(place.wire_id == 0);
  place = {wire_id, slot};
  ++size_;
}

void WireIdTable::remove(uint32_t wire_id) {
  CHECK(size_ > 0);
  size_t hole = locate(wire_id);
  CHECK(places_[hole].wire_id == wire_id);
  --size_;
  // Those behind it may have been pushed there by it: each that may stand in the hole moves there,
  // so that every id is reached from its home without passing a free place.
  for (size_t at = next(hole); places_[at].wire_id != 0; at = next(at)) {
    const size_t mask = places_.size() - 1;
    const size_t from_home = (at - home_of(places_[at].wire_id)) & mask;
    const size_t from_hole = (at - hole) & mask;
    if (from_home < from_hole) continue;
    places_[hole] = places_[at];
    hole = at;
  }
  places_[hole] = Place();
}

std::optional<uint32_t> WireIdTable::find(uint32_t wire_id) const {
  if (size_ == 0 || wire_id == 0) return std::nullopt;
  const Place& place = places_[locate(wire_id)];
  if (place.wire_id == 0) return std::nullopt;
  return place.slot;
}

size_t WireIdTable::home_of(uint32_t wire_id) const {
  // All ids of a shard have the same rest by the number of shards: the upper bits of a product
  // depend on all bits of the id.
  const uint32_t mixed = wire_id * 0x9e37'79b1U;
  return mixed >> (32 - std::countr_zero(places_.size()));
}

size_t WireIdTable::locate(uint32_t wire_id) const {
  size_t place = home_of(wire_id);
  while (places_[place].wire_id != 0 && places_[place].wire_id != wire_id) place = next(place);
  return place;
}

void WireIdTable::grow() {
  std::vector<Place> before(places_.empty() ? kPlacesMin : places_.size() * 2);
  std::swap(before, places_);
  for (const Place& place : before) {
    if (place.wire_id != 0) places_[locate(place.wire_id)] = place;
  }
}

}  // namespace ringroad::shard
