#include "ringroad/client_loop.h"

#include <utility>

#include "client/client_loop_core.h"

namespace ringroad {

ClientLoop::ClientLoop(ClientLoopOptions options)
    : core_(std::make_shared<ClientLoopCore>(std::move(options))) {
}

ClientLoop::~ClientLoop() {
  core_->stop();
}

Status ClientLoop::start() {
  return core_->start();
}

}  // namespace ringroad
