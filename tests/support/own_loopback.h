// own_loopback.h — addresses of the loopback network that no other process uses.
// Owner:  values.   Thread: any.
// Why here: at 127.0.0.1 a port that is free again may be another test's at once. A test that expects
//           a port to be free, or takes it once more, does that at an address of its own.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

namespace ringroad::support {

/// `net` is its second byte, 64 steps from any other.
inline std::string own_loopback(uint32_t net = 64) {
  const auto process = static_cast<uint32_t>(::getpid());  // below 2^22
  return "127." + std::to_string(net + (process >> 16)) + '.' +
         std::to_string((process >> 8) & 0xff) + '.' + std::to_string(process & 0xff);
}

}  // namespace ringroad::support
