// peer_client.h — the client side of interop_peer: checks against the official Node server.
// Thread: the main thread.
// Fails:  a FAIL line for each check that does not hold, and exit code 1.
#pragma once

#include <string>

namespace ringroad::interop {

/// What tests/interop/node_server.js has started.
struct NodeServers {
  std::string open;       // needs no password
  std::string locked;     // needs `password`
  std::string two_ports;  // its UDP port is not its TCP port
  std::string password;
};

int run_client(const NodeServers& servers);

}  // namespace ringroad::interop
