// stream_log.h — what a stream's callbacks have said, in order.
// Owner:  the test; lives longer than the stream.   Thread: callbacks one, readers any.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ringroad/stream.h"

namespace ringroad::support {

class StreamLog {
 public:
  /// Options whose callbacks write here.
  StreamOptions options() {
    StreamOptions options;
    options.on_link = [this](Stream, bool connected) {
      const std::lock_guard lock(mutex_);
      links_.push_back(connected);
    };
    options.on_data = [this](Stream, std::string_view bytes) {
      const std::lock_guard lock(mutex_);
      bytes_.append(bytes);
    };
    options.on_writable = [this](Stream) {
      const std::lock_guard lock(mutex_);
      ++writable_;
    };
    return options;
  }

  std::vector<bool> links() const {
    const std::lock_guard lock(mutex_);
    return links_;
  }
  bool linked() const { return links() == std::vector<bool>{true}; }
  /// It was there, and it has ended.
  bool over() const { return links() == std::vector<bool>{true, false}; }
  /// It has ended and never was there.
  bool failed() const { return links() == std::vector<bool>{false}; }
  std::string bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return bytes_.size();
  }
  size_t writable() const {
    const std::lock_guard lock(mutex_);
    return writable_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<bool> links_;
  std::string bytes_;
  size_t writable_ = 0;
};

/// Bytes whose place tells their value.
inline std::string stream_pattern(size_t size, uint64_t seed = 0) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i * 7 + (i >> 8) + seed) & 0xff);
  }
  return bytes;
}

}  // namespace ringroad::support
