// check.h — abort on our own bugs, with file and line.
// Use:    CHECK for invariants of our code, always on. DCHECK for costly ones, debug builds only.
// Never:  CHECK what a peer, a user argument or errno can cause: those are values.
#pragma once

namespace ringroad::base {

/// Prints the cause to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace ringroad::base

#define CHECK(condition)                             \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::ringroad::base::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
