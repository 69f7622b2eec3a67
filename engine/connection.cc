#include "engine/connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/loop.h"

namespace ringroad::engine {
namespace {

// After the last byte: how long the peer has to read it and end, too. Closing at once could reset
// what it has not read.
constexpr Duration kLingerTime = std::chrono::seconds(1);
// How long the last bytes may take to leave; a peer that does not read is reset then.
constexpr Duration kLastFlushTime = std::chrono::seconds(5);

/// No memory to pin, or a socket that cannot: says nothing about the connection.
bool is_zero_copy_refusal(int result) {
  return result == -ENOMEM || result == -ENOBUFS || result == -EOPNOTSUPP || result == -EINVAL ||
         result == -EFAULT;
}

}  // namespace

std::string_view to_string(CloseCause cause) {
  switch (cause) {
    case CloseCause::none:
      return "none";
    case CloseCause::peer:
      return "peer";
    case CloseCause::io_error:
      return "io_error";
    case CloseCause::slow_peer:
      return "slow_peer";
    case CloseCause::timed_out:
      return "timed_out";
    case CloseCause::bad_packet:
      return "bad_packet";
    case CloseCause::refused:
      return "refused";
    case CloseCause::limit:
      return "limit";
    case CloseCause::stalled:
      return "stalled";
    case CloseCause::application:
      return "application";
    case CloseCause::stopping:
      return "stopping";
  }
  return "unknown";
}

Connection::Connection(Loop& loop, Socket socket, Handler& handler)
    : loop_(loop), handler_(handler), socket_(socket) {
  CHECK(socket.valid());
}

Connection::~Connection() {
  CHECK(state_ == State::closed || state_ == State::idle);
  CHECK(flight_ == nullptr);
  CHECK(nothing_lent());
}

void Connection::start() {
  CHECK(state_ == State::idle);
  state_ = State::open;
  loop_.io().recv(socket_, recv_);
}

void Connection::flush_soon() {
  if (state_ == State::open || state_ == State::closing) loop_.flush_later(*this);
}

void Connection::set_priority(uint8_t priority) {
  CHECK(priority < base::kPriorities);
  priority_ = priority;
}

void Connection::set_traffic_class(uint8_t traffic_class) {
  if (state_ != State::open) return;
  // Fails only if the peer has already gone, or no descriptor is free for a moment.
  (void)loop_.io().set_option(socket_, SocketOption::traffic_class, traffic_class);
}

void Connection::flush() {
  if (state_ != State::open && state_ != State::closing) return;
  if (in_flight()) return;  // its result looks again
  if (flight_ == nullptr) {
    flight_ = loop_.take_flight(*this);
    handler_.compose(flight_->batch());
  }
  if (!flight_->batch().empty()) return submit();
  drop_flight();
  if (state_ == State::closing) finish_closing();
}

Connection::Lending::Lending(Loop& loop) : policy(loop.zero_copy(), loop.zero_copy_history()) {
}

ZeroCopyPolicy::Way Connection::choose_way(size_t bytes) {
  if (lending_ == nullptr) {
    if (!ZeroCopyPolicy::concerns(loop_.zero_copy(), bytes)) return ZeroCopyPolicy::Way::copy;
    lending_ = std::make_unique<Lending>(loop_);
  }
  return lending_->policy.choose(bytes, lending_->count);
}

void Connection::submit() {
  const ZeroCopyPolicy::Way way = choose_way(flight_->batch().bytes());
  if (way == ZeroCopyPolicy::Way::lend) loop_.zero_copy_counters().sends.add();
  flight_->submit(loop_.io(), socket_, way);
  if (send_tenths_max_ != 0) loop_.send_watch().begin(*flight_);
}

void Connection::on_flight(Flight& flight, IoEvent& event) {
  if (event.released != Release::none) return on_released(flight, event.released);
  CHECK(&flight == flight_);
  on_result(event);
}

void Connection::set_send_timeout(Duration timeout) {
  constexpr auto kTenth = std::chrono::milliseconds(100);
  const auto tenths = (timeout + kTenth - Duration(1)) / kTenth;
  CHECK(tenths >= 0 && tenths <= UINT16_MAX);
  send_tenths_max_ = static_cast<uint16_t>(tenths);
  if (!in_flight()) return;
  loop_.send_watch().end(*flight_);  // the one that is out gets all of the new time
  if (send_tenths_max_ != 0) loop_.send_watch().begin(*flight_);
}

void Connection::on_stuck(Flight& flight) {
  flight.acknowledged_bytes_ = loop_.io().acknowledged_bytes(socket_).value_or(0);
  // Late is this look if the loop was busy, or nobody drove it: what it has missed is not counted.
  const Duration waited = std::min<Duration>(loop_.now() - flight.submitted_at(), SendWatch::kLook);
  loop_.start_timer(flight.stuck_timer(), send_timeout() - waited);
}

void Connection::on_patience_end(Flight& flight) {
  // Unknown when no descriptor is free for a moment: then it has another period.
  const std::optional<uint64_t> acknowledged = loop_.io().acknowledged_bytes(socket_);
  if (acknowledged && *acknowledged <= flight.acknowledged_bytes_) {
    return terminate(CloseCause::stalled);
  }
  if (acknowledged) flight.acknowledged_bytes_ = *acknowledged;  // slow, but it does take something
  loop_.start_timer(flight.stuck_timer(), send_timeout());
}

void Connection::set_keepalive(std::chrono::seconds idle) {
  if (state_ != State::open) return;
  // Fails only if the peer has already gone, or no descriptor is free for a moment.
  (void)loop_.io().set_option(socket_, SocketOption::keepalive, static_cast<int>(idle.count()));
}

void Connection::on_result(IoEvent& event) {
  loop_.send_watch().end(*flight_);
  const bool refused =
      flight_->way() == ZeroCopyPolicy::Way::lend && is_zero_copy_refusal(event.result);
  const bool failed = (event.result < 0 && !refused) || state_ == State::terminating;
  const auto bytes = static_cast<size_t>(std::max(event.result, 0));
  if (event.more) {
    part_with_flight(bytes);
  } else {
    flight_->batch().consume(bytes);
    if (flight_->batch().empty()) drop_flight();
  }
  if (refused) {
    loop_.zero_copy_counters().refused.add();
    lending_->policy.on_refused();
  }
  if (failed) {
    if (flight_ != nullptr) drop_flight();
    const bool peer_gone = event.result == -EPIPE || event.result == -ECONNRESET;
    terminate(peer_gone ? CloseCause::peer : CloseCause::io_error);
    return close_if_quiet();
  }
  const bool rest = flight_ != nullptr;
  if (bytes > 0) handler_.on_sent(bytes);
  if (rest || state_ == State::closing) flush_soon();
}

/// The kernel goes on reading its bytes; what it has not taken of them leaves with another flight.
void Connection::part_with_flight(size_t bytes_taken) {
  Flight& lent = *std::exchange(flight_, nullptr);
  lending_->out.push_back(lent);
  ++lending_->count;
  loop_.begin_loan();
  if (bytes_taken == lent.batch().bytes()) return;
  flight_ = loop_.take_flight(*this);
  lent.batch().share_rest(bytes_taken, flight_->batch());
}

void Connection::on_released(Flight& flight, Release release) {
  CHECK(lending_ != nullptr && lending_->count > 0);
  flight.lent_hook_.unlink();
  --lending_->count;
  lending_->policy.on_released(release);
  loop_.end_loan(flight, release);
  if (state_ != State::lingering) return;
  // The peer takes what it was lent, however slowly: it has as long again for the rest.
  if (!nothing_lent()) return start_linger(kLastFlushTime);
  if (peer_ended_) return terminate(cause_);
  start_linger(kLingerTime);  // only now has the last byte left
}

void Connection::on_recv(IoEvent& event) {
  if (state_ == State::terminating) {
    event.lease.reset();
    close_if_quiet();
    return;
  }
  if (event.result > 0) {
    loop_.count_bytes(static_cast<size_t>(event.result));
    deliver(event.lease.bytes());
    event.lease.reset();
  } else if (event.result == 0) {
    on_peer_end();
  } else if (event.result != -ENOBUFS && event.result != -ECANCELED) {
    const bool reset = event.result == -ECONNRESET || event.result == -EPIPE;
    terminate(reset ? CloseCause::peer : CloseCause::io_error);
  }
  arm();
}

/// Receives, unless that is on, or not wanted.
void Connection::arm() {
  const bool reading =
      state_ == State::open || state_ == State::closing || state_ == State::lingering;
  if (reading && !recv_.submitted() && !peer_ended_ && !paused_) loop_.io().recv(socket_, recv_);
}

void Connection::deliver(std::span<const std::byte> bytes) {
  if (state_ != State::open) return;  // ending: read only to see the peer's end
  if (paused_) return hold(bytes);
  CHECK(!delivering_);
  delivering_ = true;
  const size_t consumed = handler_.on_bytes(bytes);
  delivering_ = false;
  CHECK(consumed <= bytes.size());
  if (consumed == bytes.size() || state_ != State::open) return;
  CHECK(paused_);
  hold(bytes.subspan(consumed));
}

void Connection::pause() {
  if (paused_ || state_ != State::open) return;
  paused_ = true;
  loop_.io().cancel(recv_);
}

void Connection::hold(std::span<const std::byte> bytes) {
  if (held_ == nullptr) held_ = std::make_unique<Held>();
  std::vector<std::byte>& held = held_->bytes;
  held.erase(held.begin(), held.begin() + static_cast<ptrdiff_t>(held_->begin));
  held_->begin = 0;
  held.insert(held.end(), bytes.begin(), bytes.end());
  loop_.held_bytes().add(bytes.size());
}

void Connection::deliver_held() {
  CHECK(!delivering_);
  const auto bytes = std::span<const std::byte>(held_->bytes).subspan(held_->begin);
  delivering_ = true;
  const size_t consumed = handler_.on_bytes(bytes);
  delivering_ = false;
  CHECK(consumed <= bytes.size());
  if (state_ != State::open) return drop_held();
  loop_.count_bytes(consumed);
  loop_.held_bytes().sub(consumed);
  held_->begin += consumed;
  if (consumed == bytes.size()) drop_held();
}

void Connection::drop_held() {
  if (held_ == nullptr) return;
  loop_.held_bytes().sub(held_->bytes.size() - held_->begin);
  held_.reset();
}

void Connection::resume() {
  if (!paused_ || state_ != State::open) return;
  paused_ = false;
  if (held_ != nullptr) deliver_held();
  if (paused_) return;
  CHECK(held_ == nullptr);
  if (peer_ended_ && state_ == State::open) return on_peer_end();
  arm();
}

void Connection::on_peer_end() {
  peer_ended_ = true;
  if (state_ == State::lingering && nothing_lent()) return terminate(cause_);
  if (state_ != State::open || paused_) return;
  handler_.on_end();
  close_after_flush(CloseCause::peer);
}

void Connection::close_after_flush(CloseCause cause) {
  if (state_ != State::open) return;
  cause_ = cause;
  state_ = State::closing;
  paused_ = false;
  if (!delivering_) {  // else the handler is reading held_, and who called it goes on
    drop_held();
    arm();
  }
  start_linger(kLastFlushTime);
  flush_soon();
}

void Connection::limit_flush(Duration time) {
  if (state_ == State::closing) start_linger(time);
}

void Connection::finish_closing() {
  if (peer_ended_ && nothing_lent()) return terminate(cause_);
  state_ = State::lingering;
  loop_.io().shutdown_send(socket_);
  // What is lent has not left yet: the release starts the timer anew.
  start_linger(nothing_lent() ? kLingerTime : kLastFlushTime);
}

void Connection::start_linger(Duration time) {
  if (linger_ == nullptr) {
    linger_.reset(new Timer(Timer::bind<&Connection::on_linger_end>(this)));
  }
  loop_.start_timer(*linger_, time);
}

void Connection::on_linger_end() {
  terminate(cause_);
}

void Connection::terminate(CloseCause cause) {
  if (state_ == State::terminating || state_ == State::closed) return;
  if (state_ == State::open || cause_ == CloseCause::none) cause_ = cause;
  // What nobody reads would stay in the kernel for minutes.
  const bool discard = cause_ != CloseCause::peer || in_flight();
  // And only a reset makes the kernel let go of what it was lent and the peer does not take.
  if ((discard && state_ != State::lingering) || !nothing_lent()) {
    (void)loop_.io().set_option(socket_, SocketOption::reset_on_close, 1);
  }
  state_ = State::terminating;
  if (linger_ != nullptr) loop_.stop_timer(*linger_);
  loop_.io().shutdown(socket_);
  close_if_quiet();
}

Address Connection::local_address() {
  const Result<Address> address = loop_.io().local_address(socket_);
  return address.ok() ? *address : Address();
}

void Connection::close_if_quiet() {
  if (state_ != State::terminating) return;
  if (recv_.submitted() || in_flight()) return;  // the kernel may still touch our memory
  if (flight_ != nullptr) drop_flight();
  if (!delivering_) drop_held();  // else deliver_held() does, when its handler has returned
  loop_.io().close(socket_);
  // Released soon: terminate() has made it a reset.
  while (!nothing_lent()) lending_->out.pop_front().orphan();
  state_ = State::closed;
  loop_hook_.unlink();
  loop_.reap_later(*this);
}

void Connection::reap() {
  CHECK(state_ == State::closed);
  handler_.on_closed(cause_);
}

void Connection::drop_flight() {
  loop_.give_flight(std::exchange(flight_, nullptr));
}

}  // namespace ringroad::engine
