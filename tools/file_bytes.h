// file_bytes.h — a small file that an option names, as bytes.
// Thread: main thread.   Bound: the file's size, in memory.
// Fails:  invalid_argument with the path and the system's cause.
#pragma once

#include <string>

#include "ringroad/status.h"

namespace ringroad::tools {

Result<std::string> read_file(const std::string& path);

}  // namespace ringroad::tools
