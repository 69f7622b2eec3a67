#include "engine/send_batch.h"

#include <algorithm>
#include <utility>

namespace ringroad::engine {

void SendBatch::push(Slice slice) {
  if (slice.empty()) return;
  bytes_ += slice.size();
  if (end_ > begin_ && slices_[end_ - 1].extend(slice)) {
    parts_[end_ - 1].iov_len += slice.size();
    return;
  }
  CHECK(end_ < base::kSendSlicesMax);
  // iovec has no const; the kernel only reads.
  parts_[end_] = {const_cast<std::byte*>(slice.bytes().data()), slice.size()};
  slices_[end_] = std::move(slice);
  ++end_;
}

void SendBatch::consume(size_t bytes) {
  CHECK(bytes <= bytes_);
  bytes_ -= bytes;
  while (bytes > 0) {
    iovec& part = parts_[begin_];
    if (bytes < part.iov_len) {
      part.iov_base = static_cast<std::byte*>(part.iov_base) + bytes;
      part.iov_len -= bytes;
      return;
    }
    bytes -= part.iov_len;
    slices_[begin_] = Slice();
    ++begin_;
  }
  if (begin_ == end_) begin_ = end_ = 0;
}

void SendBatch::share_rest(size_t bytes, SendBatch& rest) const {
  CHECK(bytes <= bytes_);
  for (size_t i = begin_; i < end_; ++i) {
    // What was consumed of the first part is no more in parts_, but still in slices_.
    const size_t gone = slices_[i].size() - parts_[i].iov_len;
    const size_t skipped = std::min(bytes, parts_[i].iov_len);
    bytes -= skipped;
    if (skipped < parts_[i].iov_len) rest.push(slices_[i].from(gone + skipped));
  }
}

void SendBatch::clear() {
  for (size_t i = begin_; i < end_; ++i) slices_[i] = Slice();
  begin_ = end_ = bytes_ = 0;
}

}  // namespace ringroad::engine
