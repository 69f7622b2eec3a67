// json_numbers.h — numbers that are JSON, but that no C++ type holds.
// Owner:  nobody; works in the caller's bytes.   Thread: any (a pure function).
// Fails:  nothing: text that is not JSON before is not JSON after.
// Why here: 2^70 and 1e400 are JSON, and Python and Node send and read them, but the parser refuses
//           the whole text because of one of them.
#pragma once

#include <span>

namespace ringroad::proto {

/// Overwrites in place: a whole number beyond 64 bits gets the notation of a double, one too
/// large for a double becomes null, one too small for it 0.0.
void make_numbers_readable(std::span<char> json);

}  // namespace ringroad::proto
