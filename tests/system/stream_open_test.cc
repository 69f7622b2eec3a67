// Property: a stream is opened by the client it is for, once, in time, and within the limits; anybody
//         else and anything else is refused, counted, and harms nobody.
// Method: real servers and clients on loopback, and raw sockets in the place of clients that do not
//         keep to the rules.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/system/stream_fixture.h"

namespace ringroad {
namespace {

using std::chrono::milliseconds;
using support::own_loopback;
using support::wait_until;
using testing::ask_for_stream;
using testing::is_ok;
using testing::join_stream;
using testing::listens;
using testing::live_options;
using testing::StreamServer;
using testing::url_of;

/// Where much happens before anybody joins, or nobody does.
void wait_long(StreamOptions& options) {
  options.timeout = std::chrono::hours(1);
}

TEST(StreamOpen, W23_both_sides_have_it_and_bytes_go_both_ways) {
  StreamServer server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  EXPECT_EQ(joined->stream.tunnel_id(), server.offered(0).stream.tunnel_id());
  EXPECT_EQ(*joined->stream.send("to the server"), 13U);
  EXPECT_EQ(*server.offered(0).stream.send("to the client"), 13U);
  EXPECT_TRUE(wait_until([&] { return joined->log.bytes() == "to the client"; }));
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.bytes() == "to the server"; }));
  const ServerStats stats = server->stats();
  EXPECT_EQ(stats.streams_now, 1U);
  EXPECT_EQ(stats.streams_opened, 1U);
}

TEST(StreamOpen, V35_the_reply_has_the_tunnel_flag_only_with_a_tunnel_id) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server->command("/plain", [](Call& call) { (void)call.reply({}); })));
  ASSERT_TRUE(is_ok(server->command(
      "/later", [](Call& call) { (void)call.client().reply(call.seqno(), {.tunnel_id = 4711}); })));
  ASSERT_TRUE(is_ok(server.listen()));
  testing::RawClient raw(*server);
  ASSERT_NE(raw.shake_hands(), 0U);
  auto reply = raw.ask({.type = client::kRpc, .seqno = 5, .url = "/plain"});
  EXPECT_EQ(reply.flags & 0x3f, 1);
  reply = raw.ask({.type = client::kRpc, .seqno = 6, .url = "/stream"});
  EXPECT_EQ(reply.flags & 0x3f, 3);
  EXPECT_EQ(reply.tunnel_id, server.offered(0).stream.tunnel_id());
  reply = raw.ask({.type = client::kRpc, .seqno = 7, .url = "/later"});
  EXPECT_EQ(reply.flags & 0x3f, 3);
  EXPECT_EQ(reply.tunnel_id, 4711);
}

TEST(StreamOpen, G1_it_listens_where_the_client_has_dialled_and_nowhere_else) {
  StreamServer server(live_options(1), [](StreamOptions& options) {
    options.check_peer = StreamOptions::CheckPeer::anyone;
  });
  ASSERT_TRUE(is_ok(server.listen("0.0.0.0:0")));
  Client client;
  ASSERT_TRUE(
      is_ok(client.connect("vsoa://" + own_loopback() + ':' + std::to_string(server->port()))));
  const uint16_t tunnel = ask_for_stream(client);
  EXPECT_FALSE(listens(own_loopback(128), tunnel));
  EXPECT_TRUE(listens(own_loopback(), tunnel));
}

TEST(StreamOpen, F12_the_same_by_IPv6) {
  StreamServer server;
  const Status listening = server.listen("[::1]:0");
  if (!listening.ok()) GTEST_SKIP() << listening.message();
  const auto joined = join_stream(server);
  EXPECT_EQ(*joined->stream.send("x"), 1U);
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.bytes() == "x"; }));
}

