// poison.h — memory that nobody may touch, told to AddressSanitizer.
// Thread: any.   Cost: nothing unless built with -fsanitize=address.
// Why here: a receive buffer that was given back belongs to the kernel; a late read of it is a bug
// that no crash shows.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define RINGROAD_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGROAD_ASAN 1
#endif
#endif

#ifdef RINGROAD_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace ringroad::engine {

inline void poison([[maybe_unused]] const std::byte* begin, [[maybe_unused]] size_t bytes) {
#ifdef RINGROAD_ASAN
  __asan_poison_memory_region(begin, bytes);
#endif
}

inline void unpoison([[maybe_unused]] const std::byte* begin, [[maybe_unused]] size_t bytes) {
#ifdef RINGROAD_ASAN
  __asan_unpoison_memory_region(begin, bytes);
#endif
}

}  // namespace ringroad::engine
