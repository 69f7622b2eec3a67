#include "engine/shared_packet.h"

#include <new>

#include "base/check.h"

namespace ringroad::engine {

SharedPacket* SharedPacket::make(size_t bytes, uint32_t references) {
  CHECK(bytes > 0);
  CHECK(references > 0);
  void* memory = ::operator new(sizeof(SharedPacket) + bytes);
  return ::new (memory) SharedPacket(bytes, references);
}

void SharedPacket::release() {
  const uint32_t before = references_.fetch_sub(1, std::memory_order_acq_rel);
  CHECK(before > 0);
  if (before > 1) return;
  this->~SharedPacket();
  ::operator delete(this);
}

}  // namespace ringroad::engine
