// Property: a loop without threads moves while the thread that started it waits in it, and then only:
//           callbacks run there, what came in between is not late, others may ask and wait (V66).
// Method: scripted servers in threads of their own; the test's thread drives.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/play_server.h"
#include "tests/support/eventually.h"

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;
using support::PeerSocket;
using support::PeerThread;

/// Of a publish: where it was handled.
struct Handled {
  std::vector<std::string> urls;
  std::set<std::thread::id> threads;
};

class ClientDriver : public PlayServer {
 protected:
  ClientDriver() {
    client->on_message([this](std::string_view url, const PayloadView&, Channel) {
      handled.urls.emplace_back(url);
      handled.threads.insert(std::this_thread::get_id());
    });
  }

  /// In a thread of its own: a server that takes one client and then does this.
  template <typename Then>
  std::unique_ptr<PeerThread> serve(Then then) {
    return std::make_unique<PeerThread>([this, then] {
      PeerSocket socket = peer.accept();
      (void)socket.read_packet();
      EXPECT_TRUE(socket.write(welcome()));
      then(socket);
    });
  }

  /// Driven by nobody else.
  void run_until_handled(size_t count) {
    EXPECT_TRUE(support::wait_until([&] {
      EXPECT_TRUE(loop->run_for(milliseconds(1)).ok());
      return handled.urls.size() >= count;
    }));
  }

  /// Ends what a server waits for.
  void end() {
    client.reset();
    loop.reset();
  }

  std::unique_ptr<ClientLoop> loop = std::make_unique<ClientLoop>(ClientLoopOptions{.threads = 0});
  std::unique_ptr<Client> client = std::make_unique<Client>(*loop);
  Handled handled;
};

TEST_F(ClientDriver, V66_run_in_the_callers_thread_runs_the_callbacks_there) {
  const auto server = serve([](PeerSocket& socket) {
    EXPECT_TRUE(socket.write(publish("/a")));
    EXPECT_TRUE(socket.write(publish("/b")));
  });
  ASSERT_TRUE(client->connect(url()).ok());
  EXPECT_EQ(client->run().code(), StatusCode::not_running);  // the server has gone
  EXPECT_EQ(handled.urls, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(handled.threads, std::set{std::this_thread::get_id()});
  EXPECT_FALSE(client->connected());
  EXPECT_EQ(client->run().code(), StatusCode::not_running);
}

TEST_F(ClientDriver, V66_run_returns_when_a_callback_disconnects) {
  Answer<bool> connected;
  const auto server = serve([&](PeerSocket& socket) {
    connected.get();  // else it may come while connect() still drives
    EXPECT_TRUE(socket.write(publish()));
    EXPECT_TRUE(socket.wait_closed());
  });
  client->on_message(
      [this](std::string_view, const PayloadView&, Channel) { client->disconnect(); });
  ASSERT_TRUE(client->connect(url()).ok());
  connected.set(true);
  EXPECT_TRUE(client->run().ok());
}

TEST_F(ClientDriver, every_method_that_waits_drives) {
  const auto server = serve([](PeerSocket& socket) {
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(socket.write(reply_to(socket.read_packet())));
    }
    EXPECT_TRUE(socket.wait_closed());
  });
  ASSERT_TRUE(client->connect(url()).ok());
  EXPECT_TRUE(client->fetch("/call").ok());
  EXPECT_TRUE(client->subscribe("/a").ok());
  EXPECT_TRUE(client->unsubscribe("/a").ok());
  EXPECT_TRUE(client->ping().ok());
  client->disconnect();
  EXPECT_FALSE(client->connected());
}

TEST_F(ClientDriver, what_was_sent_before_is_sent_although_nobody_drives) {
  Answer<std::string> got;
  const auto server = serve([&](PeerSocket& socket) {
    EXPECT_TRUE(socket.write(reply_to(socket.read_packet())));
    got.set(socket.read_packet().url);
    EXPECT_TRUE(socket.wait_closed());
  });
  ASSERT_TRUE(client->connect(url()).ok());
  // Queued by the callback that ends the wait: the loop has no turn after it.
  ASSERT_TRUE(
      client->call("/a", {}, [&](const Result<Reply>&) { (void)client->datagram("/last", {}); })
          .ok());
  ASSERT_TRUE(support::wait_until([&] {
    (void)loop->run_for(milliseconds(0));
    return client->pendings() == 0;
  }));
  EXPECT_TRUE(loop->run_for(milliseconds(0)).ok());
  EXPECT_EQ(got.get(), "/last");
  end();
}

