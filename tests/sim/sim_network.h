// sim_network.h — a network and its kernel in one thread and one seed: TCP, UDP and the time.
// Owner:  the test, one per test; its SimIos refer to it.
// Thread: the test's.
// Time:   virtual. It moves in step() and advance() only.
// Bound:  a direction of a connection holds pipe_bytes; a UDP socket kDatagramsMax; then writers
//         wait, datagrams are lost.
// Finds:  memory that changes while it is being sent, leases used after their return, sockets
//         closed under an operation.
// Why here: one seed replays a whole run of many loops, with every short read and every late event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/io.h"
#include "tests/sim/sim_socket.h"

namespace ringroad::sim {

struct SimOptions {
  uint64_t seed = 1;
  // How long bytes, completions and cancels take: anything in between.
  engine::Duration delay_min = std::chrono::microseconds(5);
  engine::Duration delay_max = std::chrono::microseconds(500);
  size_t pipe_bytes = 65'536;        // one direction of a connection: under way + not yet read
  uint32_t short_read_percent = 20;  // a read takes only some of what is there
  uint32_t short_write_percent = 5;  // a send ends before all was taken
  uint32_t no_buffer_percent = 1;    // a receive ends with -ENOBUFS although there are buffers
  uint32_t datagram_loss_percent = 0;
  uint32_t datagram_reorder_percent = 0;
  // Zero-copy sends.
  engine::ZeroCopySupport zero_copy = engine::ZeroCopySupport::reporting;
  uint32_t copied_percent = 50;        // releases that say so
  uint32_t refused_percent = 5;        // no memory for it
  uint32_t late_release_percent = 20;  // long after the result: up to release_delay_max
  engine::Duration release_delay_max = std::chrono::seconds(3);
  uint32_t no_release_percent = 2;  // not before the connection is reset or the socket closed
  // Per SimIo.
  uint16_t receive_buffers = 64;
  uint16_t datagram_buffers = 16;
};

/// splitmix64: the same numbers everywhere.
class SimRandom {
 public:
  explicit SimRandom(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  /// 0..below-1
  uint64_t below(uint64_t below) { return below == 0 ? 0 : next() % below; }
  bool percent(uint32_t percent) { return below(100) < percent; }

 private:
  uint64_t state_;
};

class SimNetwork {
 public:
  explicit SimNetwork(const SimOptions& options);
  ~SimNetwork();
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  // For tests.
  engine::TimePoint now() const { return now_; }
  SimRandom& random() { return random_; }
  /// Moves on to what happens next, a loop's wake-up included. False: nothing will ever happen.
  bool step();
  /// Lets everything within `time` happen, one after the other, without running any loop.
  void advance(engine::Duration time);
  /// When something is due: now() if a loop has something to collect.
  std::optional<engine::TimePoint> next_event() const;
  /// Nothing is under way and nothing waits to be collected (a loop may still have timers).
  bool quiet() const;
  /// Both ends of this connection hear -ECONNRESET; what was under way is lost.
  void reset(engine::Socket socket);
  /// Nothing arrives at this socket until resume(): to the other end it looks like a peer that does
  /// not read.
  void stall(engine::Socket socket);
  void resume(engine::Socket socket);
  /// From now on every datagram is lost with this probability.
  void set_datagram_loss(uint32_t percent) { options_.datagram_loss_percent = percent; }
  size_t open_sockets() const;
  uint64_t datagrams_lost() const { return datagrams_lost_; }
  /// An Io for scripted peers: its completions run by themselves, inside step() and advance().
  SimIo& peers();

