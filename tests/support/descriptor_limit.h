// descriptor_limit.h — how many descriptors this process may have, raised as far as it goes.
// Owner:  values.   Thread: any.
// Why here: a crowd of sockets needs more than the usual 1,024; where the hard limit is lower than
//           the crowd, a test says so instead of failing.
#pragma once

#include <sys/resource.h>

namespace ringroad::support {

/// So many there may be from now on.
inline rlim_t raise_descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace ringroad::support
