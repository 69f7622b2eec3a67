#include "service/position_server_core.h"

#include <utility>

#include "base/check.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/thread.h"

namespace ringroad {
namespace {

// A few queries at a time: a datagram of the largest size may come, and is looked at as far as
// kPositionTextBytesMax.
constexpr engine::UringOptions kSmallRing = {
    .submissions = 64, .completions = 256, .receive_buffers = 2, .datagram_buffers = 16};

Status gone() {
  return {StatusCode::gone, "the position server has stopped"};
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

// ---- PositionReplyState

PositionReplyState::~PositionReplyState() {
  const auto core = core_.lock();
  if (settle() && core) core->count_unanswered();
}

Status PositionReplyState::answer(const ServerPosition* position) {
  if (position != nullptr) {
    if (Status status = proto::check_position(*position); !status.ok()) return status;
  }
  const auto core = core_.lock();
  if (!core) return gone();
  if (!settle()) return {StatusCode::invalid_argument, "this query has been answered already"};
  return core->send_later(*this, position);
}

bool PositionReplyState::give_up() {
  const auto core = core_.lock();
  if (!settle()) return false;
  if (core) core->count_failed();
  return true;
}

/// False: it has ended before.
bool PositionReplyState::settle() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(settled_, true);
}

// ---- Life

PositionServerCore::~PositionServerCore() {
  stop();
}

Status PositionServerCore::set_table(const std::vector<PositionEntry>& entries) {
  Result<PositionTable> table = PositionTable::make(entries);
  if (!table.ok()) return table.status();
  auto shared = std::make_shared<const PositionTable>(std::move(*table));
  const Lock lock(mutex_);
  table_.swap(shared);
  return {};
}

Status PositionServerCore::listen(std::string_view text) {
  const Lock life(life_mutex_);
  {
    const Lock lock(mutex_);
    if (state_ != State::built) {
      return {StatusCode::invalid_argument,
              "this PositionServer has already listened; make a new one"};
    }
  }
  const Result<engine::Address> address = engine::Address::parse(text);
  if (!address.ok()) return address.status();
  Result<std::unique_ptr<engine::UringIo>> io = engine::UringIo::create(kSmallRing);
  if (!io.ok()) return io.status();
  const Result<engine::Socket> socket =
      engine::open_datagram(**io, *address, engine::PortUse::exclusive);
  if (!socket.ok()) return socket.status();
  const Result<engine::Address> bound = (*io)->local_address(*socket);
  if (!bound.ok()) {
    (*io)->close(*socket);
    return bound.status();
  }
  io_ = std::move(*io);
  loop_ = std::make_unique<engine::Loop>(*io_, *this);
  socket_ = std::make_unique<engine::Datagram>(*loop_, *socket, *this);
  socket_->start();
  {
    const Lock lock(mutex_);
    state_ = State::listening;
    address_ = *bound;
  }
  Result<std::thread> thread = base::start_thread("rr-position", [this] { run(); });
  if (thread.ok()) {
    thread_ = std::move(*thread);
    return {};
  }
  {
    const Lock lock(mutex_);
    state_ = State::stopping;
  }
  run();  // closes what was opened
  return thread.status();
}

void PositionServerCore::stop() {
  const Lock life(life_mutex_);
  if (!thread_.joinable()) return;
  CHECK(thread_.get_id() != std::this_thread::get_id());  // it would wait for itself
  {
    const Lock lock(mutex_);
    state_ = State::stopping;
    if (sleeping_) io_->wake();
  }
  thread_.join();
}

void PositionServerCore::run() {
  while (!socket_->closed()) loop_->turn();
  const Lock lock(mutex_);
  state_ = State::stopped;
  outgoing_.clear();
}

engine::Address PositionServerCore::address() const {
  const Lock lock(mutex_);
  return state_ == State::listening ? address_ : engine::Address();
}

PositionStats PositionServerCore::stats() const {
  const Lock lock(mutex_);
  return stats_;
}

// ---- Replies of the program

Status PositionServerCore::send_later(const PositionReplyState& state,
                                      const ServerPosition* position) {
  std::string text = position == nullptr ? std::string(proto::kPositionUnknown)
                                         : proto::position_answer_text(state.name(), *position);
  const Lock lock(mutex_);
  CHECK(stats_.waiting_now > 0);
  --stats_.waiting_now;
  if (state_ != State::listening) {
    ++stats_.unanswered;
    return gone();
  }
  ++(position == nullptr ? stats_.not_found : stats_.found);
  outgoing_.push_back({std::move(text), state.client(), state.local()});
  if (sleeping_) io_->wake();
  return {};
}

void PositionServerCore::count_unanswered() {
  const Lock lock(mutex_);
  CHECK(stats_.waiting_now > 0);
  --stats_.waiting_now;
  ++stats_.unanswered;
}

void PositionServerCore::count_failed() {
  const Lock lock(mutex_);
  CHECK(stats_.waiting_now > 0);
  --stats_.waiting_now;
  ++stats_.failed;
}

// ---- The loop

size_t PositionServerCore::drain(size_t /*bytes_budget*/) {
  std::deque<Outgoing> taken;
  State state;
  {
    const Lock lock(mutex_);
    taken.swap(outgoing_);
    state = state_;
  }
  size_t bytes = 0;
  for (const Outgoing& answer : taken) {
    send(answer.text, answer.client, answer.local);
    bytes += answer.text.size();
  }
  if (state == State::stopping) socket_->stop();
  return bytes;
}

bool PositionServerCore::may_sleep() {
  const Lock lock(mutex_);
  sleeping_ = outgoing_.empty() && state_ == State::listening;  // stopping takes a turn or two
  return sleeping_;
}

void PositionServerCore::awake() {
  const Lock lock(mutex_);
  sleeping_ = false;
}

void PositionServerCore::on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                                     const engine::Address& to) {
  const std::optional<proto::WireQuery> wire = proto::parse_position_query(as_text(bytes));
  if (!wire) {
    {
      const Lock lock(mutex_);
      ++stats_.malformed;
    }
    LOG(warn, "event=position_query_malformed from={} bytes={}", from.to_string(), bytes.size());
    return;
  }
  if (answer_from_table(*wire, from, to)) return;
  ask_program(wire->query, from, to);
}

/// True: that is all; the program need not be asked.
bool PositionServerCore::answer_from_table(const proto::WireQuery& wire,
                                           const engine::Address& from, const engine::Address& to) {
  std::shared_ptr<const PositionTable> table;
  const ServerPosition* position = nullptr;
  {
    const Lock lock(mutex_);
    ++stats_.queries;
    table = table_;
    if (!wire.unknown_family) position = table->find(wire.query.name, wire.query.family);
    if (position == nullptr && on_query_ && !wire.unknown_family) return false;
    ++(position == nullptr ? stats_.not_found : stats_.found);
  }
  send(position == nullptr ? std::string(proto::kPositionUnknown)
                           : proto::position_answer_text(wire.query.name, *position),
       from, to);
  return true;
}

void PositionServerCore::ask_program(const PositionQuery& query, const engine::Address& from,
                                     const engine::Address& to) {
  {
    const Lock lock(mutex_);
    // What is on its way holds memory as well.
    if (stats_.waiting_now + outgoing_.size() >= PositionServer::kRepliesMax) {
      ++stats_.refused;
      return;
    }
    ++stats_.waiting_now;
  }
  const auto state = std::make_shared<PositionReplyState>(weak_from_this(), query.name, from, to);
  try {
    on_query_(query, PositionReply(state));
  } catch (...) {
    (void)state->give_up();
    LOG(error, "event=handler_failed kind=position name={} what={}", query.name,
        base::words_of_failure());
  }
}

void PositionServerCore::on_overrun(uint32_t datagrams) {
  const Lock lock(mutex_);
  stats_.overrun += datagrams;
}

void PositionServerCore::send(const std::string& text, const engine::Address& client,
                              const engine::Address& local) {
  const auto bytes = std::as_bytes(std::span(text));
  if (socket_->send(bytes, client, local.valid() ? &local : nullptr)) return;
  const Lock lock(mutex_);
  ++stats_.answers_dropped;
}

}  // namespace ringroad
