// Property: what the public API promises holds end to end, for one shard as for four: calls reach
//           their handler and replies their caller, now or later, and the server knows its clients.
// Method: Server and Client on loopback, with clients placed on every shard.
#include "tests/system/client_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ringroad::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Shards, ClientServerTest, every_setting(), setting_name);

// ---- Calls

TEST_P(ClientServerTest, V20_ExactBeatsLongestPrefixBeatsDefault) {
  Server server(options());
  for (const char* url : {"/a/b", "/a/", "/a/b/c/", "/"}) add_route(server, url);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  const std::map<std::string, std::string> expected = {{"/a/b", "/a/b"},
                                                       {"/a", "/a/"},
                                                       {"/a/", "/a/"},
                                                       {"/a/x", "/a/"},
                                                       {"/a/b/", "/a/"},
                                                       {"/a/b/c", "/a/b/c/"},
                                                       {"/a/b/c/d/e", "/a/b/c/"},
                                                       {"/ab", "/"},
                                                       {"/", "/"},
                                                       {"/zzz", "/"},
                                                       {"/a//", "/a/"}};
  for (uint32_t shard = 0; shard < shards(); ++shard) {
    auto client = connect(server, shard);
    for (const auto& [url, route] : expected) {
      const Result<Reply> reply = (*client)->fetch(url);
      ASSERT_TRUE(reply.ok()) << reply.status().message();
      EXPECT_EQ(reply->payload.data, route + " " + url);
    }
  }
}

TEST_P(ClientServerTest, C3_UnknownUrlIsAnsweredSo) {
  Server server(options());
  add_route(server, "/a/");
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto client = connect(server, 0);
  const Result<Reply> reply = (*client)->fetch("/ab");
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->status, ReplyStatus::invalid_url);
}