TEST(StreamOpen, F12_a_client_by_IPv4_of_a_server_for_both) {
  StreamServer server;
  const Status listening = server.listen("[::]:0");
  if (!listening.ok()) GTEST_SKIP() << listening.message();
  Client client;
  const Status connected = client.connect("vsoa://127.0.0.1:" + std::to_string(server->port()));
  if (!connected.ok()) GTEST_SKIP() << "this machine keeps the two apart";
  support::StreamLog log;
  ASSERT_TRUE(is_ok(client.create_stream(ask_for_stream(client), log.options()).status()));
  EXPECT_TRUE(wait_until([&] { return log.linked() && server.offered(0).log.linked(); }));
  client.disconnect();
}

TEST(StreamOpen, G2_the_second_connection_is_refused) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen(own_loopback() + ":0")));
  const auto joined = join_stream(server);
  support::PeerSocket second =
      testing::connect_from("127.0.0.1", own_loopback(), joined->stream.tunnel_id());
  EXPECT_TRUE(!second.valid() || second.wait_closed());
  EXPECT_EQ(*joined->stream.send("still there"), 11U);
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.bytes() == "still there"; }));
  EXPECT_EQ(server->stats().streams_opened, 1U);
}

TEST(StreamOpen, V27_G3_nobody_joins_it_ends_once_and_is_counted) {
  StreamServer server(live_options(1),
                      [](StreamOptions& options) { options.timeout = milliseconds(20); });
  ASSERT_TRUE(is_ok(server.listen(own_loopback() + ":0")));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  const uint16_t tunnel = ask_for_stream(client);
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 0; }));
  EXPECT_TRUE(server.offered(0).log.failed());
  EXPECT_EQ(server->stats().streams_timed_out, 1U);
  EXPECT_EQ(server->stats().streams_opened, 0U);
  EXPECT_TRUE(wait_until([&] { return !listens(own_loopback(), tunnel); }));
  EXPECT_EQ(server.offered(0).stream.send("x").status().code(), StatusCode::gone);
}

TEST(StreamOpen, V27_a_stranger_is_closed_and_the_right_one_is_waited_for) {
  StreamServer server(live_options(1), wait_long);
  ASSERT_TRUE(is_ok(server.listen()));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  const uint16_t tunnel = ask_for_stream(client);
  for (int i = 0; i < 20; ++i) {
    support::PeerSocket stranger = testing::connect_from("127.0.0.2", "127.0.0.1", tunnel);
    ASSERT_TRUE(stranger.valid());
    EXPECT_TRUE(stranger.wait_closed());
  }
  EXPECT_EQ(server->stats().streams_strangers, 20U);
  EXPECT_TRUE(server.offered(0).log.links().empty());
  support::StreamLog log;
  ASSERT_TRUE(is_ok(client.create_stream(tunnel, log.options()).status()));
  EXPECT_TRUE(wait_until([&] { return log.linked() && server.offered(0).log.linked(); }));
  client.disconnect();
}

TEST(StreamOpen, V27_anyone_may_join_where_the_program_says_so) {
  StreamServer server(live_options(1), [](StreamOptions& options) {
    options.check_peer = StreamOptions::CheckPeer::anyone;
  });
  ASSERT_TRUE(is_ok(server.listen()));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  support::PeerSocket other =
      testing::connect_from("127.0.0.2", "127.0.0.1", ask_for_stream(client));
  ASSERT_TRUE(other.valid());
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.linked(); }));
  EXPECT_EQ(*server.offered(0).stream.send("hello"), 5U);
  EXPECT_EQ(other.read_exact(5), "hello");
  EXPECT_EQ(server->stats().streams_strangers, 0U);
}

