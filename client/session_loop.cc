#include "client/session_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::client {
namespace {

// When the loop stops: how long a server that has everything may take to close, too, and how long
// one that does not read keeps us.
constexpr auto kStopLingerTime = std::chrono::milliseconds(100);
constexpr auto kStopFlushTime = std::chrono::seconds(1);
constexpr size_t kCommandCost = 64;  // bytes of budget for what has no packet
constexpr size_t kConnectCost = base::kBytesPerTurn / base::kConnectsPerTurn;  // system calls

bool closed(const std::unique_ptr<ServerConnection>& connection) {
  return connection->closed();
}

}  // namespace

SessionLoop::SessionLoop(engine::Io& io, CommandQueue& queue) : queue_(queue), loop_(io, *this) {
}

SessionLoop::~SessionLoop() {
  CHECK(finished());
  loop_.stop_timer(stop_timer_);
}

size_t SessionLoop::drain(size_t bytes_budget) {
  if (next_ == batch_.commands.size()) {
    batch_.clear();
    next_ = 0;
    queue_closed_ = queue_.take(batch_) == CommandQueue::Taken::closed;
  }
  size_t taken = 0;
  while (next_ < batch_.commands.size() && taken < bytes_budget) {
    Command command = std::move(batch_.commands[next_]);
    ++next_;
    const bool connects = command.kind == Command::Kind::connect || command.robot != nullptr;
    taken += command.packet_bytes + (connects ? kConnectCost : kCommandCost);
    command.session->apply(command, batch_.packet(command), *this);
  }
  if (queue_closed_ && next_ == batch_.commands.size() && !stopping_) stop();
  return taken;
}

bool SessionLoop::flush() {
  std::erase_if(ending_, closed);
  return true;
}

bool SessionLoop::may_sleep() {
  if (next_ < batch_.commands.size()) return false;
  if (stopping_ && finished()) return false;
  if (std::any_of(ending_.begin(), ending_.end(), closed)) return false;
  return queue_.sleep();
}

void SessionLoop::retire(std::unique_ptr<ServerConnection> connection) {
  CHECK(connection != nullptr);
  ending_.push_back(std::move(connection));
}

void SessionLoop::stop() {
  stopping_ = true;
  sessions_.for_each([](Session& session) {
    session.disconnect({StatusCode::cancelled, "the client loop was ended by its own program"});
  });
  loop_.start_timer(stop_timer_, kStopLingerTime);
}

void SessionLoop::on_stop_timeout() {
  const bool patient = !std::exchange(stop_flush_over_, true);
  for (const auto& connection : ending_) {
    if (!patient || connection->flushed()) connection->detach(ServerConnection::Ending::abort);
  }
  if (patient) loop_.start_timer(stop_timer_, kStopFlushTime);
}

}  // namespace ringroad::client