TEST_P(ClientServerTest, V35_TheHandlerSeesTheRequestAndTheCallerTheReply) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.command("/all", [](Call& call) {
    const bool set = call.method() == Method::set;
    const std::string data = std::string(call.payload().data) + (set ? "+set" : "+get");
    const auto status = static_cast<ReplyStatus>(set ? 200 : 0);
    (void)call.reply({.status = status, .param = call.payload().param, .data = data});
    EXPECT_EQ(call.client().address().substr(0, 10), "127.0.0.1:");
    EXPECT_TRUE(call.client().authed());
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto client = connect(server, shards() - 1);
  const Result<Reply> get = (*client)->fetch("/all", {.param = "[1]", .data = "abc"});
  ASSERT_TRUE(get.ok()) << get.status().message();
  EXPECT_EQ(get->status, ReplyStatus::success);
  EXPECT_EQ(get->payload.param, "[1]");
  EXPECT_EQ(get->payload.data, "abc+get");
  const Result<Reply> set = (*client)->fetch("/all", {.method = Method::set});
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_EQ(static_cast<int>(set->status), 200);
  EXPECT_EQ(set->payload.param, "");
  EXPECT_EQ(set->payload.data, "+set");
}

/// A thread that answers later.
class LateAnswers {
 public:
  ~LateAnswers() {
    add(std::nullopt);
    thread_.join();
  }
  void add(std::optional<std::pair<RemoteClient, uint32_t>> request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    filled_.notify_one();
  }

 private:
  void run() {
    while (true) {
      std::unique_lock lock(mutex_);
      filled_.wait(lock, [this] { return !requests_.empty(); });
      auto request = requests_.front();
      requests_.pop_front();
      lock.unlock();
      if (!request) return;
      const std::string data = std::to_string(request->first.id());
      EXPECT_TRUE(is_ok(request->first.reply(request->second, {.data = data})));
    }
  }

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::optional<std::pair<RemoteClient, uint32_t>>> requests_;
  std::thread thread_{&LateAnswers::run, this};
};

TEST_P(ClientServerTest, V35_AReplyMayComeLaterFromAnotherThread) {
  LateAnswers late;
  Server server(options());
  ASSERT_TRUE(is_ok(server.command(
      "/later", [&](Call& call) { late.add(std::pair(call.client(), call.seqno())); })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  std::vector<std::unique_ptr<LiveClient>> clients;
  std::atomic<int> right{0};
  for (uint32_t i = 0; i < 2 * shards(); ++i) clients.push_back(connect(server, i));
  for (int i = 0; i < 100; ++i) {
    for (auto& client : clients) {
      const std::string id = std::to_string((*client)->id());
      ASSERT_TRUE(is_ok((*client)->call("/later", {}, [&right, id](const Result<Reply>& reply) {
        if (reply.ok() && reply->payload.data == id) ++right;
      })));
    }
  }
  const int asked = 100 * static_cast<int>(clients.size());
  EXPECT_TRUE(wait_until([&] { return right == asked; })) << right << " of " << asked;
}

TEST_P(ClientServerTest, V35_AReplyToWhoIsGoneIsRefused) {
  Server server(options());
  std::mutex mutex;
  std::vector<std::pair<RemoteClient, uint32_t>> open;
  ASSERT_TRUE(is_ok(server.command("/never", [&](Call& call) {
    const std::lock_guard lock(mutex);
    open.emplace_back(call.client(), call.seqno());
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  std::atomic<int> cancelled{0};
  for (uint32_t shard = 0; shard < shards(); ++shard) {
    auto client = connect(server, shard);
    ASSERT_TRUE(is_ok((*client)->call("/never", {}, [&](const Result<Reply>& reply) {
      if (!reply.ok()) ++cancelled;
    })));
    ASSERT_TRUE(wait_until([&] {
      const std::lock_guard lock(mutex);
      return open.size() == shard + 1;
    }));
  }
  EXPECT_EQ(cancelled, static_cast<int>(shards()));
  for (auto& [client, seqno] : open) {
    EXPECT_TRUE(wait_until([&, &who = client] { return who.is_closed(); }));
    auto successor = connect(server, client.id() % shards());  // may well sit in the same place
    EXPECT_EQ(client.reply(seqno, {.data = "x"}).code(), StatusCode::gone);
    EXPECT_EQ(client.datagram("/a", {}).code(), StatusCode::gone);
    EXPECT_EQ(client.set_authed(false).code(), StatusCode::gone);
    EXPECT_EQ(client.close().code(), StatusCode::gone);
    EXPECT_EQ(client.address(), "");
  }
}

TEST_P(ClientServerTest, V11_TheLargestPacketsPassBothWays) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.command("/echo", [](Call& call) {
    const std::string more = std::string(call.payload().data) + std::string(6, 'z');
    EXPECT_EQ(call.reply({.data = more}).code(), StatusCode::invalid_argument);
    EXPECT_TRUE(is_ok(call.reply({.data = std::string_view(more).substr(0, kLargestPayload)})));
  })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  for (uint32_t shard = 0; shard < shards(); ++shard) {
    auto client = connect(server, shard);
    const std::string data(kLargestPayload - 5, 'q');
    const Result<Reply> reply = (*client)->fetch("/echo", {.data = data});
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    EXPECT_EQ(reply->payload.data, data + "zzzzz");
    EXPECT_EQ((*client)->call("/echo", {.data = data + "q"}, nullptr).code(),
              StatusCode::invalid_argument);
  }
}

// ---- Clients as the server sees them

TEST_P(ClientServerTest, V14_V19_ClientsAndSubscriptionsAreExact) {
  Server server(options());
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  support::PeerSocket stranger = support::connect_peer(server.port());  // never shakes hands
  auto one = connect(server, 0);
  auto two = connect(server, 1);
  EXPECT_TRUE(wait_until([&] { return server.clients().size() == 2; }));
  std::vector<uint32_t> ids;
  for (const RemoteClient& client : server.clients()) {
    ids.push_back(client.id());
    EXPECT_FALSE(client.is_closed());
    EXPECT_TRUE(client.authed());
  }
  EXPECT_EQ(std::count(ids.begin(), ids.end(), (*one)->id()), 1);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), (*two)->id()), 1);

  EXPECT_FALSE(server.is_subscribed("/a"));
  ASSERT_TRUE(is_ok((*one)->subscribe(std::vector<std::string>{"/a/", "/b"})));
  ASSERT_TRUE(is_ok((*two)->subscribe("/b")));
  for (const char* url : {"/a", "/a/", "/a/x/y", "/b"}) EXPECT_TRUE(server.is_subscribed(url));
  for (const char* url : {"/ab", "/b/", "/b/x", "/"})
    EXPECT_FALSE(server.is_subscribed(url)) << url;
  ASSERT_TRUE(is_ok((*one)->unsubscribe("/a")));  // not what it has
  EXPECT_TRUE(server.is_subscribed("/a"));
  ASSERT_TRUE(is_ok((*one)->unsubscribe("/a/")));
  EXPECT_FALSE(server.is_subscribed("/a"));
  ASSERT_TRUE(is_ok((*one)->unsubscribe_all()));
  EXPECT_TRUE(server.is_subscribed("/b")) << "the other still has it";
  (*two)->disconnect();
  EXPECT_TRUE(wait_until([&] { return server.clients().size() == 1; }));
  EXPECT_FALSE(server.is_subscribed("/b"));
}

TEST_P(ClientServerTest, V25_ConnectedOnceDisconnectedOnce) {
  Server server(options());
  std::mutex mutex;
  std::map<uint32_t, std::string> seen;
  server.on_client([&](RemoteClient client, bool connected) {
    const std::lock_guard lock(mutex);
    seen[client.id()] += connected ? '+' : '-';
  });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  std::map<uint32_t, std::string> expected;
  {
    std::vector<std::unique_ptr<RawClient>> raw;
    for (int i = 0; i < 24; ++i) {
      raw.push_back(std::make_unique<RawClient>(server));
      if (i % 4 == 0) continue;  // no handshake, no news
      const uint32_t id = raw.back()->shake_hands();
      ASSERT_NE(id, 0U);
      EXPECT_EQ(raw.back()->shake_hands(), id) << "B13: the same id";
      expected[id] = "+-";
      if (i % 4 == 1) raw.back()->socket().reset();
      if (i % 4 == 2) raw.back()->socket().write("garbage, as long as a header is");
    }
  }
  EXPECT_TRUE(wait_until([&] { return server.stats().connections_now == 0; }));
  // The last one's handler may still run: it goes from the list behind that.
  EXPECT_TRUE(wait_until([&] { return server.clients().empty(); }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, expected);
}

TEST_P(ClientServerTest, V29_WhoIsNotAuthedGetsNoPublishes) {
  Server server(options());
  add_route(server, "/");
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto clients = subscribers(server, "/news/");
  for (RemoteClient remote : server.clients()) {
    ASSERT_TRUE(is_ok(remote.set_authed(false)));
    EXPECT_TRUE(wait_until([&] { return !remote.authed(); }));
  }
  EXPECT_FALSE(server.is_subscribed("/news/a"));
  ASSERT_TRUE(is_ok(server.publish("/news/a", {.param = "1"})));
  ASSERT_TRUE(is_ok((*clients[0])->subscribe("/more/")));  // muted clients may ask for more
  ASSERT_TRUE(is_ok(server.publish("/more/a", {.param = "2"})));
  EXPECT_TRUE((*clients[0])->fetch("/").ok()) << "calls still work";
  for (RemoteClient remote : server.clients()) {
    ASSERT_TRUE(is_ok(remote.set_authed(true)));
    EXPECT_TRUE(wait_until([&] { return remote.authed(); }));
  }
  EXPECT_TRUE(server.is_subscribed("/news/a"));
  ASSERT_TRUE(is_ok(server.publish("/news/a", {.param = "3"})));
  for (auto& client : clients) {
    EXPECT_TRUE(wait_until([&] { return client->messages.size() >= 1; }));
    EXPECT_EQ(client->messages.params(), std::vector<std::string>{"3"});
  }
}

TEST_P(ClientServerTest, V31_CloseEndsOneClientOnly) {
  Server server(options());
  std::atomic<uint32_t> lost{0};
  std::atomic<int> losses{0};
  server.on_client([&](RemoteClient client, bool connected) {
    if (connected) return;
    lost = client.id();
    ++losses;
  });
  add_route(server, "/");
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  auto victim = connect(server, 0);
  auto other = connect(server, 0);
  losses = 0;  // connect() may have thrown some away
  const uint32_t id = (*victim)->id();
  for (RemoteClient remote : server.clients()) {
    if (remote.id() != id) continue;
    EXPECT_TRUE(is_ok(remote.close()));
  }
  EXPECT_TRUE(wait_until([&] { return losses == 1 && !(*victim)->connected(); }));
  EXPECT_EQ(lost, id);
  EXPECT_TRUE(wait_until([&] { return server.clients().size() == 1; }));  // behind its handler
  EXPECT_TRUE((*other)->fetch("/").ok());
}

}  // namespace
}  // namespace ringroad::testing
