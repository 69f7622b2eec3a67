#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ringroad::base {

void check_failed(const char* condition, const char* file, int line) {
  // stdio and not the log: the log may be what is broken.
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace ringroad::base
