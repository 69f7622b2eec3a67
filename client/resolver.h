// resolver.h — asks position servers where a name is (V73, V74).
// Owner:  nobody; the server of set_position_server() is the process's.
// Thread: any but a loop's: it waits, on a socket of its own.
// Bound:  kTries tries of `timeout` per server, client/position_servers.h for their number.
// Fails:  as position.h says of lookup().
// Why here: the one place of the library, beside TLS, that reads the environment and a file: the
//         protocol's users expect it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/address.h"
#include "ringroad/position.h"

namespace ringroad::client {

/// lookup(), ready to connect to. unsupported: the server wants TLS.
Result<engine::Address> resolve(std::string_view name, AddressFamily family,
                                const LookupOptions& options = {});

/// A URL with an address in place of the name, if it has one: "vsoa://lamp/x" is
/// "vsoa://10.0.0.7:3005". Other URLs are answered as they are, at once. A position server has
/// `timeout` for both of its tries, at most that of LookupOptions for each.
Result<std::string> resolve_url(std::string_view url, std::chrono::milliseconds timeout);

}  // namespace ringroad::client
