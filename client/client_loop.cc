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

Status ClientLoop::run_for(std::chrono::milliseconds time) {
  return core_->run_for(time);
}

}  // namespace ringroad
