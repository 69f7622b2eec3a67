// Property: every Io keeps the contract of engine/io.h for streams: bytes arrive in order and
//         whole, each operation ends with one event without `more`, buffers come back, and errors
//         are -errno.
// Method: the same scripts on real io_uring over loopback and on the simulator; streams are
//         compared with a byte model.
#include "tests/engine/io_suite.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/io.h"

namespace ringroad::engine {
namespace {

class StreamSuite : public IoSuite {};

TEST_P(StreamSuite, ConnectsAndTellsBothAddresses) {
  const Socket listening = listener();
  const Pair pair = connect_to(listening);
  EXPECT_EQ(*server().local_address(pair.server), *client().peer_address(pair.client));
  EXPECT_EQ(*server().peer_address(pair.server), *client().local_address(pair.client));
  EXPECT_EQ(address_of(server(), listening), *client().peer_address(pair.client));
  EXPECT_NE(address_of(server(), listening).port(), 0);
  close(pair);
  server().close(listening);
}

TEST_P(StreamSuite, AcceptGoesOnForManyConnections) {
  const Socket listening = listener();
  Op accept;
  server().accept(listening, accept.completion());
  std::vector<std::unique_ptr<Op>> connects;
  std::vector<Socket> sockets;
  for (int i = 0; i < 40; ++i) {
    connects.push_back(std::make_unique<Op>());
    sockets.push_back(*client().open(Transport::tcp, AF_INET));
    client().connect(sockets.back(), address_of(server(), listening),
                     connects.back()->completion());
  }
  EXPECT_TRUE(run_until([&] { return accept.events() == 40; }));
  EXPECT_TRUE(accept.submitted());
  EXPECT_TRUE(run_until([&] {
    return std::all_of(connects.begin(), connects.end(), [](auto& op) { return op->done(); });
  }));
  std::vector<int> handles = accept.results();
  for (const int handle : handles) EXPECT_GE(handle, 0);
  server().cancel(accept.completion());
  EXPECT_TRUE(run_until([&] { return accept.done(); }));
  EXPECT_EQ(accept.last(), -ECANCELED);
  std::sort(handles.begin(), handles.end());
  EXPECT_EQ(std::unique(handles.begin(), handles.end()), handles.end());
  for (const int handle : handles) server().close(Socket{handle});
  for (const Socket socket : sockets) client().close(socket);
  server().close(listening);
}

TEST_P(StreamSuite, ConnectIsRefusedWhereNobodyListens) {
  const Socket bound_only = bound(server(), Transport::tcp, "127.0.0.1:0");
  Op connect;
  const Socket socket = *client().open(Transport::tcp, AF_INET);
  client().connect(socket, address_of(server(), bound_only), connect.completion());
  EXPECT_TRUE(run_until([&] { return connect.done(); }));
  EXPECT_EQ(connect.last(), -ECONNREFUSED);
  client().close(socket);
  server().close(bound_only);
}

TEST_P(StreamSuite, SendsOnePart) {
  const Pair pair = connected();
  Reader reader(server(), pair.server);
  send_all(client(), pair.client, bytes_of("hello"));
  EXPECT_TRUE(run_until([&] { return reader.bytes().size() == 5; }));
  EXPECT_EQ(text_of(reader.bytes()), "hello");
  client().close(pair.client);
  EXPECT_TRUE(run_until([&] { return reader.ended(); }));
  EXPECT_EQ(reader.error(), 0);
  server().close(pair.server);
}

TEST_P(StreamSuite, SendsPartsInOrder) {
  const Pair pair = connected();
  Reader reader(server(), pair.server);
  std::array<std::string, 16> texts;
  std::array<iovec, 16> parts;
  std::string all;
  for (size_t i = 0; i < parts.size(); ++i) {
    texts[i] = std::string(i * 37 + 1, static_cast<char>('a' + i));
    parts[i] = {texts[i].data(), texts[i].size()};
    all += texts[i];
  }
  Op send;
  send_by(GetParam().verb, client(), pair.client, parts, send.completion());
  EXPECT_TRUE(run_until([&] { return send.done(); }));
  ASSERT_GT(send.last(), 0);
  const auto sent = static_cast<size_t>(send.last());
  EXPECT_TRUE(run_until([&] { return reader.bytes().size() == sent; }));
  EXPECT_EQ(text_of(reader.bytes()), all.substr(0, sent));
  client().close(pair.client);
  EXPECT_TRUE(run_until([&] { return reader.ended(); }));
  server().close(pair.server);
}

TEST_P(StreamSuite, SendWaitsForAPeerThatDoesNotRead) {
  const Pair pair = connected();
  const std::vector<std::byte> bytes = pattern(16'000'000, 1);
  const Writer writer(GetParam().verb, client(), pair.client, bytes);
  world_->settle();
  EXPECT_FALSE(writer.done());
  Reader reader(server(), pair.server);
  EXPECT_TRUE(run_until([&] { return reader.bytes().size() == bytes.size(); }));
  EXPECT_TRUE(run_until([&] { return writer.done(); }));
  EXPECT_EQ(reader.bytes(), bytes);
  close_after(reader, pair);
}

TEST_P(StreamSuite, StreamsSurviveAnyChunking) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    make({.seed = seed, .receive_buffers = 8, .no_buffer_percent = 5});
    if (IsSkipped()) return;
    std::mt19937_64 random(seed);
    const Pair pair = connected();
    Reader up(server(), pair.server);
    Reader down(client(), pair.client);
    std::vector<std::byte> up_model;
    std::vector<std::byte> down_model;
    for (int i = 0; i < 60; ++i) {
      const bool to_server = random() % 2 == 0;
      const std::vector<std::byte> chunk =
          pattern(1 + random() % (1U << (random() % 17)), random());
      std::vector<std::byte>& model = to_server ? up_model : down_model;
      model.insert(model.end(), chunk.begin(), chunk.end());
      send_all(to_server ? client() : server(), to_server ? pair.client : pair.server, chunk);
    }
    client().shutdown_send(pair.client);
    EXPECT_TRUE(run_until([&] { return up.ended(); }));
    EXPECT_FALSE(down.ended());
    server().shutdown_send(pair.server);
    EXPECT_TRUE(run_until([&] { return down.ended(); }));
    EXPECT_EQ(up.bytes(), up_model);
    EXPECT_EQ(down.bytes(), down_model);
    EXPECT_EQ(up.error(), 0);
    close(pair);
  }
}

