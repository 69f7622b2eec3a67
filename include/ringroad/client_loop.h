// client_loop.h — threads that many Clients share: ten thousand clients on one ring.
// Thread: made and destroyed by its owner; Clients made with it may be used from any thread.
// Lives:  longer than every Client made with it.
// Fails:  start() says what this kernel or these limits do not allow.
#pragma once

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

  const std::shared_ptr<ClientLoopCore>& core() const { return core_; }

 private:
  std::shared_ptr<ClientLoopCore> core_;
};

}  // namespace ringroad
