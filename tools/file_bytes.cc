#include "tools/file_bytes.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace ringroad::tools {

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::string bytes;
  if (file != nullptr) {
    char chunk[16'384];
    while (const size_t taken = std::fread(chunk, 1, sizeof chunk, file.get())) {
      bytes.append(chunk, taken);
    }
    if (std::ferror(file.get()) == 0) return bytes;
  }
  return Status(StatusCode::invalid_argument,
                fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
}

}  // namespace ringroad::tools