TEST_P(StreamSuite, ResetIsAnError) {
  const Pair pair = connected();
  Reader reader(server(), pair.server);
  world_->settle();
  EXPECT_TRUE(client().set_option(pair.client, SocketOption::reset_on_close, 1).ok());
  client().close(pair.client);
  EXPECT_TRUE(run_until([&] { return reader.ended(); }));
  EXPECT_EQ(reader.error(), -ECONNRESET);
  const std::string text = "too late";
  const iovec part = {const_cast<char*>(text.data()), text.size()};
  Op send;
  send_by(GetParam().verb, server(), pair.server, {&part, 1}, send.completion());
  EXPECT_TRUE(run_until([&] { return send.done(); }));
  EXPECT_TRUE(send.last() == -EPIPE || send.last() == -ECONNRESET) << send.last();
  server().close(pair.server);
}

TEST_P(StreamSuite, CancelEndsAReceive) {
  const Pair pair = connected();
  Op recv;
  server().recv(pair.server, recv.completion());
  world_->settle();
  EXPECT_EQ(recv.events(), 0U);
  server().cancel(recv.completion());
  EXPECT_TRUE(run_until([&] { return recv.done(); }));
  EXPECT_EQ(recv.last(), -ECANCELED);
  server().cancel(recv.completion());  // nothing is submitted: nothing happens
  Reader reader(server(), pair.server);
  send_all(client(), pair.client, bytes_of("still alive"));
  EXPECT_TRUE(run_until([&] { return text_of(reader.bytes()) == "still alive"; }));
  close_after(reader, pair);
}