TEST_F(ClientDriver, nothing_moves_while_nobody_drives_and_nothing_is_lost) {
  Answer<bool> connected;
  Answer<bool> sent;
  Answer<bool> over;
  const auto server = serve([&](PeerSocket& socket) {
    connected.get();
    EXPECT_TRUE(socket.write_pieces(publish("/kept").bytes(), 7));
    sent.set(true);
    over.get();
  });
  ASSERT_TRUE(client->connect(url()).ok());
  connected.set(true);
  ASSERT_TRUE(sent.get());
  EXPECT_TRUE(handled.urls.empty());
  run_until_handled(1);
  EXPECT_EQ(handled.urls, std::vector<std::string>{"/kept"});
  EXPECT_EQ(handled.threads, std::set{std::this_thread::get_id()});
  over.set(true);
}

TEST_F(ClientDriver, V55_an_answer_that_came_before_its_deadline_was_looked_at_counts) {
  Answer<bool> sent;
  const auto server = serve([&](PeerSocket& socket) {
    EXPECT_TRUE(socket.write_pieces(reply_to(socket.read_packet()).bytes(), 7));
    sent.set(true);
    EXPECT_TRUE(socket.wait_closed());
  });
  ASSERT_TRUE(client->connect(url()).ok());
  StatusCode outcome = StatusCode::cancelled;
  constexpr milliseconds kTimeout(300);  // for this thread to come to run_for()
  ASSERT_TRUE(client
                  ->call("/a", {.timeout = kTimeout},
                         [&](const Result<Reply>& reply) { outcome = reply.status().code(); })
                  .ok());
  ASSERT_TRUE(loop->run_for(milliseconds(0)).ok());  // it leaves
  ASSERT_TRUE(sent.get());
  std::this_thread::sleep_for(kTimeout);  // nobody drives when it is due
  ASSERT_TRUE(support::wait_until([&] {
    (void)loop->run_for(milliseconds(0));
    return client->pendings() == 0;
  }));
  EXPECT_EQ(outcome, StatusCode::ok);
  client->disconnect();
}

