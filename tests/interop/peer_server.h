// peer_server.h — the server side of interop_peer: commands that show what the library can do.
// Thread: blocks the calling thread until SIGTERM or SIGINT.
// Fails:  an exit code, with the cause on stderr.
// Why here: `ringroad serve` relays; it has no echo, no datagram of its own, no deferred reply.
#pragma once

#include <string>

namespace ringroad::interop {

/// Serves on 127.0.0.1 and a free port, printed as "serving vsoa://ADDRESS". Every SET or GET of
///   /echo        answers its payload           /method      "get" or "set"
///   /fail        status 130 with a payload     /deferred    its payload, from another thread
///   /prefix/     the URL that was called       /clients     the ids of all clients
///   /subscribed  has the URL in data a taker?  /close       closes the caller, unanswered
///   /unauthed    takes the publishes from the caller
/// Datagrams come back on their channel. Each client is sent the datagram /hello when it connects,
/// and "client ID connected" and "client ID gone" are printed. /tick and, quick, /qtick are
/// published every 20 ms with a counter.
int run_server(const std::string& password);

}  // namespace ringroad::interop
