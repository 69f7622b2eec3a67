// The probes of uring_probe.h: each opens a ring and tries.
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "engine/uring_io.h"
#include "engine/uring_probe.h"
#include "engine/uring_setup.h"

namespace ringroad::engine {
namespace {

// Of kernels that are newer than the headers of liburing 2.3.
constexpr uint32_t kFeatureSendBundle = 1U << 14;
constexpr uint32_t kFeatureMinWait = 1U << 15;
constexpr uint16_t kBufferRingIncremental = 2;

bool takes_incremental_buffers(int descriptor) {
  void* memory = ::mmap(nullptr, 4'096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  io_uring_buf_reg registration = {};
  registration.ring_addr = reinterpret_cast<uintptr_t>(memory);
  registration.ring_entries = 8;
  registration.bgid = 7;
  registration.pad = kBufferRingIncremental;  // the place of `flags` in newer headers
  const int result = ::io_uring_register(descriptor, IORING_REGISTER_PBUF_RING, &registration, 1);
  if (result == 0) {
    ::io_uring_register(descriptor, IORING_UNREGISTER_PBUF_RING, &registration, 1);
  }
  ::munmap(memory, 4'096);
  return result == 0;
}

bool supports(io_uring& ring, int operation) {
  io_uring_probe* probe = ::io_uring_get_probe_ring(&ring);
  if (probe == nullptr) return false;
  const bool supported = io_uring_opcode_supported(probe, operation) != 0;
  ::io_uring_free_probe(probe);
  return supported;
}

/// Where the kernel does not know the flag it refuses the entry; else it looks for the descriptor.
ZeroCopySupport try_zero_copy(io_uring& ring) {
  io_uring_sqe* sqe = ::io_uring_get_sqe(&ring);
  CHECK(sqe != nullptr);
  std::memset(sqe, 0, sizeof *sqe);
  ::io_uring_prep_send_zc(sqe, -1, nullptr, 0, MSG_NOSIGNAL, kSendReportUsage);
  io_uring_cqe* cqe = nullptr;
  if (::io_uring_submit(&ring) != 1 || ::io_uring_wait_cqe(&ring, &cqe) != 0) {
    return ZeroCopySupport::none;
  }
  return cqe->res == -EINVAL ? ZeroCopySupport::blind : ZeroCopySupport::reporting;
}

}  // namespace

ZeroCopySupport probe_zero_copy() {
  io_uring ring = {};
  io_uring_params params = {};
  const int descriptor = ::io_uring_setup(4, &params);
  if (descriptor < 0) return ZeroCopySupport::none;
  if (map_ring(descriptor, params, ring) != 0) {
    ::close(descriptor);
    return ZeroCopySupport::none;
  }
  ZeroCopySupport support = ZeroCopySupport::none;
  if (supports(ring, IORING_OP_SENDMSG_ZC)) support = try_zero_copy(ring);
  ::io_uring_queue_exit(&ring);
  return support;
}

Result<IoFeatures> probe_io_uring() {
  UringOptions options;
  options.submissions = 8;
  options.completions = 16;
  options.receive_buffers = 1;
  options.datagram_buffers = 1;
  Result<std::unique_ptr<UringIo>> io = UringIo::create(options);  // all that start-up needs
  if (!io.ok()) return io.status();
  io_uring ring = {};
  if (Status status = open_ring(8, 16, ring); !status.ok()) return status;
  IoFeatures features;
  features.kernel = refusal_facts().kernel;
  features.zero_copy_report = probe_zero_copy() == ZeroCopySupport::reporting;
  features.buffer_rings = true;  // create() has registered two
  features.multishot = true;     // older than DEFER_TASKRUN, which create() has asked for
  features.no_sqarray = (ring.flags & kSetupNoSqArray) != 0;
  features.send_bundle = (ring.features & kFeatureSendBundle) != 0;
  features.min_wait = (ring.features & kFeatureMinWait) != 0;
  features.incremental_buffers = takes_incremental_buffers(ring.ring_fd);
  features.msg_ring = supports(ring, IORING_OP_MSG_RING);
  features.zero_copy_send = supports(ring, IORING_OP_SEND_ZC);
  ::io_uring_queue_exit(&ring);
  return features;
}

}  // namespace ringroad::engine
