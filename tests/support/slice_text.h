// slice_text.h — slices and batches as text, for tests that compare bytes.
// Owner:  values.   Thread: the pool's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/block.h"
#include "engine/send_batch.h"

namespace ringroad::test {

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

inline engine::Slice slice_of(engine::BlockWriter& writer, std::string_view text) {
  return writer.copy(bytes_of(text));
}

/// What the batch still has to send.
inline std::string text_of(const engine::SendBatch& batch) {
  std::string text;
  for (const iovec& part : batch.parts()) {
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return text;
}

}  // namespace ringroad::test
