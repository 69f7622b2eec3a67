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

template <typename T>
bool closed(const std::unique_ptr<T>& socket) {
  return socket->closed();
}

}  // namespace

SessionLoop::SessionLoop(engine::Io& io, CommandQueue& queue)
    : queue_(queue), loop_(io, *this), stream_hub_(io) {
}

SessionLoop::~SessionLoop() {
  CHECK(finished());
  loop_.stop_timer(stop_timer_);
}

size_t SessionLoop::drain(size_t bytes_budget) {
  stream_hub_.drain();
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
  std::erase_if(lookups_, closed<LoopLookup>);
  std::erase_if(ending_, closed<ServerConnection>);
  std::erase_if(streams_, closed<ClientStream>);
  return true;
}

bool SessionLoop::may_sleep() {
  if (next_ < batch_.commands.size()) return false;
  if (stream_hub_.has_mail()) return false;
  if (stopping_ && finished()) return false;
  if (std::any_of(lookups_.begin(), lookups_.end(), closed<LoopLookup>)) return false;
  if (std::any_of(ending_.begin(), ending_.end(), closed<ServerConnection>)) return false;
  if (std::any_of(streams_.begin(), streams_.end(), closed<ClientStream>)) return false;
  return queue_.sleep();
}

void SessionLoop::retire(std::unique_ptr<ServerConnection> connection) {
  CHECK(connection != nullptr);
  ending_.push_back(std::move(connection));
}

void SessionLoop::retire(std::unique_ptr<LoopLookup> lookup) {
  CHECK(lookup != nullptr);
  lookup->stop();
  lookups_.push_back(std::move(lookup));
}

ClientStream& SessionLoop::add_stream(const Session& session, StreamRequest request) {
  const engine::StreamHome home = {loop_, pool_, stream_hub_};
  streams_.push_back(std::make_unique<ClientStream>(home, session, std::move(request)));
  return *streams_.back();
}

// By number: a callback of one may ask for what adds another.
void SessionLoop::close_streams(const Session& session) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i]->belongs_to(session)) streams_[i]->close();
  }
}

void SessionLoop::wind_down_streams(const Session& session) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i]->belongs_to(session)) streams_[i]->wind_down();
  }
}

void SessionLoop::stop() {
  stopping_ = true;
  sessions_.for_each([](Session& session) {
    session.disconnect({StatusCode::cancelled, "the client loop was ended by its own program"});
  });
  for (size_t i = 0; i < streams_.size(); ++i) streams_[i]->close();
  loop_.start_timer(stop_timer_, kStopLingerTime);
}

void SessionLoop::on_stop_timeout() {
  const bool patient = !std::exchange(stop_flush_over_, true);
  for (const auto& connection : ending_) {
    if (!patient || connection->flushed()) connection->detach(ServerConnection::Ending::abort);
  }
  for (const auto& stream : streams_) {
    stream->leave();
    if (!patient) stream->abort();
  }
  if (patient) loop_.start_timer(stop_timer_, kStopFlushTime);
}

}  // namespace ringroad::client
