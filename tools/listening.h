// listening.h — what serve and playground have in common: where to listen, and what is said when
// that does not work.
// Thread: main thread.
// Fails:  a malformed address is a usage error; one that the machine refuses is not.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "ringroad/server.h"
#include "tools/exit_code.h"
#include "tools/limits.h"

namespace ringroad::tools {

/// --listen HOST:PORT; ":PORT" and "*:PORT" stand for every IPv4 address.
void add_listen_option(CLI::App& app, std::string& address);

/// Of listen() with an address that add_listen_option() took: whatever is wrong, it cannot listen.
ExitCode fail_to_listen(const Status& status);

/// "room for about N clients …" and a newline, if that is few; else empty.
std::string room_line(const Limit& limit, size_t shards,
                      ServerOptions::Descriptors descriptors = ServerOptions::Descriptors::plain);

}  // namespace ringroad::tools
