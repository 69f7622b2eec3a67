#include "tests/support/counting_allocator.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define RINGROAD_SANITIZER_ALLOCATES
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RINGROAD_SANITIZER_ALLOCATES
#endif

namespace {

thread_local size_t allocation_count = 0;

}  // namespace

namespace ringroad::test {

size_t allocations() {
  return allocation_count;
}

}  // namespace ringroad::test

#ifdef RINGROAD_SANITIZER_ALLOCATES

// These sanitizers bring their own operator new, and clang's does not let itself be replaced. The
// declaration is that of sanitizer/allocator_interface.h, which not every installation has, less
// the qualifiers of the pointers.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const void*, size_t),
                                                         void (*free_hook)(const void*));

namespace {

[[maybe_unused]] const int hooks_installed = __sanitizer_install_malloc_and_free_hooks(
    [](const void*, size_t) { ++allocation_count; }, [](const void*) {});

}  // namespace

#else

namespace {

void* allocate(size_t bytes, size_t alignment) {
  ++allocation_count;
  const size_t wanted = std::max<size_t>(bytes, 1);
  if (alignment <= alignof(std::max_align_t)) return std::malloc(wanted);
  return std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(size_t bytes, size_t alignment) {
  void* memory = allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The other forms of the standard library (arrays, nothrow) call these.
void* operator new(size_t bytes) {
  return allocate_or_throw(bytes, 1);
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return allocate_or_throw(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}

#endif
