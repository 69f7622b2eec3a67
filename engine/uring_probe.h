// uring_probe.h — what this kernel's io_uring can do, and why it refuses if it does.
// Thread: any; each probe opens a small ring of its own and closes it.
// Fails:  one sentence: what is missing, why, what to do (no_permission, unsupported,
//         resource_exhausted).
// Why here: features are probed once, not guessed from version numbers; the floor is Linux 6.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/zero_copy.h"
#include "ringroad/status.h"

namespace ringroad::engine {

/// What was found. The floor (single issuer, deferred task work, buffer rings, multishot accept and
/// receive) is always there when probe_io_uring() is ok; the rest is a matter of the kernel's age.
struct IoFeatures {
  std::string kernel;                // uname release
  bool msg_ring = false;             // one ring can wake another (5.18)
  bool buffer_rings = false;         // 5.19
  bool multishot = false;            // accept 5.19, receive 6.0
  bool zero_copy_send = false;       // 6.0
  bool zero_copy_report = false;     // 6.2: the kernel says whether it copied after all
  bool no_sqarray = false;           // 6.6, used
  bool send_bundle = false;          // 6.10, reported only
  bool incremental_buffers = false;  // 6.12, reported only
  bool min_wait = false;             // 6.12, reported only
};

/// ok, or why a UringIo cannot work here.
Result<IoFeatures> probe_io_uring();

/// What zero-copy sends can do here; none where io_uring cannot work.
ZeroCopySupport probe_zero_copy();

/// What a sentence about a refusal is made of.
struct RefusalFacts {
  std::string kernel;  // uname release
  std::string
      disabled_sysctl;  // text of /proc/sys/kernel/io_uring_disabled, empty if there is none
  uint64_t locked_bytes_max = 0;  // RLIMIT_MEMLOCK
};

RefusalFacts refusal_facts();
/// Whether a release as uname tells it ("6.13.0-rc1") is that version or a later one. Pure; false for
/// what is no version.
bool is_at_least(std::string_view release, int major, int minor);
/// The sentence for an errno of `call`. Pure.
Status refusal_status(const char* call, int error, const RefusalFacts& facts);

}  // namespace ringroad::engine
