#include "engine/uring_setup.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "engine/uring_probe.h"

namespace ringroad::engine {
namespace {

// One thread submits, and its task work runs when it asks for it: no interrupts, batches.
// TASKRUN_FLAG tells whether asking is worth a system call. The ring starts disabled because
// enabling it is what binds it to a thread.
constexpr uint32_t kSetupFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED |
                                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;

}  // namespace

int map_ring(int descriptor, io_uring_params& params, io_uring& ring) {
  const int result = ::io_uring_queue_mmap(descriptor, &params, &ring);
  if (result < 0) return -result;
  ring.ring_fd = descriptor;
  ring.enter_ring_fd = descriptor;
  ring.flags = params.flags;
  ring.features = params.features;
  if ((params.flags & kSetupNoSqArray) == 0) {
    for (unsigned i = 0; i < params.sq_entries; ++i) ring.sq.array[i] = i;
  }
  return 0;
}

Status open_ring(unsigned submissions, unsigned completions, io_uring& ring) {
  io_uring_params params = {};
  int descriptor = -1;
  for (const uint32_t optional : {kSetupNoSqArray, 0U}) {
    params = {};
    params.flags = kSetupFlags | optional;
    params.cq_entries = completions;
    descriptor = ::io_uring_setup(submissions, &params);
    if (descriptor != -EINVAL) break;
  }
  if (descriptor < 0) return refusal_status("io_uring_setup", -descriptor, refusal_facts());
  const int error = map_ring(descriptor, params, ring);
  if (error == 0) return {};
  ::close(descriptor);
  return refusal_status("mmap", error, refusal_facts());
}

}  // namespace ringroad::engine
