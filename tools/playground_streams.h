// playground_streams.h — the streams of the playground: bytes that everybody knows, and what came.
// Owner:  Playground.
// Thread: the server's one shard.
// Bound:  remembers the last put; a get holds a piece of 64 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ringroad/server.h"

namespace ringroad::tools {

/// So many bytes has /get_data; byte i is (i * 7 + (i >> 8)) & 0xff.
inline constexpr size_t kPlaygroundStreamBytes = 1'048'576;

/// Bytes `begin` to `begin + count` of them.
std::string playground_bytes(size_t begin, size_t count);
/// zlib's CRC-32 of what came before (0 at first) and these.
uint32_t crc32_of(uint32_t before, std::string_view bytes);

class PlaygroundStreams {
 public:
  /// Replies {"size":n} with a stream of that many bytes, and closes it behind them.
  void get_data(Call& call);
  /// Replies with a stream, and takes what comes until its end.
  void put_data(Call& call);
  /// {"size":n,"crc32":c} of the last put that has ended; {"size":-1} before.
  void put_result(Call& call);

 private:
  struct Put {
    uint64_t size = 0;
    uint32_t crc = 0;
  };

  bool any_put_ = false;
  Put last_put_;
};

}  // namespace ringroad::tools
