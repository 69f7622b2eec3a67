// interop_peer.cc — a server and a client of the library for tests/interop.
// Usage: interop_peer server [PASSWORD]
//        interop_peer client OPEN_URL LOCKED_URL TWO_PORTS_URL PASSWORD
#include <cstdio>
#include <string_view>

#include "tests/interop/peer_client.h"
#include "tests/interop/peer_server.h"

int main(int argc, char** argv) {
  using namespace ringroad::interop;
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "server" && argc <= 3) return run_server(argc == 3 ? argv[2] : "");
  if (role == "client" && argc == 6) {
    return run_client(
        {.open = argv[2], .locked = argv[3], .two_ports = argv[4], .password = argv[5]});
  }
  std::fprintf(stderr,
               "usage: interop_peer server [PASSWORD]\n"
               "       interop_peer client OPEN_URL LOCKED_URL TWO_PORTS_URL PASSWORD\n");
  return 2;
}
