// connect_code.h — a Status as the number that VSOA's own connect() and fetch() answer (V61, V69).
// Thread: any (pure functions).
// Why here: programs that came from another VSOA, and people who read its documents, know the numbers.
#pragma once

#include <cstdint>
#include <string_view>

#include "ringroad/status.h"

namespace ringroad {

/// The numbers are part of the contract.
enum class ConnectCode : int32_t {
  ok = 0,
  error = 1,                ///< Everything else: bad arguments, not connected, out of resources.
  unreachable = 2,          ///< No TCP connection.
  server_not_found = 3,     ///< The name was not found, whatever the cause.
  no_responding = 4,        ///< Connected, and no answer in time.
  invalid_responding = 5,   ///< What answers is no VSOA server.
  invalid_password = 6,     ///< (V61: 5 in the official Python client)
  ssl_handshake_failed = 7  ///< For TLS, which is not built yet: no Status is this one.
};

ConnectCode connect_code(const Status& status);
/// As VSOA's documents spell it: "INVALID_PASSWD".
std::string_view to_string(ConnectCode code);

}  // namespace ringroad
