// connection.h — one TCP connection: receive, send, and an end without races.
// Owner:  its handler (a session).
// Thread: the loop's.
// Life:   open -> [closing -> lingering ->] terminating -> closed. terminate() stops new work,
//         waits until no receive and no send is out, closes, and the loop calls on_closed() when
//         it reaps; then, and only then, it may be destroyed. What the kernel still reads of
//         zero-copy sends is the loop's from then on.
// Bound:  one send without a result, and kLentSendsMax that have theirs but are not released (zero
//         copy); received bytes are handed on at once; while paused, what was already under way is
//         copied aside (at most the loop's receive buffers). What only a busy or an ending
//         connection needs is on the heap while it does.
// Fails:  every end has one CloseCause.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "engine/flight.h"
#include "engine/io.h"
#include "engine/timer_wheel.h"
#include "engine/zero_copy.h"

namespace ringroad::engine {

class Loop;

enum class CloseCause : uint8_t {
  none,
  peer,  ///< the peer ended or reset it
  io_error,
  slow_peer,  ///< its queue reached the bound
  timed_out,  ///< no handshake in time
  bad_packet,
  refused,      ///< wrong password
  limit,        ///< a per-client or per-shard limit
  stalled,      ///< it took nothing for as long as the send timeout
  application,  ///< closed by the program
  stopping,     ///< this side shuts down
};
std::string_view to_string(CloseCause cause);

class Connection {
 public:
  /// Engine to protocol. Calls may call back into the connection; nothing here may destroy it but
  /// on_closed.
  class Handler {
   public:
    /// The view dies with the call. Fewer than all consumed (only after pause()): the rest comes
    /// again after resume().
    virtual size_t on_bytes(std::span<const std::byte> bytes) = 0;
    /// Fill an empty batch with what goes next; leaving it empty = nothing to send now.
    virtual void compose(SendBatch& batch) = 0;
    /// The peer will send nothing more; what it is owed is still sent, then the connection ends.
    virtual void on_end() = 0;
    /// The kernel took these bytes.
    virtual void on_sent(size_t bytes) = 0;
    /// Closed; no operation is out. The handler may destroy the connection.
    virtual void on_closed(CloseCause cause) = 0;

   protected:
    ~Handler() = default;
  };

  Connection(Loop& loop, Socket socket, Handler& handler);
  ~Connection();  ///< Must be closed, or never started.
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// There may be something to send: the loop flushes at the end of the turn.
  void flush_soon();
  /// Asks compose() and submits one send, unless one is in flight.
  void flush();
  /// Stops reading until resume(). May be called inside on_bytes.
  void pause();
  void resume();
  /// Sends what there is, then ends.
  void close_after_flush(CloseCause cause);
  /// What close_after_flush() has still to send may take so long from now on; a few seconds unless said. Nothing
  /// once it is sent.
  void limit_flush(Duration time);
  /// Ends now; what was not sent is lost.
  void terminate(CloseCause cause);

  /// Below base::kPriorities; higher ones are flushed first. From the next flush_soon() on.
  void set_priority(uint8_t priority);
  uint8_t priority() const { return priority_; }
  /// The TOS byte of what it sends.
  void set_traffic_class(uint8_t traffic_class);

  /// While a send is out, the peer must acknowledge something every so often, or the connection ends
  /// (CloseCause::stalled). Counts in tenths of a second, rounded up; zero: never.
  void set_send_timeout(Duration timeout);
  Duration send_timeout() const { return std::chrono::milliseconds(100) * send_tenths_max_; }
  /// The kernel probes an idle peer; zero: it does not.
  void set_keepalive(std::chrono::seconds idle);

  /// Open, and not about to end: what is received is wanted, what is queued will be sent.
  bool open() const { return state_ == State::open; }
  bool sending() const { return flight_ != nullptr; }
  bool paused() const { return paused_; }
  Socket socket() const { return socket_; }
  /// Invalid if the peer has already gone.
  Address local_address();

  // For the Loop.
  base::ListHook loop_hook_;  // to be flushed or, once closed, to be reaped
  void reap();
  // For its Flights.
  void on_flight(Flight& flight, IoEvent& event);
  void on_stuck(Flight& flight);
  void on_patience_end(Flight& flight);

 private:
  enum class State : uint8_t { idle, open, closing, lingering, terminating, closed };
  struct Held {
    std::vector<std::byte> bytes;  // received while paused, in order
    size_t begin = 0;              // the handler has taken what is before
  };

  struct Lending {
    explicit Lending(Loop& loop);
    ZeroCopyPolicy policy;
    base::IntrusiveList<Flight, &Flight::lent_hook_> out;  // taken, not yet released
    size_t count = 0;
  };

  void on_recv(IoEvent& event);
  void on_result(IoEvent& event);
  void on_released(Flight& flight, Release release);
  void on_linger_end();
  void on_peer_end();
  void deliver(std::span<const std::byte> bytes);
  void hold(std::span<const std::byte> bytes);
  void deliver_held();
  void drop_held();
  void arm();
  void finish_closing();
  void close_if_quiet();
  void submit();
  bool in_flight() const { return flight_ != nullptr && flight_->submitted(); }
  void part_with_flight(size_t bytes_taken);
  void drop_flight();
  ZeroCopyPolicy::Way choose_way(size_t bytes);
  bool nothing_lent() const { return lending_ == nullptr || lending_->out.empty(); }
  void start_linger(Duration time);

  Loop& loop_;
  Handler& handler_;
  Socket socket_;
  State state_ = State::idle;
  CloseCause cause_ = CloseCause::none;
  bool paused_ = false;
  bool peer_ended_ = false;  // end of stream was received
  bool delivering_ = false;  // inside on_bytes
  uint8_t priority_ = 0;
  uint16_t send_tenths_max_ = 0;      // the send timeout; 0: none
  Flight* flight_ = nullptr;          // what is being sent, until its result
  std::unique_ptr<Lending> lending_;  // since a send was large enough for zero copy
  Completion recv_ = Completion::bind<&Connection::on_recv>(this, Completion::Kind::input);
  std::unique_ptr<Timer> linger_;  // once it has begun to end
  std::unique_ptr<Held> held_;     // while paused and something came
};

static_assert(sizeof(Connection) <= 128, "there is one per client");

}  // namespace ringroad::engine