TEST(StreamOpen, a_thousand_at_once_are_refused_beyond_the_limit_and_leave_nothing) {
  StreamServer server(live_options(1), wait_long);
  ASSERT_TRUE(is_ok(server.listen(own_loopback() + ":0")));
  Client client;
  Client other;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  ASSERT_TRUE(is_ok(other.connect(url_of(*server))));
  std::vector<uint16_t> tunnels;
  for (int i = 0; i < 1'000; ++i) tunnels.push_back(ask_for_stream(client));
  EXPECT_EQ(server.count(), ServerOptions().streams_per_client_max);
  EXPECT_EQ(server->stats().streams_now, server.count());
  EXPECT_EQ(server->stats().streams_refused, 1'000 - server.count());
  EXPECT_EQ(server.refusal().code(), StatusCode::resource_exhausted);
  EXPECT_NE(server.refusal().message().find("streams_per_client_max"), std::string::npos);
  EXPECT_NE(ask_for_stream(other), 0);  // nobody else is concerned
  client.disconnect();
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 1; }));
  for (size_t i = 0; i + 1 < server.count(); ++i) EXPECT_TRUE(server.offered(i).log.failed());
  for (const uint16_t tunnel : tunnels) {
    EXPECT_TRUE(tunnel == 0 || wait_until([&] { return !listens(own_loopback(), tunnel); }));
  }
}

TEST(StreamOpen, the_limit_of_a_shard_names_itself_and_room_comes_back) {
  ServerOptions options = live_options(1);
  options.streams_per_shard_max = 2;
  StreamServer server(options);
  ASSERT_TRUE(is_ok(server.listen()));
  Client a;
  Client b;
  ASSERT_TRUE(is_ok(a.connect(url_of(*server))));
  ASSERT_TRUE(is_ok(b.connect(url_of(*server))));
  EXPECT_NE(ask_for_stream(a), 0);
  EXPECT_NE(ask_for_stream(a), 0);
  EXPECT_EQ(ask_for_stream(b), 0);
  EXPECT_NE(server.refusal().message().find("streams_per_shard_max"), std::string::npos);
  server.offered(0).stream.close();
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 1; }));
  EXPECT_NE(ask_for_stream(b), 0);
}

TEST(StreamOpen, options_out_of_range_are_refused_with_their_names) {
  StreamServer server(live_options(1), [](StreamOptions& options) { options.send_bytes_max = 1; });
  ASSERT_TRUE(is_ok(server.listen()));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  EXPECT_EQ(ask_for_stream(client), 0);
  EXPECT_EQ(server.refusal().code(), StatusCode::invalid_argument);
  EXPECT_NE(server.refusal().message().find("send_bytes_max"), std::string::npos);
  EXPECT_EQ(client.create_stream(1, {.timeout = milliseconds(-1)}).status().code(),
            StatusCode::invalid_argument);
}

TEST(StreamOpen, V48_a_client_needs_a_connection_and_a_number) {
  Client client;
  EXPECT_EQ(client.create_stream(80, {}).status().code(), StatusCode::not_running);
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  for (const uint32_t wrong : {0U, 65'536U, 1'000'000U}) {
    EXPECT_EQ(client.create_stream(wrong, {}).status().code(), StatusCode::invalid_argument);
  }
}

TEST(StreamOpen, V48_nobody_listens_it_ends_once) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  support::ScriptedPeer gone;
  gone.stop_listening();
  support::StreamLog log;
  ASSERT_TRUE(is_ok(client.create_stream(gone.port(), log.options()).status()));
  EXPECT_TRUE(wait_until([&] { return !log.links().empty(); }));
  client.disconnect();
  EXPECT_TRUE(log.failed());
}

// A listener whose backlog is full drops what comes: as a network that swallows packets.
TEST(StreamOpen, G7_a_server_that_never_answers_is_given_up_by_our_own_timer) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  support::Descriptor hole(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(hole.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::getsockname(hole.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  ASSERT_EQ(::listen(hole.get(), 0), 0);
  const uint16_t port = ntohs(address.sin_port);
  const support::PeerSocket full = support::connect_peer(port);
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  support::StreamLog log;
  StreamOptions options = log.options();
  options.timeout = milliseconds(50);
  ASSERT_TRUE(is_ok(client.create_stream(port, options).status()));
  EXPECT_TRUE(wait_until([&] { return log.failed(); }));
  EXPECT_TRUE(is_ok(client.ping().status()));
}

}  // namespace
}  // namespace ringroad
