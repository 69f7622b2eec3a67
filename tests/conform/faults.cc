#include "tests/conform/fault_tables.h"

namespace ringroad::conform {

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> joined;
    for (const auto part : {connection_faults, echo_faults, call_faults, subscribe_faults,
                            datagram_faults, stream_faults, priority_faults, harmless_faults}) {
      const std::vector<Fault> rows = part();
      joined.insert(joined.end(), rows.begin(), rows.end());
    }
    return joined;
  }();
  return all;
}

}  // namespace ringroad::conform
