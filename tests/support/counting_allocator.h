// counting_allocator.h — counts what this thread allocates with operator new.
// Use:    link it, take allocations() before and after; the difference is the code between.
// Thread: any; each has its own count.
// Why here: "allocates nothing" is a promise of the hot paths, and a test must be able to break it.
#pragma once

#include <cstddef>

namespace ringroad::test {

/// Calls of operator new, in all its forms, by this thread so far. With ASan, TSan or MSan also
/// those of malloc().
size_t allocations();

}  // namespace ringroad::test
