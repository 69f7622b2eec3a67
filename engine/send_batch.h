// send_batch.h — what one send gives to the kernel: slices in order, and how far it got.
// Owner:  a Flight.
// Thread: the loop's.
// Bound:  kSendSlicesMax parts; room() ends at kSendBytesMax.
// Lives:  its slices are dropped when the kernel reads them no more: their last byte was taken by
//         copy, or the whole send was released; not when it was submitted.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>

#include "base/limits.h"
#include "engine/block.h"

namespace ringroad::engine {

class SendBatch {
 public:
  /// False: send this first. Another push() would be refused by CHECK when no part is left.
  bool room() const { return end_ < base::kSendSlicesMax && bytes_ < base::kSendBytesMax; }
  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }

  /// Appends; neighbours in memory become one part.
  void push(Slice slice);
  /// The kernel took `bytes` from the front.
  void consume(size_t bytes);
  void clear();
  /// Appends what lies behind the first `bytes` to `rest`; changes nothing here.
  void share_rest(size_t bytes, SendBatch& rest) const;

  std::span<const iovec> parts() const { return {parts_.data() + begin_, end_ - begin_}; }

 private:
  std::array<iovec, base::kSendSlicesMax> parts_ = {};
  std::array<Slice, base::kSendSlicesMax> slices_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t bytes_ = 0;  // not yet taken
};

}  // namespace ringroad::engine
