#include "engine/flight.h"

#include "base/check.h"
#include "engine/connection.h"
#include "engine/loop.h"

namespace ringroad::engine {

void Flight::begin(Loop& loop, Connection& connection) {
  CHECK(connection_ == nullptr);
  CHECK(batch_.empty());
  loop_ = &loop;
  connection_ = &connection;
}

void Flight::submit(Io& io, Socket socket, ZeroCopyPolicy::Way way) {
  CHECK(connection_ != nullptr);
  way_ = way;
  if (way == ZeroCopyPolicy::Way::lend) {
    io.lend(socket, batch_.parts(), completion_);
  } else {
    io.send(socket, batch_.parts(), completion_);
  }
}

void Flight::end() {
  CHECK(!submitted());
  CHECK(!lent_hook_.linked());
  CHECK(!watch_hook_.linked() && !stuck_timer_.started());
  batch_.clear();
  connection_ = nullptr;
}

void Flight::on_stuck() {
  connection_->on_stuck(*this);
}

void Flight::on_patience_end() {
  connection_->on_patience_end(*this);
}

void Flight::on_event(IoEvent& event) {
  if (connection_ != nullptr) return connection_->on_flight(*this, event);
  CHECK(event.released != Release::none);
  loop_->end_loan(*this, event.released);
}

}  // namespace ringroad::engine
