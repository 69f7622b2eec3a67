// frame_check.h — is what arrives the same frame again and again?
// Owner:  a load.   Thread: one.
// Cost:   a few nanoseconds per receive: the bytes at both ends of what was received are compared,
//         which sees any shift, and any change that does not hide in the middle of a receive.
// Fails:  check() answers false.
// Why here: a load that only counts bytes would take anything for a delivery.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ringroad::bench {

class FrameCheck {
 public:
  /// Every frame is alike, `frame_bytes` long, and has `payload` in it somewhere.
  FrameCheck(size_t frame_bytes, std::string_view payload)
      : frame_bytes_(frame_bytes), payload_(payload) {}

  /// `bytes` came on a connection that had `before` bytes before.
  bool check(uint64_t before, std::string_view bytes) {
    const size_t offset = before % frame_bytes_;
    if (frames_.empty() && !learn(offset, bytes)) return pending_;
    const size_t length = std::min(bytes.size(), kCompared);
    const size_t tail = (before + bytes.size() - length) % frame_bytes_;
    return same(offset, bytes.substr(0, length)) && same(tail, bytes.substr(bytes.size() - length));
  }

 private:
  static constexpr size_t kCompared = 64;

  /// The first whole frame that comes in one piece is the pattern. False: none yet, or a wrong one.
  bool learn(size_t offset, std::string_view bytes) {
    const size_t begin = offset == 0 ? 0 : frame_bytes_ - offset;
    pending_ = begin + frame_bytes_ > bytes.size();
    if (pending_) return false;
    const std::string frame(bytes.substr(begin, frame_bytes_));
    if (frame.find(payload_) == std::string::npos) return false;
    while (frames_.size() < frame_bytes_ + kCompared) frames_ += frame;
    return true;
  }
  bool same(size_t offset, std::string_view bytes) const {
    return std::memcmp(frames_.data() + offset, bytes.data(), bytes.size()) == 0;
  }

  size_t frame_bytes_;
  std::string payload_;
  std::string frames_;  // the frame, repeated; empty until it is known
  bool pending_ = true;
};

}  // namespace ringroad::bench
