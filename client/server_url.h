// server_url.h — the address, or the name, inside "vsoa://…".
// Owner:  nobody.   Thread: any (a pure function).
// Fails:  invalid_argument says what is missing and shows what is expected.
// Why here: a URL that names a server instead of an address needs a position server; this is where
//         the two are told apart.
#pragma once

#include <string>
#include <string_view>

#include "engine/address.h"
#include "ringroad/status.h"

namespace ringroad::client {

/// Whom to connect to: an address, or a name that has to be looked up first.
struct ServerUrl {
  engine::Address address = {};  // valid: it is this
  std::string name = {};         // else
};

/// "vsoa://1.2.3.4:3005", "vsoa://[::1]:3005", "vsoa://localhost:3005"; "vsoa://lamp", and
/// "vsoa://lamp:1", whose port counts for nothing. A path behind it is ignored (V61).
Result<ServerUrl> parse_server_url(std::string_view url);

/// "/path" of "vsoa://lamp/path", "/" without one: what is called there.
std::string_view path_in(std::string_view url);

}  // namespace ringroad::client
