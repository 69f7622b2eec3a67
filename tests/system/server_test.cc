// Property: a Server says in one clear sentence what it cannot do, and what it can do it does on
//           any address; it ends cleanly whatever clients, handlers and handles do meanwhile.
// Method: wrong options, taken ports, stop and destruction amid traffic, all on
//         real sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/own_loopback.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {
namespace {

TEST(ServerOptionsTest, WrongValuesNameTheOption) {
  struct Case {
    const char* option;
    std::function<void(ServerOptions&)> spoil;
  };
  using std::chrono::milliseconds;
  const std::vector<Case> cases = {
      {"shards", [](ServerOptions& o) { o.shards = 65; }},
      {"queue_bytes_max", [](ServerOptions& o) { o.queue_bytes_max = 524'287; }},
      {"queue_bytes_max", [](ServerOptions& o) { o.queue_bytes_max = 1'073'741'825; }},
      {"clients_per_shard_max", [](ServerOptions& o) { o.clients_per_shard_max = 0; }},
      {"clients_per_shard_max", [](ServerOptions& o) { o.clients_per_shard_max = 1'000'001; }},
      {"handshake_timeout", [](ServerOptions& o) { o.handshake_timeout = milliseconds(99); }},
      {"handshake_timeout",
       [](ServerOptions& o) { o.handshake_timeout = milliseconds(3'600'001); }},
      {"mailbox_bytes", [](ServerOptions& o) { o.mailbox_bytes = 1'048'575; }},
      {"mailbox_bytes", [](ServerOptions& o) { o.mailbox_bytes = 1'073'741'825; }},
      {"relay_prefix", [](ServerOptions& o) { o.relay_prefix = "/a"; }},
      {"relay_prefix", [](ServerOptions& o) { o.relay_prefix = "a/"; }},
      {"info", [](ServerOptions& o) { o.info = "{\"name\":"; }},
      {"info", [](ServerOptions& o) { o.info = "lamp"; }},
      {"info", [](ServerOptions& o) { o.info = '"' + std::string(262'144, 'x') + '"'; }},
  };
  for (const Case& wrong : cases) {
    SCOPED_TRACE(wrong.option);
    ServerOptions options = live_options(1);
    wrong.spoil(options);
    Server server(options);
    const Status status = server.listen("127.0.0.1:0");
    EXPECT_EQ(status.code(), StatusCode::invalid_argument) << status.message();
    EXPECT_NE(status.message().find(wrong.option), std::string::npos) << status.message();
    EXPECT_EQ(server.port(), 0);
  }
}

TEST(ServerTest, V13_InfoIsSentVerbatim) {
  for (const std::string info : {R"({ "name" : "l\u00e4mp",  "n":1.50 })", R"("lamp")", ""}) {
    ServerOptions options = live_options(1);
    options.info = info;
    Server server(options);
    ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
    Client client;
    ASSERT_TRUE(is_ok(client.connect(url_of(server))));
    EXPECT_EQ(client.server_info(), info);
  }
}

TEST(ServerTest, V16_OnlyThePasswordOpens) {
  ServerOptions options = live_options(2);
  options.password = "s\"esam\xc3\xa9";
  Server server(options);
  std::atomic<int> connected{0};
  server.on_client([&](RemoteClient, bool now) { connected += now ? 1 : 0; });
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  for (const char* wrong : {"", "s", "s\"esam\xc3\xa9.", "S\"esam\xc3\xa9"}) {
    Client client;
    EXPECT_EQ(client.connect(url_of(server), {.password = wrong}).code(),
              StatusCode::wrong_password);
  }
  Client client;
  EXPECT_TRUE(is_ok(client.connect(url_of(server), {.password = options.password})));
  EXPECT_EQ(connected, 1);
  EXPECT_TRUE(wait_until([&] { return server.stats().closed_password == 4; }));
}

// ---- Addresses

TEST(ServerTest, V15_V22_PortZeroTakesAFreeOneForTcpAndUdp) {
  Server first(live_options(2));
  Server second(live_options(2));
  EXPECT_EQ(first.address(), "");
  EXPECT_EQ(first.port(), 0);
  ASSERT_TRUE(is_ok(first.listen("127.0.0.1:0")));
  ASSERT_TRUE(is_ok(second.listen("127.0.0.1:0")));
  EXPECT_NE(first.port(), 0);
  EXPECT_NE(first.port(), second.port());
  EXPECT_EQ(first.address(), "127.0.0.1:" + std::to_string(first.port()));
  EXPECT_FALSE(support::UdpPeer(first.port()).valid()) << "UDP has the same port";
}

TEST(ServerTest, ItsPortIsFreeAgainAtOnce) {
  Server first(live_options(2));
  ASSERT_TRUE(is_ok(first.listen(support::own_loopback() + ":0")));
  const std::string address = first.address();
  first.stop();
  EXPECT_EQ(first.address(), "");
  Server second(live_options(2));
  EXPECT_TRUE(is_ok(second.listen(address)));
}

void expect_in_use(uint16_t port) {
  const std::string address = "127.0.0.1:" + std::to_string(port);
  Server server(live_options(2));
  const Status status = server.listen(address);
  EXPECT_EQ(status.code(), StatusCode::address_in_use) << status.message();
  EXPECT_NE(status.message().find(std::to_string(port)), std::string::npos) << status.message();
  EXPECT_EQ(server.port(), 0);
  EXPECT_TRUE(is_ok(server.listen("127.0.0.1:0"))) << "another port may be tried";
}

TEST(ServerTest, RefusesAPortThatAnotherRingroadHas) {
  Server owner(live_options(2));
  ASSERT_TRUE(is_ok(owner.listen("127.0.0.1:0")));
  expect_in_use(owner.port());
  for (int i = 0; i < 8; ++i) {
    Client client;
    EXPECT_TRUE(is_ok(client.connect(url_of(owner)))) << "the owner was disturbed";
  }
  EXPECT_EQ(owner.stats().connections_accepted, 8U);
}

TEST(ServerTest, RefusesATcpPortThatIsTaken) {
  const support::ScriptedPeer owner;
  expect_in_use(owner.port());
}

TEST(ServerTest, RefusesAUdpPortThatIsTaken) {
  const support::UdpPeer owner;
  expect_in_use(owner.port());
}

TEST(ServerTest, RefusesAPortWhoseOwnerWouldShareIt) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const support::Descriptor owner(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const int on = 1;
    ASSERT_EQ(::setsockopt(owner.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ASSERT_EQ(::bind(owner.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_TRUE(type == SOCK_DGRAM || ::listen(owner.get(), 1) == 0);
    ASSERT_EQ(::getsockname(owner.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    expect_in_use(ntohs(address.sin_port));
  }
}

TEST(ServerTest, RefusesAddressesThatAreNone) {
  for (const char* wrong :
       {"", "127.0.0.1", "127.0.0.1:65536", "256.0.0.1:1", "lamp:80", "[::1:80"}) {
    Server server(live_options(1));
    const Status status = server.listen(wrong);
    EXPECT_EQ(status.code(), StatusCode::invalid_argument) << wrong << ": " << status.message();
    EXPECT_FALSE(status.message().empty());
  }
}

/// Calls, publishes and quick both ways over `server_url`.
void expect_everything_works(Server& server, const std::string& server_url) {
  ClientLoop loop;
  LiveClient client(loop);
  ASSERT_TRUE(is_ok(client->connect(server_url)));
  ASSERT_TRUE(is_ok(client->subscribe("/")));
  EXPECT_TRUE(client->fetch("/").ok());
  EXPECT_TRUE(is_ok(server.publish("/normal", {.param = "1"})));
  EXPECT_TRUE(wait_until([&] { return client.messages.size() == 1; }));
  EXPECT_TRUE(is_ok(server.publish("/quick", {.param = "2"}, Channel::quick)));
  EXPECT_TRUE(wait_until([&] { return client.messages.size() == 2; }));
  EXPECT_TRUE(is_ok(client->datagram("/quick", {.param = "3"}, Channel::quick)));
  EXPECT_TRUE(wait_until([&] { return client.data.size() == 1; }));
}

TEST(ServerTest, F12_ServesEveryKindOfAddress) {
  struct Case {
    const char* listen;
    const char* connect;
  };
  for (const Case& each :
       {Case{"127.0.0.1:0", "127.0.0.1"}, Case{"0.0.0.0:0", "127.0.0.2"}, Case{"[::1]:0", "[::1]"},
        Case{"[::]:0", "[::1]"}, Case{"[::]:0", "127.0.0.3"}}) {
    SCOPED_TRACE(std::string(each.listen) + " from " + each.connect);
    Server server(live_options(2));
    server.on_data([](RemoteClient client, std::string_view url, const PayloadView& payload,
                      Channel channel) { (void)client.datagram(url, payload, channel); });
    ASSERT_TRUE(is_ok(server.command("/", [](Call& call) { (void)call.reply(); })));
    const Status status = server.listen(each.listen);
    if (status.code() != StatusCode::ok && std::string(each.listen).front() == '[') {
      GTEST_SKIP() << "no IPv6 here: " << status.message();
    }
    ASSERT_TRUE(is_ok(status));
    const std::string url = "vsoa://" + std::string(each.connect) + ":";
    expect_everything_works(server, url + std::to_string(server.port()));
  }
}

// ---- Life

TEST(ServerTest, SaysWhatIsTooLateOrTooEarly) {
  Server server(live_options(1));
  EXPECT_EQ(server.publish("/a", {}).code(), StatusCode::not_running);
  EXPECT_FALSE(server.is_subscribed("/a"));
  EXPECT_TRUE(server.clients().empty());
  EXPECT_EQ(server.stats().connections_accepted, 0U);
  EXPECT_EQ(server.command("a", [](Call&) {}).code(), StatusCode::invalid_argument);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  EXPECT_EQ(server.command("/a", [](Call&) {}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(server.listen("127.0.0.1:0").code(), StatusCode::invalid_argument);
  EXPECT_EQ(server.publish("a", {}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(server.publish("", {}).code(), StatusCode::invalid_argument);
  EXPECT_TRUE(is_ok(server.publish("/a", {.data = std::string(262'122, 'x')})));
  EXPECT_EQ(server.publish("/a", {.data = std::string(262'123, 'x')}).code(),
            StatusCode::invalid_argument);
  EXPECT_EQ(server.publish("/a", {.data = std::string(65'483, 'x')}, Channel::quick).code(),
            StatusCode::invalid_argument);
  server.stop();
  server.stop();
  EXPECT_EQ(server.publish("/a", {}).code(), StatusCode::not_running);
  EXPECT_EQ(server.stats().publishes, 1U) << "totals stay readable";
}

/// Calls, sends and publishes without end until the connection does.
class BusyClient {
 public:
  BusyClient(Server& server, ClientLoop& loop) : server_(server), client_(loop) {
    client_.on_connect([this](bool connected, std::string_view) { connected ? ++ups_ : ++downs_; });
    EXPECT_TRUE(is_ok(client_.connect(url_of(server))));
    EXPECT_TRUE(is_ok(client_.subscribe(std::vector<std::string>{"/news", "/up/"})));
    thread_ = std::thread([this] { run(); });
  }
  /// Every question had one answer, and the end was told once.
  void finish() {
    thread_.join();
    EXPECT_TRUE(wait_until([&] { return downs_ == 1 && answers_ == asked_; }))
        << answers_ << " answers to " << asked_;
    EXPECT_EQ(ups_, 1);
    EXPECT_FALSE(client_.connected());
  }
  int answers() const { return answers_; }

 private:
  void run() {
    while (client_.connected()) {
      if (asked_ - answers_ > 20) {  // busy, not flooded
        std::this_thread::yield();
        continue;
      }
      const Status status = client_.call("/echo", {.data = "0123456789"},
                                         [this](const Result<Reply>&) { ++answers_; });
      if (status.ok()) ++asked_;
      (void)client_.datagram("/up", {.data = "x"});
      (void)client_.datagram("/up", {.data = "x"}, Channel::quick);
      (void)server_.publish("/news", {.data = "y"});
    }
  }

  Server& server_;
  std::atomic<int> asked_{0};
  std::atomic<int> answers_{0};
  std::atomic<int> ups_{0};
  std::atomic<int> downs_{0};
  Client client_;
  std::thread thread_;
};

TEST(ServerTest, StopsWhileEverybodyIsBusy) {
  ServerOptions options = live_options(4);
  options.relay_prefix = "/up/";
  options.queue_bytes_max = 256 * 1'048'576;  // nobody is slow here, only the machine
  Server server(options);
  std::atomic<int> present{0};
  server.on_client([&](RemoteClient, bool connected) { present += connected ? 1 : -1; });
  ASSERT_TRUE(is_ok(server.command(
      "/echo", [](Call& call) { (void)call.reply({.data = call.payload().data}); })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  ClientLoop loop;
  std::vector<std::unique_ptr<BusyClient>> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(std::make_unique<BusyClient>(server, loop));
  EXPECT_TRUE(wait_until([&] {
    return std::all_of(clients.begin(), clients.end(),
                       [](const auto& client) { return client->answers() > 100; });
  }));
  EXPECT_EQ(present, 6);
  server.stop();
  EXPECT_EQ(present, 0) << "every true has had its false";
  EXPECT_EQ(server.stats().clients_now, 0U);
  EXPECT_EQ(server.stats().connections_now, 0U);
  for (const auto& client : clients) client->finish();
}

TEST(ServerTest, HandlesOutliveTheServer) {
  auto server = std::make_unique<Server>(live_options(2));
  ASSERT_TRUE(is_ok(server->listen("127.0.0.1:0")));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  ASSERT_EQ(server->clients().size(), 1U);
  const RemoteClient handle = server->clients().front();
  std::atomic<uint64_t> uses{0};
  std::thread user([&uses, remote = RemoteClient(handle)]() mutable {
    while (!remote.is_closed()) {
      (void)remote.datagram("/a", {.data = "x"});
      (void)remote.reply(7);
      (void)remote.set_authed(uses % 2 == 0);
      (void)remote.address();
      ++uses;
    }
  });
  EXPECT_TRUE(wait_until([&] { return uses > 1000; }));
  server.reset();
  user.join();
  RemoteClient late = handle;
  EXPECT_NE(late.id(), 0U);
  EXPECT_TRUE(late.is_closed());
  EXPECT_FALSE(late.authed());
  EXPECT_EQ(late.address(), "");
  EXPECT_EQ(late.reply(1).code(), StatusCode::gone);
  EXPECT_EQ(late.datagram("/a", {}).code(), StatusCode::gone);
  EXPECT_EQ(late.set_authed(false).code(), StatusCode::gone);
  EXPECT_EQ(late.close().code(), StatusCode::gone);
  RemoteClient nobody;
  EXPECT_TRUE(nobody.is_closed());
  EXPECT_EQ(nobody.close().code(), StatusCode::gone);
}

TEST(ServerTest, OneTooManyIsRefusedAndCounted) {
  ServerOptions options = live_options(1);
  options.clients_per_shard_max = 3;
  Server server(options);
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server));
    EXPECT_NE(clients.back()->shake_hands(), 0U);
  }
  RawClient fourth(server);
  EXPECT_TRUE(fourth.socket().wait_closed());
  EXPECT_TRUE(wait_until([&] { return server.stats().closed_other == 1; }));
  clients.pop_back();
  EXPECT_TRUE(wait_until([&] { return server.stats().connections_now == 2; }));
  EXPECT_NE(RawClient(server).shake_hands(), 0U) << "there is room again";
}

}  // namespace
}  // namespace ringroad::testing
