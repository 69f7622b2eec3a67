// idle_work.h — the work of a loop that has none but its timers and its completions.
// Owner:  a test, which derives from it and overrides what it wants to see.   Thread: the loop's.
#pragma once

#include <cstddef>

#include "engine/loop.h"

namespace ringroad::support {

class IdleWork : public engine::Loop::Work {
 protected:
  IdleWork() = default;
  ~IdleWork() = default;

 private:
  size_t drain(size_t) override { return 0; }
  bool flush() override { return true; }
  bool may_sleep() override { return true; }
  bool has_mail() const override { return false; }
  void awake() override {}
};

}  // namespace ringroad::support
