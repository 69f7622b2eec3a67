// thread.h — starts the threads that the library keeps for itself.
// Owner:  the std::thread is the caller's.   Thread: any.
// Fails:  resource_exhausted, with the system's cause and the limit.
// Why here: the program's signal handlers run on the program's threads: ours inherit a full mask.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "ringroad/status.h"

namespace ringroad::base {

/// `name` is what tools show: at most 15 bytes of it.
Result<std::thread> start_thread(const std::string& name, std::function<void()> body);

}  // namespace ringroad::base
