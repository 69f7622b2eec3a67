// uring_setup.h — opens io_uring rings as a UringIo wants them.
// Thread: any; a ring belongs to whoever enables it.
// Fails:  a sentence of refusal_status().
// Why here: UringIo and the probes open the same rings. Only engine/uring_*.cc may include it.
#pragma once

// Never <linux/io_uring.h>: same include guard, and that of Linux 6.1 lays out io_uring_buf_ring
// wrongly in C++.
#include <liburing.h>

#include <cstdint>

#include "ringroad/status.h"

namespace ringroad::engine {

// Of kernels that are newer than the headers of liburing 2.3.
inline constexpr uint32_t kSetupNoSqArray = 1U << 16;
inline constexpr uint16_t kSendReportUsage = 1U << 3;  // IORING_SEND_ZC_REPORT_USAGE

/// Maps what `params` set up; an errno or 0. Not io_uring_queue_init_params(): that of 2.3 writes an
/// array that NO_SQARRAY rings lack.
int map_ring(int descriptor, io_uring_params& params, io_uring& ring);

/// Opens and maps a ring, still disabled.
Status open_ring(unsigned submissions, unsigned completions, io_uring& ring);

}  // namespace ringroad::engine
