// Property: the simulator replays a seed exactly, does what a test tells it, and aborts on the bugs
//         it is there to find.
// Method: scripted peers against a small echo server; traces of equal seeds are compared; death
//         tests for the traps.
#include "tests/sim/sim_io.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/sim_network.h"
#include "tests/sim/sim_peer.h"

namespace ringroad::sim {
namespace {

using engine::Address;
using engine::Completed;
using engine::Completion;
using engine::Io;
using engine::IoEvent;
using engine::RecvLease;
using engine::Socket;
using engine::Transport;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Address kAnyPort = *Address::parse("127.0.0.1:0");

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A server of one connection: records what it reads, sends on demand.
class Server {
 public:
  explicit Server(SimNetwork& network) : network_(network), io_(network) {
    listening_ = *io_.open(Transport::tcp, AF_INET);
    EXPECT_TRUE(io_.bind(listening_, kAnyPort).ok());
    EXPECT_TRUE(io_.listen(listening_, 8).ok());
    io_.accept(listening_, accept_);
  }
  ~Server() {
    io_.cancel(accept_);
    if (connection_.valid()) io_.shutdown(connection_);
    run([&] { return !accept_.submitted() && !recv_.submitted() && !send_.submitted(); });
    if (connection_.valid()) io_.close(connection_);
    io_.close(listening_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Address address() { return *io_.local_address(listening_); }
  Socket connection() const { return connection_; }
  SimIo& io() { return io_; }
  const std::string& received() const { return received_; }
  int last() const { return last_; }
  int sent() const { return sent_; }
  const std::string& trace() const { return trace_; }
  void send(std::string& text) {
    part_ = {text.data(), text.size()};
    sent_ = 0;
    io_.send(connection_, {&part_, 1}, send_);
  }
  bool sending() const { return send_.submitted(); }

  template <typename Done>
  bool run(Done done) {
    const engine::TimePoint limit = network_.now() + seconds(60);
    while (!done() && network_.now() < limit) {
      std::vector<Completed> completed;
      io_.wait(milliseconds(100), completed);
      for (Completed& item : completed) item.completion->run(item.event);
      if (completed.empty() && !network_.step()) break;
    }
    return done();
  }

 private:
  void on_accept(IoEvent& event) {
    if (event.result < 0) return;
    connection_ = Socket{event.result};
    io_.recv(connection_, recv_);
  }
  void on_recv(IoEvent& event) {
    const auto bytes = event.lease.bytes();
    received_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    trace_ += std::to_string(network_.now().time_since_epoch().count()) + ":" +
              std::to_string(event.result) + " ";
    if (event.result <= 0) last_ = event.result;
    event.lease.reset();
    if (!event.more && event.result == -ENOBUFS) io_.recv(connection_, recv_);
  }
  void on_send(IoEvent& event) { sent_ = event.result; }

  SimNetwork& network_;
  SimIo io_;
  Socket listening_;
  Socket connection_;
  std::string received_;
  std::string trace_;
  int last_ = 1;
  int sent_ = 0;
  iovec part_ = {};
  Completion accept_ = Completion::bind<&Server::on_accept>(this);
  Completion recv_ = Completion::bind<&Server::on_recv>(this);
  Completion send_ = Completion::bind<&Server::on_send>(this);
};

std::string trace_of(uint64_t seed) {
  SimNetwork network({.seed = seed});
  Server server(network);
  SimPeer peer(network);
  peer.connect(server.address());
  for (int i = 0; i < 50; ++i) peer.send(std::string(static_cast<size_t>(i) * 97 + 1, 'x'));
  peer.finish();
  EXPECT_TRUE(server.run([&] { return server.last() == 0; }));
  EXPECT_EQ(server.received().size(), 50U + 97U * 49U * 50U / 2U);
  return server.trace();
}

TEST(SimIo, ReplaysASeedExactly) {
  EXPECT_EQ(trace_of(7), trace_of(7));
  EXPECT_NE(trace_of(7), trace_of(8));
}

TEST(SimIo, APeerThatStallsMakesTheSenderWait) {
  SimNetwork network({.seed = 1, .pipe_bytes = 10'000, .short_write_percent = 0});
  Server server(network);
  SimPeer peer(network);
  peer.connect(server.address());
  ASSERT_TRUE(server.run([&] { return server.connection().valid() && peer.connected(); }));
  peer.stall();
  std::string text(50'000, 't');
  server.send(text);
  network.advance(seconds(10));
  EXPECT_FALSE(server.run([&] { return !server.sending(); }));
  EXPECT_TRUE(peer.received().empty());
  peer.resume();
  ASSERT_TRUE(server.run([&] { return !server.sending(); }));
  EXPECT_EQ(server.sent(), 50'000);
  EXPECT_TRUE(server.run([&] { return peer.received().size() == text.size(); }));
  EXPECT_EQ(text_of(peer.take()), text);
}

TEST(SimIo, APeerEndsInEachWay) {
  for (const std::string_view how : {"finish", "close", "reset", "network"}) {
    SCOPED_TRACE(how);
    SimNetwork network({.seed = 2});
    Server server(network);
    SimPeer peer(network);
    peer.connect(server.address());
    peer.send("bye");
    ASSERT_TRUE(server.run([&] { return server.received() == "bye" && peer.all_sent(); }));
    if (how == "finish") peer.finish();
    if (how == "close") peer.close();
    if (how == "reset") peer.reset();
    if (how == "network") network.reset(server.connection());
    ASSERT_TRUE(server.run([&] { return server.last() <= 0; }));
    EXPECT_EQ(server.last(), how == "finish" || how == "close" ? 0 : -ECONNRESET);
  }
}

TEST(SimIo, APeerIsRefusedWhereNobodyListens) {
  SimNetwork network({.seed = 3});
  SimPeer peer(network);
  peer.connect(kAnyPort.with_port(1));
  network.advance(seconds(1));
  EXPECT_TRUE(peer.refused());
  EXPECT_FALSE(peer.connected());
}

TEST(SimIo, AGroupOfListenersSharesTheConnections) {
  SimNetwork network({.seed = 4});
  SimIo io(network);
  std::vector<Socket> group;
  Address address = kAnyPort;
  for (int i = 0; i < 2; ++i) {
    group.push_back(*io.open(Transport::tcp, AF_INET));
    ASSERT_TRUE(io.set_option(group.back(), engine::SocketOption::reuse_port, 1).ok());
    ASSERT_TRUE(io.bind(group.back(), address).ok());
    ASSERT_TRUE(io.listen(group.back(), 100).ok());
    address = *io.local_address(group.back());
  }
  std::vector<std::unique_ptr<SimPeer>> peers;
  for (int i = 0; i < 60; ++i) {
    peers.push_back(std::make_unique<SimPeer>(network));
    peers.back()->connect(address);
  }
  network.advance(seconds(1));
  for (const Socket socket : group) EXPECT_GT(network.at(socket).pending.size(), 15U);
  for (const Socket socket : group) io.close(socket);
  network.advance(seconds(1));
  for (const auto& peer : peers) EXPECT_TRUE(peer->was_reset());
}

TEST(SimIo, DatagramsAreLostAsOften) {
  SimNetwork network({.seed = 5,
                      .no_buffer_percent = 10,
                      .datagram_loss_percent = 30,
                      .datagram_reorder_percent = 50});
  SimDatagramPeer receiver(network, kAnyPort);
  SimDatagramPeer sender(network, kAnyPort);
  std::string order;
  for (int i = 0; i < 200; ++i) {
    const auto number = static_cast<std::byte>(i);
    sender.send({&number, 1}, receiver.local_address());
  }
  network.advance(seconds(1));
  const size_t received = receiver.received().size();
  EXPECT_EQ(received + network.datagrams_lost(), 200U);
  EXPECT_GT(received, 100U);
  EXPECT_LT(received, 180U);
  EXPECT_EQ(receiver.received().front().from, sender.local_address());
  bool reordered = false;
  for (size_t i = 1; i < received; ++i) {
    reordered = reordered || receiver.received()[i].bytes[0] < receiver.received()[i - 1].bytes[0];
  }
  EXPECT_TRUE(reordered);
}

TEST(SimIo, TimeStandsStillUntilItIsMoved) {
  SimNetwork network({.seed = 6});
  EXPECT_TRUE(network.quiet());
  EXPECT_FALSE(network.next_event().has_value());
  SimIo io(network);
  std::vector<Completed> completed;
  const engine::TimePoint start = io.now();
  io.wait(seconds(5), completed);
  EXPECT_EQ(io.now(), start);
  EXPECT_EQ(network.next_event(), start + seconds(5));
  EXPECT_TRUE(network.step());
  EXPECT_EQ(io.now(), start + seconds(5));
  io.wake();
  EXPECT_EQ(network.next_event(), io.now());
  EXPECT_FALSE(network.quiet());
  io.wait(seconds(5), completed);
  EXPECT_TRUE(network.quiet());
}

/// Sends, and changes what it sends meanwhile.
void change_bytes_under_a_send() {
  SimNetwork network({.seed = 9});
  Server server(network);
  SimPeer peer(network);
  peer.connect(server.address());
  server.run([&] { return server.connection().valid(); });
  std::string text(1'000, 'a');
  server.send(text);
  text[500] = 'b';
  server.run([&] { return !server.sending(); });
}

void give_back_twice() {
  SimBuffers buffers(2, 100);
  const RecvLease lease = buffers.lend({});
  buffers.give_back(0);
  buffers.give_back(0);
}

void close_under_a_receive() {
  SimNetwork network({.seed = 10});
  Server server(network);
  SimPeer peer(network);
  peer.connect(server.address());
  server.run([&] { return server.connection().valid(); });
  server.io().close(server.connection());
}

TEST(SimIoDeathTest, FindsTheBugsItIsThereFor) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(change_bytes_under_a_send(), "checksum");
  EXPECT_DEATH(give_back_twice(), "on_loan");
  EXPECT_DEATH(close_under_a_receive(), "outstanding");
}

}  // namespace
}  // namespace ringroad::sim
