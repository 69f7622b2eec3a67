// Property: what a program asks about one client is answered exactly, once, on the client's shard:
//           whether it takes a URL (V34), and for a stream outside its handler (V27).
// Method: live servers of one and two shards, asked in handlers and from the test's thread; a server that
//         stops while questions wait.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

/// The answer to a question from another thread.
bool takes(const RemoteClient& client, const std::string& url) {
  std::promise<bool> answer;
  const Status asked = client.is_subscribed(url, [&](bool yes) { answer.set_value(yes); });
  EXPECT_TRUE(is_ok(asked));
  return asked.ok() && answer.get_future().get();
}

RemoteClient remote_of(const Server& server, uint32_t id) {
  for (const RemoteClient& client : server.clients()) {
    if (client.id() == id) return client;
  }
  return {};
}

class ClientQuestions : public ::testing::TestWithParam<uint32_t> {
 protected:
  ClientLoop loop_;
  Server server_{live_options(GetParam())};
};

TEST_P(ClientQuestions, V34_AnswersByTheRuleForThisClientAlone) {
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  LiveClient other(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  ASSERT_TRUE(is_ok(other->connect(url_of(server_))));
  ASSERT_TRUE(is_ok(one->subscribe(std::vector<std::string>{"/a/", "/b"})));
  ASSERT_TRUE(is_ok(other->subscribe("/")));
  const RemoteClient client = remote_of(server_, one->id());
  EXPECT_TRUE(takes(client, "/a"));
  EXPECT_TRUE(takes(client, "/a/x"));
  EXPECT_TRUE(takes(client, "/b"));
  EXPECT_FALSE(takes(client, "/b/x"));
  EXPECT_FALSE(takes(client, "/ab"));
  EXPECT_TRUE(takes(remote_of(server_, other->id()), "/ab"));
  ASSERT_TRUE(is_ok(one->unsubscribe("/a/")));
  EXPECT_FALSE(takes(client, "/a"));
}

TEST_P(ClientQuestions, V34_WhoIsNotAuthedTakesNothing) {
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  ASSERT_TRUE(is_ok(one->subscribe("/a")));
  RemoteClient client = remote_of(server_, one->id());
  ASSERT_TRUE(is_ok(client.set_authed(false)));
  EXPECT_TRUE(wait_until([&] { return !takes(client, "/a"); }));
  ASSERT_TRUE(is_ok(client.set_authed(true)));
  EXPECT_TRUE(wait_until([&] { return takes(client, "/a"); }));
}

TEST_P(ClientQuestions, V34_InItsHandlerTheAnswerIsThereAtOnce) {
  ASSERT_TRUE(is_ok(server_.command("/ask", [](Call& call) {
    std::optional<bool> answer;
    EXPECT_TRUE(is_ok(call.client().is_subscribed("/a/x", [&](bool yes) { answer = yes; })));
    (void)call.reply({.data = !answer ? "late" : *answer ? "yes" : "no"});
  })));
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  EXPECT_EQ(one->fetch("/ask")->payload.data, "no");
  ASSERT_TRUE(is_ok(one->subscribe("/a/")));
  EXPECT_EQ(one->fetch("/ask")->payload.data, "yes");
}

TEST_P(ClientQuestions, V34_AboutWhoHasGone) {
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  const RemoteClient client = remote_of(server_, one->id());
  one->disconnect();
  EXPECT_TRUE(wait_until(
      [&] { return client.is_subscribed("/a", [](bool) {}).code() == StatusCode::gone; }));
  EXPECT_EQ(client.is_subscribed("/a", nullptr).code(), StatusCode::invalid_argument);
}

TEST_P(ClientQuestions, V27_AStreamFromAnotherThread) {
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  RemoteClient client = remote_of(server_, one->id());
  std::promise<Stream> opened;
  ASSERT_TRUE(is_ok(client.create_stream({}, [&](const Result<Stream>& stream) {
    ASSERT_TRUE(is_ok(stream.status()));
    opened.set_value(*stream);
  })));
  Stream far = opened.get_future().get();
  ASSERT_NE(far.tunnel_id(), 0);
  Result<Stream> near = one->create_stream(far.tunnel_id(), {});
  ASSERT_TRUE(is_ok(near.status()));
  EXPECT_TRUE(wait_until([&] { return far.connected() && near->connected(); }));
}

// on_link(false) of a stream that its client left behind may open another client's: the shard is
// ending the streams of the first one just then.
TEST_P(ClientQuestions, V27_AStreamOpenedWhileAnotherClientsEnd) {
  std::atomic<int> opened{0};
  std::atomic<int> ended{0};
  std::promise<RemoteClient> known;
  const std::shared_future<RemoteClient> heir = known.get_future().share();
  constexpr int kStreams = 20;
  ASSERT_TRUE(is_ok(server_.command("/offer", [&](Call& call) {
    for (int i = 0; i < kStreams; ++i) {
      StreamOptions options;
      options.on_link = [&](const Stream&, bool connected) {
        if (connected) return;
        ++ended;
        StreamOptions next;
        next.timeout = std::chrono::hours(1);
        (void)RemoteClient(heir.get()).create_stream(next, [&](const Result<Stream>& stream) {
          opened += stream.ok() ? 1 : 0;
        });
      };
      EXPECT_TRUE(is_ok(call.create_stream(options).status()));
    }
    (void)call.reply();
  })));
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  LiveClient other(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  ASSERT_TRUE(is_ok(other->connect(url_of(server_))));
  known.set_value(remote_of(server_, other->id()));
  ASSERT_TRUE(is_ok(one->fetch("/offer").status()));
  one->disconnect();
  EXPECT_TRUE(wait_until([&] { return ended == kStreams && opened == kStreams; }))
      << ended << " ended, " << opened << " opened";
  EXPECT_TRUE(wait_until([&] { return server_.stats().streams_now == kStreams; }));
  server_.stop();  // before what its handlers use
}

TEST_P(ClientQuestions, V34_ComesBehindTheOrdersGivenBefore) {
  ASSERT_TRUE(is_ok(server_.listen("127.0.0.1:0")));
  LiveClient one(loop_);
  ASSERT_TRUE(is_ok(one->connect(url_of(server_))));
  ASSERT_TRUE(is_ok(one->subscribe("/a")));
  RemoteClient client = remote_of(server_, one->id());
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(is_ok(client.set_authed(false)));
    ASSERT_FALSE(takes(client, "/a")) << i;
    ASSERT_TRUE(is_ok(client.set_authed(true)));
    ASSERT_TRUE(takes(client, "/a")) << i;
  }
}

// Whatever becomes of the server, each question that it took is answered once.
TEST_P(ClientQuestions, AllAreAnsweredWhenTheServerStops) {
  std::atomic<int> answers{0};
  int asked = 0;
  {
    Server server(live_options(GetParam()));
    ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
    LiveClient one(loop_);
    ASSERT_TRUE(is_ok(one->connect(url_of(server))));
    const RemoteClient client = remote_of(server, one->id());
    std::thread stopper([&] { server.stop(); });
    for (int i = 0; i < 2'000; ++i) {
      if (client.is_subscribed("/a", [&](bool) { ++answers; }).ok()) ++asked;
    }
    stopper.join();
  }
  EXPECT_EQ(answers, asked);
}

INSTANTIATE_TEST_SUITE_P(Shards, ClientQuestions, ::testing::Values(1U, 2U));

}  // namespace
}  // namespace ringroad::testing
