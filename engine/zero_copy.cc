#include "engine/zero_copy.h"

#include <algorithm>

#include "base/check.h"

namespace ringroad::engine {

ZeroCopy possible(ZeroCopy wanted, ZeroCopySupport support) {
  if (support == ZeroCopySupport::none) return ZeroCopy::off;
  // Without reports a connection that always copies would pay for ever.
  if (wanted == ZeroCopy::automatic && support == ZeroCopySupport::blind) return ZeroCopy::off;
  return wanted;
}

ZeroCopyPolicy::Way ZeroCopyPolicy::choose(size_t bytes, size_t lent) {
  if (mode_ == ZeroCopy::off) return Way::copy;
  if (mode_ == ZeroCopy::automatic && bytes < base::kZeroCopyBytesMin) return Way::copy;
  if (skip_ > 0) {
    --skip_;
    return Way::copy;
  }
  if (lent >= base::kLentSendsMax) return Way::copy;
  if (mode_ == ZeroCopy::automatic && !trusted_) {
    if (probing_) return Way::copy;
    probing_ = true;
  }
  return Way::lend;
}

void ZeroCopyPolicy::on_released(Release release) {
  CHECK(release != Release::none);
  if (mode_ != ZeroCopy::automatic) return;
  if (skip_ > 0) return;  // given up; this one was lent before
  probing_ = false;
  if (release == Release::copied) return pause();
  trusted_ = true;
  next_pause_ = base::kZeroCopyPauseMin;
}

void ZeroCopyPolicy::on_refused() {
  CHECK(mode_ != ZeroCopy::off);
  probing_ = false;
  pause();
}

void ZeroCopyPolicy::pause() {
  trusted_ = false;
  skip_ = next_pause_;
  next_pause_ = std::min(next_pause_ * 2, base::kZeroCopyPauseMax);
}

}  // namespace ringroad::engine
