// number_options.h — numbers on the command line: what is allowed, and what is said if it is not.
// Thread: main thread.
// Fails:  the text says the range and what came: "must be 1 or more, got 0".
// Why here: the library of the command line would take -1 for a very large number, and 010 for 8: both are refused.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace ringroad::tools {

/// A whole number without a sign.
CLI::Validator whole(uint64_t least, uint64_t most = UINT64_MAX);
/// A number with or without decimals.
CLI::Validator decimal(double least, double most);

}  // namespace ringroad::tools
