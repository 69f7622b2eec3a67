// round.h — one contender, measured once.
// Owner:  values.   Thread: one.
// Bound:  connecting, warm-up, the measured time, and draining: kFinishTime after the last delivery.
// Fails:  a Status; a round with missing deliveries is a result, and says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bench/macro/contender.h"
#include "bench/macro/load.h"

namespace ringroad::bench {

struct RoundOptions {
  LoadOptions load;
  size_t payload_bytes = 128;
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds measured{2000};
  int server_core = 0;
  Programs programs;
};

struct Round {
  double seconds = 0;
  double deliveries_per_s = 0;
  double server_ns_per_delivery = 0;
  double server_busy = 0;  // of its core
  double server_user = 0;  // share of its CPU time that was not in the kernel
  double load_busy = 0;
  double other_busy = 0;  // cores that something else used
  double messages_per_receive = 0;
  double changes_per_s = 0;  // of subscriptions (ringroad-churn)
  uint64_t missing = 0;      // deliveries that never came
};

Result<Round> run_round(const Contender& contender, const RoundOptions& options);

}  // namespace ringroad::bench
