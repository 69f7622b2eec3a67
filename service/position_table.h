// position_table.h — which server is where, as a position server looks it up (X5).
// Owner:  PositionServerCore.   Thread: constant once made; any may read.
// Bound:  that of the program's table.
// Fails:  make() names the entry.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ringroad/position.h"

namespace ringroad {

class PositionTable {
 public:
  PositionTable() = default;
  static Result<PositionTable> make(const std::vector<PositionEntry>& entries);

  /// The first one of this family; null: none. `name` in any case.
  const ServerPosition* find(std::string_view name, AddressFamily family) const;

 private:
  std::unordered_map<std::string, std::vector<ServerPosition>> positions_;  // by lower-case name
};

}  // namespace ringroad