TEST_P(StreamSuite, CancelledAndArmedAgainAtOnceStaysArmed) {
  const Pair pair = connected();
  Op recv;
  server().recv(pair.server, recv.completion());
  send_all(client(), pair.client, bytes_of("a"));
  EXPECT_TRUE(run_until([&] { return recv.events() == 1; }));
  server().cancel(recv.completion());
  EXPECT_TRUE(run_until([&] { return recv.done(); }));
  server().recv(pair.server, recv.completion());
  send_all(client(), pair.client, bytes_of("b"));
  EXPECT_TRUE(run_until([&] { return recv.last() == 1 && recv.events() == 3; }));
  EXPECT_TRUE(recv.submitted());
  server().shutdown(pair.server);
  EXPECT_TRUE(run_until([&] { return recv.done(); }));
  EXPECT_EQ(text_of(recv.bytes()), "ab");
  close(pair);
}

TEST_P(StreamSuite, ShutdownEndsWhatIsSubmitted) {
  const Socket listening = listener();
  const Pair pair = connect_to(listening);
  const Socket datagrams = bound(server(), Transport::udp, "127.0.0.1:0");
  const std::vector<std::byte> bytes(16'000'000);
  const iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  Op accept;
  Op recv;
  Op send;
  Op recv_from;
  server().accept(listening, accept.completion());
  server().recv(pair.server, recv.completion());
  server().recv_from(datagrams, recv_from.completion());
  send_by(GetParam().verb, server(), pair.server, {&part, 1}, send.completion());
  world_->settle();
  EXPECT_FALSE(accept.done());
  EXPECT_FALSE(recv.done());
  EXPECT_FALSE(recv_from.done());
  for (const Socket socket : {listening, pair.server, datagrams}) server().shutdown(socket);
  EXPECT_TRUE(run_until(
      [&] { return accept.done() && recv.done() && send.has_result() && recv_from.done(); }));
  EXPECT_LE(recv.last(), 0);
  EXPECT_LT(accept.last(), 0);
  EXPECT_LE(recv_from.last(), 0);
  EXPECT_LT(send.last(), static_cast<int>(bytes.size()));
  for (const Socket socket : {listening, datagrams}) server().close(socket);
  // What was lent and not taken is released by a reset only.
  EXPECT_TRUE(server().set_option(pair.server, SocketOption::reset_on_close, 1).ok());
  close(pair);
  EXPECT_TRUE(run_until([&] { return send.done(); }));
}

