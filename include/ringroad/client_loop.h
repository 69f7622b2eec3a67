// client_loop.h — what many Clients share: ten thousand clients on one ring.
// Thread: made and destroyed by its owner; Clients made with it may be used from any thread. Callbacks run on
//         the loop's threads; with ClientLoopOptions::threads = 0 there is none: the thread that has called start() (or
//         the first connect()) drives the loop while it waits in a method of the loop or of one of its
//         Clients, as connect(), fetch(), Client::run(), run_for(), disconnect(); callbacks run there, and only
//         then (V66). Between those nothing moves: the kernel keeps what servers send, timers are late. That thread destroys
//         the loop, too. Another thread's call that waits is answered while that one drives.
//         A callback must not throw: that ends the process.
// Lives:  longer than every Client made with it.
// Fails:  start() says what this kernel or these limits do not allow.
#pragma once

#include <chrono>
#include <memory>

#include "ringroad/options.h"
#include "ringroad/status.h"

namespace ringroad {

class ClientLoopCore;  // client/

class ClientLoop {
 public:
  explicit ClientLoop(ClientLoopOptions options = {});
  ~ClientLoop();  ///< Disconnects what is left and joins the threads.
  ClientLoop(const ClientLoop&) = delete;
  ClientLoop& operator=(const ClientLoop&) = delete;

  /// Starts the threads. Called by the first connect() if you did not.
  Status start();
  /// For threads = 0: drives the loop for `time`; 0 = does what is there, and does not wait. For a main loop with
  /// other work, or one that looks for a signal now and then. Range 0..1 h. invalid_argument else, in a callback, for a
  /// loop with threads, and in another thread than the one that started it.
  Status run_for(std::chrono::milliseconds time);

  const std::shared_ptr<ClientLoopCore>& core() const { return core_; }

 private:
  std::shared_ptr<ClientLoopCore> core_;
};

}  // namespace ringroad
