// shared_packet.h — one encoded packet, too large to copy, that several shards send.
// Owner:  counted; the last release() frees it.
// Thread: any (the count is atomic; the bytes never change once shared).
// Why here: the only byte memory of the engine that crosses cores.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringroad::engine {

class SharedPacket {
 public:
  /// With `references` references. Write bytes() before handing it out.
  static SharedPacket* make(size_t bytes, uint32_t references);
  void release();

  std::span<std::byte> bytes() { return {reinterpret_cast<std::byte*>(this + 1), size_}; }

 private:
  SharedPacket(size_t bytes, uint32_t references) : references_(references), size_(bytes) {}
  ~SharedPacket() = default;

  std::atomic<uint32_t>
      references_;  // release() is acq_rel: the last one sees every other's reads done
  size_t size_;
};

}  // namespace ringroad::engine
