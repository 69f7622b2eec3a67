// command_line.h — the words of a command line: what a mistyped one is called, and what else there is.
// Thread: main thread; pure.
// Fails:  nothing: answers the text that the program then fails with.
// Why here: "A subcommand is required" helps nobody who has just typed one.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringroad::tools {

using Words = std::vector<std::string>;  // as typed, without the program's name

/// "help" and "help COMMAND" as the options that mean them; other words as they are.
Words without_help_command(Words words);

/// What is wrong with the first word, if it is neither a command nor an option of the program.
std::optional<std::string> wrong_command(const CLI::App& root, const Words& words);

/// The error, in words of our own where the library's are about itself; and where to look.
std::string usage_text(const CLI::App& root, const CLI::ParseError& error);

/// The one that `typed` is at most two letters away from; empty if there is none.
std::string nearest(std::string_view typed, const Words& known);

}  // namespace ringroad::tools
