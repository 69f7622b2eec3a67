// patiently.h — tries again while a server's shards have no room.
// Thread: one that may wait: a work queue's, never a shard's or a client loop's.
// Bound:  kTries, a millisecond apart.
#pragma once

#include <chrono>
#include <thread>

#include "ringroad/status.h"

namespace ringroad::service {

/// The first answer of `send` that is not `overloaded`, or the last one.
template <typename Send>
Status patiently(Send send) {
  constexpr int kTries = 1'000;
  Status status = send();
  for (int tries = 1; tries < kTries && status.code() == StatusCode::overloaded; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    status = send();
  }
  return status;
}

}  // namespace ringroad::service
