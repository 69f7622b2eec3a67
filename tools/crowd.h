// crowd.h — starts one asynchronous operation per client, a bounded number at a time, and waits for
// all.
// Thread: main thread; the operations end on the library's threads.
// Bound:  256 operations out at once.
// Fails:  with the first failure, or `cancelled` after Ctrl-C; what is still out then ends
//         unheard.
#pragma once

#include <cstddef>
#include <functional>

#include "ringroad/client.h"
#include "tools/wait_point.h"

namespace ringroad::tools {

/// Starts operation number `index`; done is called once when it has ended.
using StartOne = std::function<Status(size_t index, Client::DoneCallback done)>;

Status for_each_in_crowd(size_t count, const StartOne& start, WaitPoint& wait_point);

}  // namespace ringroad::tools
