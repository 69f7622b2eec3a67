// server_url.h — the address inside "vsoa://…".
// Owner:  nobody.   Thread: any (a pure function).
// Fails:  invalid_argument says what is missing and shows what is expected.
// Why here: a URL that names a server instead of an address needs a position server; this is where
//         the two are told apart.
#pragma once

#include <optional>
#include <string_view>

#include "engine/address.h"
#include "ringroad/status.h"

namespace ringroad::client {

/// "vsoa://1.2.3.4:3005", "vsoa://[::1]:3005", "vsoa://localhost:3005"; a path behind it is ignored
/// (V61).
Result<engine::Address> parse_server_url(std::string_view url);

/// "lamp" of "vsoa://lamp" and "vsoa://lamp:1/path", whose port counts for nothing (V61); nullopt if that is no name for a position server.
/// Whoever may wait asks for it (client/resolver.h).
std::optional<std::string_view> server_name_in(std::string_view url);

/// "/path" of "vsoa://lamp/path", "/" without one: what is called there.
std::string_view path_in(std::string_view url);

}  // namespace ringroad::client
