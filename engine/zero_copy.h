// zero_copy.h — whether the next send lets the kernel read our memory instead of copying it.
// Owner:  a Connection, by value; it decides in choose(), nowhere else.
// Thread: the loop's. No clock, no system call: tests script the kernel's reports.
// Bound:  kLentSendsMax sends whose memory the kernel still reads; more are copied.
// Rules:  automatic: sends of kZeroCopyBytesMin or more. The first is a probe; until the kernel has
//         reported on it the others are copied. "Copied" ends it until kZeroCopyPauseMin such sends
//         have gone, then twice as many, and so on; and the loop's other connections wait longer
//         with their first. forced: every send.
// Why here: a wrong guess costs a large send up to three times; the kernel tells, but afterwards.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/counter.h"
#include "base/limits.h"
#include "ringroad/options.h"

namespace ringroad::engine {

/// What a kernel's zero-copy send can do. blind: it does not say whether it copied (before 6.2).
enum class ZeroCopySupport : uint8_t { none, blind, reporting };

/// The end of a zero-copy send: its memory is free again. none: not such an event.
enum class Release : uint8_t { none, uncopied, copied };

/// What is possible of what was asked for: automatic needs the reports.
ZeroCopy possible(ZeroCopy wanted, ZeroCopySupport support);

/// Written by a loop's thread, read by any.
struct ZeroCopyCounters {
  base::Counter sends;
  base::Counter copied;   // reported: the kernel copied after all
  base::Counter refused;  // not sent for want of memory or support; sent again by copy
  base::Counter lent;     // now: sends whose memory the kernel may still read
};

/// What the probes of all connections of a loop have said, so that a thousand clients behind a
/// network that always copies do not each have to find out.
struct ZeroCopyHistory {
  uint32_t probes_out = 0;
  uint32_t first_pause = 0;  // large sends a new connection copies before its first probe
};

class ZeroCopyPolicy {
 public:
  enum class Way : uint8_t { copy, lend };

  ZeroCopyPolicy(ZeroCopy mode, ZeroCopyHistory& history) : mode_(mode), history_(history) {}
  ~ZeroCopyPolicy() { end_probe(); }
  ZeroCopyPolicy(const ZeroCopyPolicy&) = delete;
  ZeroCopyPolicy& operator=(const ZeroCopyPolicy&) = delete;

  /// Whether there is anything to decide about such a send; if not, it is copied.
  static bool concerns(ZeroCopy mode, size_t bytes) {
    return mode == ZeroCopy::forced ||
           (mode == ZeroCopy::automatic && bytes >= base::kZeroCopyBytesMin);
  }

  /// The way of the next send. `lent`: how many the kernel has not released.
  Way choose(size_t bytes, size_t lent);
  void on_released(Release release);
  /// The kernel did not take a send that was lent; the same bytes come again.
  void on_refused();

 private:
  Way probe();
  void end_probe();
  void pause();

  const ZeroCopy mode_;
  bool fresh_ = true;     // has not sent anything large
  bool probing_ = false;  // one is out whose report decides
  bool trusted_ = false;  // the last report said uncopied
  uint32_t skip_ = 0;     // large sends still to be copied before the next probe
  uint32_t next_pause_ = base::kZeroCopyPauseMin;
  ZeroCopyHistory& history_;
};

}  // namespace ringroad::engine