// More has come than one turn takes in.
TEST_F(ClientDriver, V55_however_much_has_come_answers_in_time_count) {
  constexpr size_t kClients = 12;
  constexpr size_t kBytes = 60'000;
  constexpr milliseconds kTimeout(1'000);
  std::atomic<size_t> sent{0};
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<PeerThread>> servers;
  std::vector<StatusCode> outcomes;
  for (size_t i = 0; i < kClients; ++i) {
    servers.push_back(serve([&](PeerSocket& socket) {
      const std::string answer = reply_to(socket.read_packet()).bytes();
      std::string bytes;
      while (bytes.size() < kBytes) bytes += publish().bytes();
      EXPECT_TRUE(socket.write_pieces(bytes + answer, bytes.size() + answer.size()));
      ++sent;
      EXPECT_TRUE(socket.wait_closed());
    }));
    clients.push_back(std::make_unique<Client>(*loop));
    ASSERT_TRUE(clients.back()->connect(url()).ok());
  }
  for (const auto& each : clients) {
    ASSERT_TRUE(
        each->call("/a", {.timeout = kTimeout},
                   [&](const Result<Reply>& reply) { outcomes.push_back(reply.status().code()); })
            .ok());
  }
  ASSERT_TRUE(loop->run_for(milliseconds(0)).ok());  // they leave
  ASSERT_TRUE(support::wait_until([&] { return sent == kClients; }));
  std::this_thread::sleep_for(kTimeout);
  ASSERT_TRUE(loop->run_for(milliseconds(0)).ok());
  EXPECT_EQ(outcomes, std::vector<StatusCode>(kClients, StatusCode::ok));
  clients.clear();
  end();
}

// Nobody need drive on for the server to hear of it.
TEST_F(ClientDriver, V62_disconnect_ends_the_connection_behind_what_was_queued) {
  Answer<bool> closed;
  const auto server = serve([&](PeerSocket& socket) {
    EXPECT_EQ(socket.read_packet().url, "/last");
    closed.set(socket.wait_closed());
  });
  ASSERT_TRUE(client->connect(url()).ok());
  ASSERT_TRUE(client->datagram("/last", {}).ok());
  client->disconnect();
  EXPECT_TRUE(closed.get());
  end();
}

// What the server has taken while nobody looked counts, whenever the first look comes.
TEST_F(ClientDriver, V63_what_was_taken_while_nobody_drove_counts) {
  constexpr milliseconds kTimeout(1'000);
  constexpr size_t kTaken = 200'000;  // less than ends the send that is out
  Answer<bool> paused;
  Answer<bool> taken;
  Answer<bool> driving;
  const auto server = serve([&](PeerSocket& socket) {
    paused.get();
    taken.set(socket.read_exact(kTaken).size() == kTaken);
    driving.get();
    std::this_thread::sleep_for(kTimeout / 5);
    (void)socket.read_to_end();
  });
  ASSERT_TRUE(client->set_send_timeout(kTimeout).ok());
  ASSERT_TRUE(client->connect(url()).ok());
  const std::string data(200'000, 'x');
  while (client->datagram("/more_than_sockets_hold", {.data = data}).ok()) {
    (void)loop->run_for(milliseconds(0));
  }
  paused.set(true);
  ASSERT_TRUE(taken.get());
  std::this_thread::sleep_for(kTimeout * 6 / 5);
  driving.set(true);
  ASSERT_TRUE(support::wait_until([&] {
    (void)loop->run_for(milliseconds(1));
    return client->pending_bytes() == 0;
  }));
  EXPECT_TRUE(client->connected());
  end();
}

TEST_F(ClientDriver, another_threads_question_is_answered_while_this_one_drives) {
  const auto server = serve([](PeerSocket& socket) {
    EXPECT_TRUE(socket.write(reply_to(socket.read_packet())));
    EXPECT_TRUE(socket.wait_closed());
  });
  ASSERT_TRUE(client->connect(url()).ok());
  PeerThread asker([&] {
    EXPECT_TRUE(client->fetch("/a").ok());
    EXPECT_EQ(loop->run_for(milliseconds(0)).code(), StatusCode::invalid_argument);
    client->disconnect();
  });
  const Status ended = client->run();
  EXPECT_TRUE(ended.ok()) << ended.message();
}

TEST_F(ClientDriver, V67_a_robot_comes_back_while_somebody_drives) {
  PeerThread server([this] {
    for (int round = 0; round < 2; ++round) {
      PeerSocket socket = peer.accept();
      (void)socket.read_packet();
      EXPECT_TRUE(socket.write(welcome()));
      EXPECT_TRUE(socket.write(publish("/" + std::to_string(round))));
    }
  });
  ASSERT_TRUE(client->robot(url(), {.reconnect_delay = milliseconds(50)}).ok());
  run_until_handled(2);
  client->disconnect();
  EXPECT_EQ(handled.urls, (std::vector<std::string>{"/0", "/1"}));
}

TEST_F(ClientDriver, a_callback_may_not_wait_nor_drive) {
  const auto server = serve([](PeerSocket& socket) { EXPECT_TRUE(socket.wait_closed()); });
  std::vector<StatusCode> inside;
  client->on_connect([&](bool connected, std::string_view) {
    if (!connected) return;
    inside.push_back(client->run().code());
    inside.push_back(client->fetch("/a").status().code());
    inside.push_back(loop->run_for(milliseconds(0)).code());
  });
  ASSERT_TRUE(client->connect(url()).ok());
  EXPECT_EQ(inside, std::vector<StatusCode>(3, StatusCode::invalid_argument));
  EXPECT_EQ(loop->run_for(milliseconds(-1)).code(), StatusCode::invalid_argument);
  EXPECT_EQ(loop->run_for(milliseconds::max()).code(), StatusCode::invalid_argument);
  end();
}

TEST_F(ClientDriver, run_for_is_not_for_a_loop_with_threads) {
  ClientLoop threaded;
  const Status status = threaded.run_for(milliseconds(1));
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_NE(status.message().find("threads = 0"), std::string::npos);
}

TEST_F(ClientDriver, everything_may_end_while_calls_are_out) {
  const auto server = serve([](PeerSocket& socket) { EXPECT_TRUE(socket.wait_closed()); });
  ASSERT_TRUE(client->connect(url()).ok());
  StatusCode outcome = StatusCode::ok;
  ASSERT_TRUE(
      client
          ->call("/never", {}, [&](const Result<Reply>& reply) { outcome = reply.status().code(); })
          .ok());
  end();
  EXPECT_EQ(outcome, StatusCode::cancelled);
}

}  // namespace
}  // namespace ringroad::client
