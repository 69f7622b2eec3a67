// stream_world.h — two loops that reach each other, and a stream between them.
// Thread: the test's: both loops run in it, one turn after the other.
// Why here: the stream's tests run on io_uring and on the simulator alike.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "engine/listener.h"
#include "engine/loop.h"
#include "engine/stream.h"
#include "engine/stream_hub.h"
#include "engine/uring_io.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"
#include "tests/support/idle_work.h"
#include "tests/support/stream_log.h"

namespace ringroad::engine {

struct StreamBackEnd {
  const char* name;
  bool real;
  uint64_t seed = 1;
  ZeroCopy zero_copy = ZeroCopy::off;
};

/// One loop that has nothing but streams.
class StreamSide final : support::IdleWork {
 public:
  StreamSide(Io& io, const StreamBackEnd& back_end)
      : real_(back_end.real), loop_(io, *this, {.zero_copy = back_end.zero_copy}), hub_(io) {}

  Io& io() { return loop_.io(); }
  Loop& loop() { return loop_; }
  void turn() { loop_.turn(); }
  StreamHome home() { return {loop_, pool_, hub_}; }
  uint64_t bytes_live() const { return pool_.bytes_live().get() + loop_.held_bytes().get(); }

 private:
  size_t drain(size_t) override {
    hub_.drain();
    return 0;
  }
  bool may_sleep() override { return !real_; }  // the other one must have its turn

  const bool real_;
  BlockPool pool_;
  Loop loop_;
  StreamHub hub_;
};

/// An end of a stream, and what its program hears.
struct StreamEnd final : Stream::Owner {
  StreamEnd(StreamSide& side, StreamOptions options)
      : stream(side.home(), 1234, std::move(options), *this) {}
  explicit StreamEnd(StreamSide& side) : stream(side.home(), 1234, log.options(), *this) {}
  void on_stream_closed() override { ++closed; }

  support::StreamLog log;
  int closed = 0;
  Stream stream;
};

class StreamWorld final : Listener::Handler {
 public:
  explicit StreamWorld(const StreamBackEnd& back_end) {
    if (back_end.real) {
      for (auto& io : ios_) {
        auto made = UringIo::create({});
        if (!made.ok()) {
          cause_ = made.status().message();
          return;
        }
        io = std::move(*made);
      }
    } else {
      sim::SimOptions options;
      options.seed = back_end.seed;
      network_ = std::make_unique<sim::SimNetwork>(options);
      for (auto& io : ios_) io = std::make_unique<sim::SimIo>(*network_);
    }
    for (size_t i = 0; i < 2; ++i) {
      sides_[i] = std::make_unique<StreamSide>(*ios_[i], back_end);
    }
  }
  ~StreamWorld() {
    if (server_socket_.valid()) server().io().close(server_socket_);
    sides_[0].reset();
    sides_[1].reset();
    ios_[0].reset();
    ios_[1].reset();
  }

  /// Why there is no world.
  const std::string& cause() const { return cause_; }
  StreamSide& server() { return *sides_[0]; }
  StreamSide& client() { return *sides_[1]; }
  sim::SimNetwork* network() { return network_.get(); }

  template <typename Done>
  bool run_until(Done done) {
    const TimePoint limit = server().io().now() + std::chrono::seconds(60);
    while (!done()) {
      if (server().io().now() > limit) return false;
      turn();
    }
    return true;
  }
  /// At least: a busy machine may be late before the first turn.
  void run_for(Duration time) {
    constexpr int kTurnsMin = 10;
    const TimePoint end = server().io().now() + time;
    for (int turns = 0; turns < kTurnsMin || server().io().now() < end; ++turns) turn();
  }

  /// A connected pair of sockets: .first on server(), .second on client().
  std::pair<Socket, Socket> sockets() {
    const Result<Socket> listening =
        open_private_listener(server().io(), *Address::parse("127.0.0.1:0"));
    EXPECT_TRUE(listening.ok());
    Listener listener(server().loop(), *listening, *this);
    listener.start();
    const Socket socket = *client().io().open(Transport::tcp, AF_INET);
    connected_ = false;
    client().io().connect(socket, *server().io().local_address(*listening), connect_);
    EXPECT_TRUE(run_until([&] { return connected_ && server_socket_.valid(); }));
    listener.stop();
    EXPECT_TRUE(run_until([&] { return listener.closed(); }));
    return {std::exchange(server_socket_, {}), socket};
  }
  void join(StreamEnd& a, StreamEnd& b) {
    const auto [first, second] = sockets();
    a.stream.adopt(first);
    b.stream.adopt(second);
  }
  bool run_until_closed(StreamEnd& a, StreamEnd& b) {
    return run_until([&] { return a.stream.closed() && b.stream.closed(); });
  }
  /// When the kernel would probe an idle peer; 0: never.
  int keepalive_seconds(Socket socket) {
    if (network_ != nullptr) return network_->at(socket).keepalive_seconds;
    int value = 0;
    socklen_t length = sizeof value;
    EXPECT_EQ(::getsockopt(socket.handle, SOL_SOCKET, SO_KEEPALIVE, &value, &length), 0);
    if (value == 0) return 0;
    EXPECT_EQ(::getsockopt(socket.handle, IPPROTO_TCP, TCP_KEEPIDLE, &value, &length), 0);
    return value;
  }
  bool no_loans() {
    return run_until([&] { return !server().loop().has_loans() && !client().loop().has_loans(); });
  }

 private:
  void turn() {
    server().turn();
    client().turn();
    if (network_ != nullptr) network_->step();
  }
  void on_accept(Socket socket) override { server_socket_ = socket; }
  void on_connect(IoEvent& event) {
    EXPECT_EQ(event.result, 0);
    connected_ = true;
  }

  std::string cause_;
  std::unique_ptr<sim::SimNetwork> network_;
  std::unique_ptr<Io> ios_[2];
  std::unique_ptr<StreamSide> sides_[2];
  Socket server_socket_;
  bool connected_ = false;
  Completion connect_ = Completion::bind<&StreamWorld::on_connect>(this);
};

}  // namespace ringroad::engine
