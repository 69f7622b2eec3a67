#include "engine/zero_copy.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ringroad::engine {

ZeroCopy possible(ZeroCopy wanted, ZeroCopySupport support) {
  if (support == ZeroCopySupport::none) return ZeroCopy::off;
  // Without reports a connection that always copies would pay for ever.
  if (wanted == ZeroCopy::automatic && support == ZeroCopySupport::blind) return ZeroCopy::off;
  return wanted;
}

ZeroCopyPolicy::Way ZeroCopyPolicy::choose(size_t bytes, size_t lent) {
  if (!concerns(mode_, bytes)) return Way::copy;
  if (mode_ == ZeroCopy::automatic && std::exchange(fresh_, false)) skip_ = history_.first_pause;
  if (skip_ > 0) {
    --skip_;
    return Way::copy;
  }
  if (lent >= base::kLentSendsMax) return Way::copy;
  return mode_ == ZeroCopy::forced || trusted_ ? Way::lend : probe();
}

ZeroCopyPolicy::Way ZeroCopyPolicy::probe() {
  if (probing_ || history_.probes_out >= base::kZeroCopyProbesMax) return Way::copy;
  probing_ = true;
  ++history_.probes_out;
  return Way::lend;
}

void ZeroCopyPolicy::end_probe() {
  if (!std::exchange(probing_, false)) return;
  CHECK(history_.probes_out > 0);
  --history_.probes_out;
}

void ZeroCopyPolicy::on_released(Release release) {
  CHECK(release != Release::none);
  if (mode_ != ZeroCopy::automatic) return;
  if (skip_ > 0) return;  // given up; this one was lent before
  end_probe();
  if (release == Release::copied) {
    history_.first_pause = std::clamp(history_.first_pause * 2, 1U, base::kZeroCopyPauseMin);
    return pause();
  }
  trusted_ = true;
  history_.first_pause = 0;
  next_pause_ = base::kZeroCopyPauseMin;
}

void ZeroCopyPolicy::on_refused() {
  CHECK(mode_ != ZeroCopy::off);
  end_probe();
  pause();
}

void ZeroCopyPolicy::pause() {
  trusted_ = false;
  skip_ = next_pause_;
  next_pause_ = std::min(next_pause_ * 2, base::kZeroCopyPauseMax);
}

}  // namespace ringroad::engine