TEST_P(StreamSuite, WhatIsLentIsReleasedInTheEnd) {
  if (GetParam().verb != SendVerb::lend) return;
  const Pair pair = connected();
  Reader reader(server(), pair.server);
  std::array<std::vector<std::byte>, 8> texts;
  std::array<iovec, 8> parts;
  std::array<Op, 8> sends;
  std::vector<std::byte> model;
  for (size_t i = 0; i < sends.size(); ++i) {
    texts[i] = pattern(20'000 + i, i);
    parts[i] = {texts[i].data(), texts[i].size()};
    client().lend(pair.client, {&parts[i], 1}, sends[i].completion());
    EXPECT_TRUE(run_until([&] { return sends[i].has_result(); }));  // not: released
    ASSERT_GT(sends[i].last(), 0);
    model.insert(model.end(), texts[i].begin(), texts[i].begin() + sends[i].last());
  }
  EXPECT_TRUE(run_until([&] { return reader.bytes().size() == model.size(); }));
  EXPECT_EQ(reader.bytes(), model);
  for (Op& send : sends) EXPECT_TRUE(run_until([&] { return send.done(); }));
  close_after(reader, pair);
}

TEST_P(StreamSuite, AResetReleasesWhatNobodyTook) {
  if (GetParam().verb != SendVerb::lend) return;
  const Pair pair = connected();
  std::vector<std::byte> bytes = pattern(1'000'000, 9);
  const iovec part = {bytes.data(), bytes.size()};
  Op send;
  server().lend(pair.server, {&part, 1}, send.completion());  // the peer does not read
  world_->settle();
  server().shutdown(pair.server);
  EXPECT_TRUE(run_until([&] { return send.has_result(); }));
  EXPECT_TRUE(server().set_option(pair.server, SocketOption::reset_on_close, 1).ok());
  server().close(pair.server);
  EXPECT_TRUE(run_until([&] { return send.done(); }));
  client().close(pair.client);
}

TEST_P(StreamSuite, LeasesRunOutAndComeBack) {
  make({.receive_buffers = 8});
  if (IsSkipped()) return;
  const Pair pair = connected();
  Op hoarder;
  hoarder.keep_leases();
  server().recv(pair.server, hoarder.completion());
  const std::vector<std::byte> bytes = pattern(400'000, 3);
  const Writer writer(GetParam().verb, client(), pair.client, bytes);
  EXPECT_TRUE(run_until([&] { return hoarder.done(); }));
  EXPECT_EQ(hoarder.last(), -ENOBUFS);
  EXPECT_LE(hoarder.leases().size(), 8U);
  // What was lent has not changed meanwhile.
  std::vector<std::byte> held;
  for (const RecvLease& lease : hoarder.leases()) {
    held.insert(held.end(), lease.bytes().begin(), lease.bytes().end());
  }
  EXPECT_EQ(held, hoarder.bytes());
  hoarder.leases().clear();
  Reader reader(server(), pair.server);
  EXPECT_TRUE(run_until([&] { return writer.done(); }));
  const size_t rest = bytes.size() - held.size();
  EXPECT_TRUE(run_until([&] { return reader.bytes().size() == rest; }));
  held.insert(held.end(), reader.bytes().begin(), reader.bytes().end());
  EXPECT_EQ(held, bytes);
  close_after(reader, pair);
}

TEST_P(StreamSuite, ASecondBindIsRefused) {
  for (const Transport transport : {Transport::tcp, Transport::udp}) {
    const Socket first = bound(server(), transport, "127.0.0.1:0", true);
    EXPECT_EQ(server().listen(first, 8).ok(), transport == Transport::tcp);
    const Address address = address_of(server(), first);
    for (const Address& other : {address, Address::parse("0.0.0.0:0")->with_port(address.port())}) {
      const Socket second = *client().open(transport, AF_INET);
      const Status status = client().bind(second, other);
      EXPECT_EQ(status.code(), StatusCode::address_in_use) << status.message();
      client().close(second);
    }
    // Those that agree to share do.
    const Socket third = *client().open(transport, AF_INET);
    EXPECT_TRUE(client().set_option(third, SocketOption::reuse_port, 1).ok());
    EXPECT_TRUE(client().bind(third, address).ok());
    client().close(third);
    server().close(first);
  }
}

TEST_P(StreamSuite, WakeEndsAWait) {
  std::vector<Completed> completed;
  if (world_->real()) {
    std::thread sleeper([&] {
      // A new Io would block for ever without a wake; each wake ends at least one wait.
      for (int i = 0; i < 3; ++i) server().wait(std::chrono::minutes(5), completed);
    });
    std::atomic<bool> ended{false};
    std::thread waker([&] {
      while (!ended.load()) {
        server().wake();
        std::this_thread::yield();
      }
    });
    sleeper.join();
    ended.store(true);
    waker.join();
  } else {
    server().wake();
    server().wait(std::chrono::minutes(5), completed);
    client().wake_peer(server());
    client().wait(Duration::zero(), completed);
    server().wait(std::chrono::minutes(5), completed);
  }
  EXPECT_TRUE(completed.empty());
}

TEST_P(StreamSuite, WakePeerEndsItsWait) {
  std::vector<Completed> mine;
  std::vector<Completed> theirs;
  if (!world_->real()) return;
  constexpr int kRounds = 200;
  std::atomic<int> turn{0};
  const auto play = [&](Io& io, Io& peer, int self, std::vector<Completed>& completed) {
    while (turn.load() < kRounds) {
      if (turn.load() % 2 == self) {
        turn.fetch_add(1);
        io.wake_peer(peer);
        io.wait(Duration::zero(), completed);
      } else {
        io.wait(std::chrono::minutes(5), completed);
      }
    }
  };
  std::thread other([&] { play(client(), server(), 1, theirs); });
  play(server(), client(), 0, mine);
  other.join();
  EXPECT_GE(turn.load(), kRounds);
  EXPECT_TRUE(mine.empty());
  EXPECT_TRUE(theirs.empty());
}

INSTANTIATE_TEST_SUITE_P(Io, StreamSuite, every_back_end_and_verb(), back_end_name);

}  // namespace
}  // namespace ringroad::engine
