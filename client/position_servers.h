// position_servers.h — who is to be asked for a name: the lists that an operator writes (V74).
// Owner:  nobody.   Thread: any; read_position_servers() reads a file.
// Bound:  kPositionServersMax of a list, 64 KiB of a file; the rest is left out, logged.
// Fails:  what is malformed is left out and logged; the rest counts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/address.h"

namespace ringroad::client {

inline constexpr size_t kPositionServersMax = 16;

/// `host` is an IP address, with or without brackets; port 0 is none.
std::optional<engine::Address> position_server_at(std::string_view host, std::string_view port);

/// "1.2.3.4", "1.2.3.4:54", "::1", "[::1]", "[::1]:54"; a missing port is 54.
std::optional<engine::Address> parse_position_server(std::string_view text);

/// The value of VSOA_POS_SERVER: separated by commas.
std::vector<engine::Address> parse_position_list(std::string_view text);

/// The text of /etc/vsoa.pos: "ip port" or "ip" in each line; '#' begins a comment.
std::vector<engine::Address> parse_position_lines(std::string_view text);

/// Of the file; empty if it cannot be read.
std::vector<engine::Address> read_position_servers(const std::string& path);

}  // namespace ringroad::client
