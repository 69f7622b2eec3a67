// Property: many clients share a loop's threads; loops and clients may end in any order without a
//           lost or late callback.
// Method: real sockets against scripted servers, clients in numbers, destruction while everything
//         is pending.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "tests/client/play_server.h"

namespace ringroad::client {
namespace {

using support::PeerSocket;
using support::PeerThread;
using support::WirePacket;

class ClientLoopTest : public PlayServer {};

TEST_F(ClientLoopTest, RefusesOptionsOutOfRange) {
  for (const uint32_t threads : {65u, 1000u}) {
    ClientLoop loop({.threads = threads});
    Client client(loop);
    EXPECT_EQ(loop.start().code(), StatusCode::invalid_argument);
    EXPECT_EQ(client.connect(url()).code(), StatusCode::invalid_argument);
  }
}

TEST_F(ClientLoopTest, StartsOnceAndEndsUnused) {
  ClientLoop loop({.threads = 2});
  EXPECT_TRUE(loop.start().ok());
  EXPECT_TRUE(loop.start().ok());
  Client client(loop);
}

TEST_F(ClientLoopTest, ClientsAreSpreadOverTheThreads) {
  ClientLoop loop({.threads = 3});
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<PeerSocket> sockets;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<Client>(loop));
    clients.back()->on_connect([&](bool connected, std::string_view) {
      if (!connected) return;
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    sockets.push_back(connect(*clients.back()));
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(threads.size(), 3u);
}

/// Answers every request of `count` clients until they have gone.
void serve_echo(support::ScriptedPeer& peer, size_t count) {
  std::vector<std::unique_ptr<PeerThread>> threads;
  for (size_t i = 0; i < count; ++i) {
    auto socket = std::make_shared<PeerSocket>(peer.accept());
    threads.push_back(std::make_unique<PeerThread>([socket] {
      (void)socket->read_packet();
      (void)socket->write(welcome());
      for (WirePacket request = socket->read_packet(); request.magic != 0;
           request = socket->read_packet()) {
        WirePacket reply = reply_to(request);
        reply.data = request.data;
        if (!socket->write(reply)) return;
      }
    }));
  }
}

TEST_F(ClientLoopTest, ManyClientsAndThreadsOnOneLoop) {
  constexpr size_t kClients = 24;
  constexpr int kCallsEach = 40;
  PeerThread server([this] { serve_echo(peer, kClients); });
  ClientLoop loop({.threads = 2});
  std::vector<std::unique_ptr<Client>> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(loop));
    ASSERT_TRUE(clients.back()->connect(url()).ok());
  }
  std::atomic<int> right = 0;
  const auto use = [&](size_t first) {
    for (int i = 0; i < kCallsEach; ++i) {
      for (size_t c = first; c < kClients; c += 3) {
        const std::string data = std::to_string(c) + "/" + std::to_string(i);
        (void)clients[c]->call("/a", {.data = data}, [&right, data](const Result<Reply>& reply) {
          if (reply.ok() && reply->payload.data == data) ++right;
        });
      }
    }
    for (size_t c = first; c < kClients; c += 3) EXPECT_TRUE(clients[c]->ping().ok());
  };
  {
    PeerThread one([&use] { use(0); });
    PeerThread two([&use] { use(1); });
    use(2);
  }
  EXPECT_EQ(right, static_cast<int>(kClients) * kCallsEach);
  clients.clear();
}

TEST_F(ClientLoopTest, LoopEndsBeforeItsClients) {
  auto loop = std::make_unique<ClientLoop>();
  Client client(*loop);
  PeerSocket socket = connect(client);
  Answer<StatusCode> ended;
  ASSERT_TRUE(
      client.call("/a", {}, [&](const Result<Reply>& r) { ended.set(r.status().code()); }).ok());
  loop.reset();
  EXPECT_EQ(ended.get(), StatusCode::cancelled);
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(client.call("/a", {}, nullptr).code(), StatusCode::not_running);
  EXPECT_EQ(client.connect(url()).code(), StatusCode::not_running);
  client.disconnect();
}

TEST_F(ClientLoopTest, CallbacksThatAskForMoreWhileAllEnds) {
  for (int round = 0; round < 10; ++round) {
    auto loop = std::make_unique<ClientLoop>();
    Client client(*loop);
    PeerSocket socket = connect(client);
    std::atomic<int> answers = 0;
    const auto more = [&](const Result<Reply>&) {
      ++answers;
      (void)client.call("/b", {}, [&](const Result<Reply>&) { ++answers; });
      (void)client.connect_async(url(), {}, [&](const Status&) { ++answers; });
    };
    ASSERT_TRUE(client.call("/a", {}, more).ok());
    loop.reset();
    EXPECT_GE(answers, 1);
    EXPECT_FALSE(client.connected());
  }
}

TEST_F(ClientLoopTest, ThreadsAskWhileTheServerComesAndGoes) {
  Client client;
  std::atomic<bool> stop = false;
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  const auto ask = [&] {
    while (!stop) {
      if (client.call("/a", {}, [&](const Result<Reply>&) { ++answered; }).ok()) ++asked;
      (void)client.datagram("/d", {.data = "x"});
      std::this_thread::yield();
    }
  };
  PeerThread one(ask);
  PeerThread two(ask);
  for (int round = 0; round < 20; ++round) {
    PeerSocket socket = connect(client);
    for (int i = 0; i < 20; ++i) (void)socket.read_packet();
    if (round % 2 == 0) socket.close();
    client.disconnect();
  }
  stop = true;
  one.join();
  two.join();
  client.disconnect();  // behind everything that was asked
  EXPECT_EQ(asked, answered);
  EXPECT_EQ(client.pending_bytes(), 0u);
}

using ClientDeathTest = ClientLoopTest;

TEST_F(ClientDeathTest, DestroyedByItsOwnCallback) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto destroy_inside = [this] {
    auto client = std::make_unique<Client>();
    const PeerSocket socket = connect(*client, {});
    Answer<bool> never;
    (void)client->call("/a", {.timeout = std::chrono::milliseconds(1)},
                       [&client](const Result<Reply>&) { client.reset(); });
    (void)never.get();
  };
  EXPECT_DEATH(destroy_inside(), "client_destroyed_on_its_own_loop_thread");
}

}  // namespace
}  // namespace ringroad::client
