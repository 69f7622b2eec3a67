// resolver.h — the position servers of this process, and lookup(), which waits (V73, V74).
// Owner:  nobody; the server of set_position_server() is the process's.
// Thread: any; lookup() any but a loop's: it waits, on a socket of its own.
// Bound:  client/position_servers.h for the number of servers.
// Fails:  as position.h says of lookup().
// Why here: the one place of the library, beside TLS, that reads the environment and a file: the
//         protocol's users expect it.
#pragma once

#include <vector>

#include "engine/address.h"
#include "ringroad/position.h"

namespace ringroad::client {

/// Those to ask now, in order; one at least. unreachable: there is none.
Result<std::vector<engine::Address>> servers_to_ask(const LookupOptions& options);

}  // namespace ringroad::client
