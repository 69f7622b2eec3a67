// sim_peer.h — scripted ends of connections and datagrams, without a loop: what a test uses as the
// other side.
// Owner:  the test; gone before the network.
// Thread: the test's.
// Runs:   by itself whenever the network's time moves (step, advance), or inside a turn of any
//         loop on the network.
// Bound:  none: it keeps everything it receives and everything it still has to send.
// Why here: most tests want a client that sends this, reads that, stops reading, and goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "engine/io.h"
#include "tests/sim/sim_network.h"

namespace ringroad::sim {

/// A TCP client.
class SimPeer {
 public:
  explicit SimPeer(SimNetwork& network);
  ~SimPeer();  ///< close()
  SimPeer(const SimPeer&) = delete;
  SimPeer& operator=(const SimPeer&) = delete;

  void connect(const engine::Address& server);
  /// Sends it all, in order, as the network takes it. May be called before the connection stands.
  void send(std::span<const std::byte> bytes);
  void send(std::string_view text);
  /// Nothing is read any more, so that the other side's bytes pile up; until resume().
  void stall();
  void resume();
  /// Nothing more will be sent; reading goes on.
  void finish();
  /// Ends both directions. What the network has not taken yet (all_sent()) is lost. Takes a little
  /// virtual time.
  void close();
  /// Ends with a reset.
  void reset();

  bool connected() const { return connected_; }
  bool refused() const { return refused_; }
  /// The other side has ended, or reset.
  bool ended() const { return ended_; }
  bool was_reset() const { return was_reset_; }
  bool open() const { return socket_.valid(); }
  /// Everything was taken by the network.
  bool all_sent() const { return unsent_.empty(); }
  engine::Socket socket() const { return socket_; }
  engine::Address local_address() const;
  /// Everything that was received and not taken.
  const std::vector<std::byte>& received() const { return received_; }
  std::vector<std::byte> take();
  /// Drops the first `bytes` of what was received.
  void consume(size_t bytes);

 private:
  void on_connect(engine::IoEvent& event);
  void on_recv(engine::IoEvent& event);
  void on_send(engine::IoEvent& event);
  void flush();
  void end(bool by_reset);
  bool quiet() const;

  SimNetwork& network_;
  engine::Io& io_;
  engine::Socket socket_;
  bool connected_ = false;
  bool refused_ = false;
  bool ended_ = false;
  bool was_reset_ = false;
  bool finishing_ = false;  // after the last byte
  bool leaving_ = false;    // inside end()
  std::deque<std::vector<std::byte>> unsent_;
  size_t first_sent_ = 0;  // of unsent_.front()
  iovec part_ = {};
  std::vector<std::byte> received_;
  engine::Completion connect_ = engine::Completion::bind<&SimPeer::on_connect>(this);
  engine::Completion recv_ = engine::Completion::bind<&SimPeer::on_recv>(this);
  engine::Completion send_ = engine::Completion::bind<&SimPeer::on_send>(this);
};

/// A UDP socket.
class SimDatagramPeer {
 public:
  /// Port 0: any free one.
  SimDatagramPeer(SimNetwork& network, const engine::Address& local);
  ~SimDatagramPeer();
  SimDatagramPeer(const SimDatagramPeer&) = delete;
  SimDatagramPeer& operator=(const SimDatagramPeer&) = delete;

  engine::Address local_address() const;
  void send(std::span<const std::byte> bytes, const engine::Address& to);
  const std::deque<SimDatagram>& received() const { return received_; }
  std::deque<SimDatagram> take();

 private:
  void on_recv(engine::IoEvent& event);

  SimNetwork& network_;
  engine::Io& io_;
  engine::Socket socket_;
  bool closing_ = false;
  std::deque<SimDatagram> received_;
  engine::Completion recv_ = engine::Completion::bind<&SimDatagramPeer::on_recv>(this);
};

}  // namespace ringroad::sim