  // For SimIo: the verbs.
  engine::Socket open(engine::Transport transport, int family);
  SimSocket& at(engine::Socket socket);
  Status bind(SimSocket& socket, const engine::Address& address);
  Status listen(SimSocket& socket, int backlog);
  void connect(SimSocket& socket, const engine::Address& peer, std::shared_ptr<SimOp> op);
  void connect_datagram(SimSocket& socket, const engine::Address& peer);
  int send_datagram(SimSocket& socket, std::span<const std::byte> bytes, const engine::Address& to,
                    const engine::Address* from);
  void shutdown(SimSocket& socket);
  void shutdown_send(SimSocket& socket);
  void close(SimSocket& socket);
  void cancel(engine::Completion& completion, SimSocket& socket);
  void accept_progress(SimSocket& socket);
  void recv_progress(SimSocket& socket);
  void send_progress(SimSocket& socket);
  /// A zero-copy send: as any other, and released some time after its result; or refused.
  void lend(SimSocket& socket, std::shared_ptr<SimOp> op);
  /// Lets what is due at now() happen.
  void pump();
  const SimOptions& options() const { return options_; }
  void join(SimIo& io) { ios_.push_back(&io); }
  void leave(SimIo& io) { std::erase(ios_, &io); }

 private:
  static constexpr size_t kDatagramsMax = 256;

  using Action = std::function<void()>;
  using SocketAction = void (SimNetwork::*)(SimSocket&);

  void at_time(engine::TimePoint due, Action action);
  void later(SimSocket& socket, SocketAction action);
  engine::Duration delay();
  bool run_due();
  bool run_peers();
  SimSocket* find(int32_t handle, uint64_t serial);
  SimSocket* find(int32_t handle);
  /// The operation has come to its end; its owner hears of it after a delay.
  void finish(SimSocket& socket, std::shared_ptr<SimOp> op, int result);

  // Who has which address (sim_network.cc).
  bool overlaps(const SimSocket& socket, const engine::Address& address) const;
  bool conflict(const SimSocket& socket, const engine::Address& address) const;
  uint16_t free_port(const SimSocket& socket, const engine::Address& address);
  void bind_for(SimSocket& socket, const engine::Address& peer);
  std::vector<SimSocket*> members(engine::Transport transport, const engine::Address& to);
  void dial(int32_t handle, uint64_t serial, engine::Address peer);
  void meet(SimSocket& client, SimSocket& listener, const engine::Address& dialled);

  // Datagrams (sim_datagram.cc).
  SimSocket* receiver_of(const SimDatagram& datagram);
  void arrive(int32_t sender, uint64_t serial, const SimDatagram& datagram);
  void recv_datagrams(SimSocket& socket);

  // What the bytes of a connection do (sim_stream.cc).
  void push(const std::shared_ptr<SimPipe>& pipe, SimPipe::Segment segment);
  void deliver(const std::shared_ptr<SimPipe>& pipe);
  void deliver_segment(SimPipe& pipe, SimPipe::Segment segment);
  void on_reset(SimSocket& socket);
  void send_end(SimSocket& socket);
  void recv_stream(SimSocket& socket);
  void end_recv(SimSocket& socket, int result);
  void end_sends(SimSocket& socket, int result);
  bool is_over(SimSocket& socket, SimOp& op);
  void write_some(SimSocket& socket, SimOp& op);
  void release_some_time(SimSocket& socket, const std::shared_ptr<SimOp>& op);
  void release(const std::shared_ptr<SimOp>& op, engine::Duration delay);
  void release_all(SimSocket& socket);

  SimOptions options_;
  SimRandom random_;
  engine::TimePoint now_{std::chrono::hours(1)};
  std::map<std::pair<engine::TimePoint, uint64_t>, Action> actions_;
  uint64_t next_action_ = 0;
  uint64_t next_serial_ = 1;
  uint64_t next_bind_ = 1;
  uint16_t next_port_ = 20'000;
  uint64_t datagrams_lost_ = 0;
  bool pumping_ = false;
  std::vector<std::unique_ptr<SimSocket>> sockets_;  // by handle; null: free
  std::vector<SimIo*> ios_;
  std::unique_ptr<SimIo> peers_;
};

}  // namespace ringroad::sim
