// password_option.h — the password, as text or from a file that others cannot list with `ps`.
// Thread: main thread.
// Fails:  a file that cannot be read, or holds nothing, is a usage error.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace ringroad::tools {

/// --password TEXT and --password-file FILE (without the newline at its end); one of them.
void add_password_options(CLI::App& app, std::string& password, const char* description);

/// What may help whom a server refused with this password; to stand behind the cause.
std::string_view password_cure(std::string_view password);
/// What the start line of a server says.
std::string_view password_note(std::string_view password);

}  // namespace ringroad::tools
