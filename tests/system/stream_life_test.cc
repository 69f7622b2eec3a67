// Property: an open stream carries everything in bounded memory, and ends once on both sides whoever
//         ends it: either program, either peer, the client's connection, the server, a send timeout.
// Method: real servers and clients on loopback, sending from threads of the program; raw sockets in
//         the place of peers that do what the library does not.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/system/stream_fixture.h"

namespace ringroad {
namespace {

using std::chrono::milliseconds;
using support::stream_pattern;
using support::wait_until;
using testing::ask_for_stream;
using testing::is_ok;
using testing::join_stream;
using testing::live_options;
using testing::StreamServer;
using testing::url_of;

/// Compares what comes with the pattern of its place, and keeps none of it.
struct PatternReader {
  static constexpr size_t kPiece = 65'536;  // the pattern's period

  void take(std::string_view bytes) {
    for (const char byte : bytes) {
      const uint64_t i = count.load(std::memory_order_relaxed);
      if (byte != static_cast<char>((i * 7 + (i >> 8)) & 0xff)) wrong.fetch_add(1);
      count.store(i + 1, std::memory_order_relaxed);
    }
  }

  std::atomic<uint64_t> count{0};
  std::atomic<uint64_t> wrong{0};
};

/// Its end of the stream at /stream; not valid if there is none.
support::PeerSocket join_raw(testing::RawClient& raw) {
  EXPECT_NE(raw.shake_hands(), 0U);
  const auto reply = raw.ask({.type = client::kRpc, .seqno = 6, .url = "/stream"});
  return support::connect_peer(reply.tunnel_id);
}

size_t campaign_bytes() {
  const char* mib = std::getenv("RINGROAD_STREAM_MIB");
  return (mib == nullptr ? size_t{64} : std::strtoull(mib, nullptr, 10)) << 20;
}

/// From this thread, in pieces that are not the stream's.
uint64_t send_pattern(Stream stream, size_t bytes) {
  const std::string piece = stream_pattern(PatternReader::kPiece);
  size_t most_pending = 0;
  size_t sent = 0;
  while (sent < bytes) {
    const size_t begin = sent % piece.size();
    const size_t size = std::min({piece.size() - begin, bytes - sent, size_t{50'000}});
    const Result<size_t> taken = stream.send(std::string_view(piece).substr(begin, size));
    EXPECT_TRUE(is_ok(taken.status()));
    if (!taken.ok() || *taken != size) break;
    sent += size;
    most_pending = std::max(most_pending, stream.pending_bytes());
  }
  EXPECT_LE(most_pending, StreamOptions().send_bytes_max);
  return sent;
}

TEST(StreamLife, V45_much_more_than_fits_goes_both_ways_at_once_intact) {
  const size_t bytes = campaign_bytes();
  PatternReader at_server;
  PatternReader at_client;
  StreamServer server(live_options(2), [&](StreamOptions& options) {
    options.on_data = [&](Stream, std::string_view piece) { at_server.take(piece); };
  });
  ASSERT_TRUE(is_ok(server.listen()));
  support::StreamLog log;
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
  StreamOptions options = log.options();
  options.on_data = [&](Stream, std::string_view piece) { at_client.take(piece); };
  const Result<Stream> stream = client.create_stream(ask_for_stream(client), options);
  ASSERT_TRUE(is_ok(stream.status()));
  ASSERT_TRUE(wait_until([&] { return log.linked() && server.offered(0).log.linked(); }));
  uint64_t back = 0;
  std::thread sender([&] { back = send_pattern(server.offered(0).stream, bytes); });
  EXPECT_EQ(send_pattern(*stream, bytes), bytes);
  sender.join();
  EXPECT_EQ(back, bytes);
  EXPECT_TRUE(wait_until([&] { return at_server.count == bytes && at_client.count == bytes; }));
  EXPECT_EQ(at_server.wrong, 0U);
  EXPECT_EQ(at_client.wrong, 0U);
  EXPECT_EQ(stream->bytes_received(), bytes);
  client.disconnect();
}

TEST(StreamLife, V44_close_by_the_server_ends_both_after_the_last_byte) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  const std::string bytes = stream_pattern(3'000'000);
  EXPECT_EQ(*server.offered(0).stream.send(bytes), bytes.size());
  server.offered(0).stream.close();
  EXPECT_TRUE(wait_until([&] { return joined->log.over(); }));
  EXPECT_TRUE(joined->log.bytes() == bytes);
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 0; }));
  EXPECT_TRUE(server.offered(0).log.over());
  EXPECT_FALSE(joined->stream.connected());
  EXPECT_EQ(joined->stream.send("x").status().code(), StatusCode::gone);
}

TEST(StreamLife, V44_close_by_the_client_ends_both_after_the_last_byte) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  const std::string bytes = stream_pattern(3'000'000);
  EXPECT_EQ(*joined->stream.send(bytes), bytes.size());
  joined->stream.close();
  joined->stream.close();
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
  EXPECT_TRUE(server.offered(0).log.bytes() == bytes);
  EXPECT_TRUE(wait_until([&] { return joined->log.over(); }));
}

TEST(StreamLife, V44_it_ends_with_its_clients_connection) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  joined->client.disconnect();
  EXPECT_TRUE(joined->log.over());  // when disconnect() returns
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 0; }));
}

TEST(StreamLife, V44_a_raw_client_that_goes_takes_its_stream_along) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  testing::RawClient raw(*server);
  support::PeerSocket stream = join_raw(raw);
  ASSERT_TRUE(stream.valid());
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.linked(); }));
  raw.socket().reset();
  EXPECT_EQ(stream.read_to_end(), "");
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
}

TEST(StreamLife, a_peer_that_resets_it_ends_it) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  testing::RawClient raw(*server);
  support::PeerSocket stream = join_raw(raw);
  ASSERT_TRUE(stream.valid());
  ASSERT_TRUE(stream.write("some"));
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.bytes() == "some"; }));
  std::thread sender([&] {
    const std::string bytes = stream_pattern(100'000);
    while (server.offered(0).stream.send(bytes).ok()) {
    }
  });
  EXPECT_EQ(stream.read_exact(100'000).size(), 100'000U);
  stream.reset();
  sender.join();  // a sender that waits for room hears of it, too
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
  EXPECT_EQ(raw.ask({.type = client::kPing, .seqno = 9}).seqno, 9U);
}

TEST(StreamLife, G4_after_the_last_byte_it_reads_until_the_peer_closes) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  testing::RawClient raw(*server);
  support::PeerSocket stream = join_raw(raw);
  ASSERT_TRUE(stream.valid());
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.linked(); }));
  const std::string bytes = stream_pattern(1'000'000);
  EXPECT_EQ(*server.offered(0).stream.send(bytes), bytes.size());
  server.offered(0).stream.close();
  // What a peer still sends does not cost it what it has not read yet.
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(stream.write(stream_pattern(10'000)));
  EXPECT_TRUE(stream.read_to_end() == bytes);
  stream.close();
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 0; }));
}

TEST(StreamLife, G4_a_peer_that_only_shuts_its_end_still_gets_what_was_sent) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  testing::RawClient raw(*server);
  support::PeerSocket stream = join_raw(raw);
  ASSERT_TRUE(stream.valid());
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.linked(); }));
  const std::string bytes = stream_pattern(200'000);
  EXPECT_EQ(*server.offered(0).stream.send(bytes), bytes.size());
  ASSERT_TRUE(stream.write("last words"));
  stream.shutdown_write();
  EXPECT_TRUE(stream.read_to_end() == bytes);
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
  EXPECT_EQ(server.offered(0).log.bytes(), "last words");
}

TEST(StreamLife, stop_ends_open_and_waiting_streams_and_handles_outlive_it) {
  auto server = std::make_unique<StreamServer>(live_options(2));
  ASSERT_TRUE(is_ok(server->listen()));
  const auto joined = join_stream(*server);
  Stream handle = server->offered(0).stream;
  EXPECT_NE(ask_for_stream(joined->client), 0);
  (*server)->stop();
  EXPECT_TRUE(server->offered(0).log.over());
  EXPECT_TRUE(server->offered(1).log.failed());
  EXPECT_TRUE(wait_until([&] { return joined->log.over(); }));
  server.reset();
  EXPECT_FALSE(handle.connected());
  EXPECT_EQ(handle.send("x").status().code(), StatusCode::gone);
  EXPECT_EQ(handle.keepalive().code(), StatusCode::gone);
  handle.pause();
  handle.resume();
  handle.close();
}

TEST(StreamLife, stop_with_a_sender_that_waits_and_a_peer_that_does_not_read) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  joined->stream.pause();
  std::thread sender([&] {
    const std::string bytes = stream_pattern(1'000'000);
    while (server.offered(0).stream.send(bytes).ok()) {
    }
  });
  EXPECT_TRUE(wait_until([&] { return server.offered(0).stream.pending_bytes() > 0; }));
  server->stop();
  sender.join();
  EXPECT_TRUE(server.offered(0).log.over());
}

TEST(StreamLife, a_client_that_is_destroyed_has_ended_its_streams) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  support::StreamLog log;
  Stream handle;
  {
    Client client;
    ASSERT_TRUE(is_ok(client.connect(url_of(*server))));
    const Result<Stream> stream = client.create_stream(ask_for_stream(client), log.options());
    ASSERT_TRUE(is_ok(stream.status()));
    handle = *stream;
    ASSERT_TRUE(wait_until([&] { return log.linked(); }));
    EXPECT_EQ(*handle.send("good bye"), 8U);
  }
  EXPECT_TRUE(log.over());
  EXPECT_EQ(handle.send("x").status().code(), StatusCode::gone);
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
  EXPECT_EQ(server.offered(0).log.bytes(), "good bye");
}

TEST(StreamLife, what_a_server_has_sent_before_it_stops_arrives) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  const std::string bytes = stream_pattern(2'000'000);
  EXPECT_EQ(*server.offered(0).stream.send(bytes), bytes.size());
  server->stop();
  EXPECT_TRUE(wait_until([&] { return joined->log.over(); }));
  EXPECT_TRUE(joined->log.bytes() == bytes);
}

TEST(StreamLife, V47_a_send_that_takes_too_long_says_how_far_it_came_and_cuts_the_stream) {
  StreamServer server;
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  joined->stream.pause();
  Stream sender = server.offered(0).stream;
  EXPECT_EQ(sender.set_send_timeout(milliseconds(-1)).code(), StatusCode::invalid_argument);
  ASSERT_TRUE(is_ok(sender.set_send_timeout(milliseconds(50))));
  const std::string bytes = stream_pattern(1'000'000);
  Result<size_t> taken = bytes.size();
  while (taken.ok() && *taken == bytes.size()) taken = sender.send(bytes);
  EXPECT_TRUE(is_ok(taken.status()));
  EXPECT_LT(*taken, bytes.size());
  EXPECT_FALSE(sender.connected());
  EXPECT_TRUE(wait_until([&] { return server.offered(0).log.over(); }));
  EXPECT_TRUE(wait_until([&] { return server->stats().streams_now == 0; }));
  joined->stream.resume();
  EXPECT_TRUE(wait_until([&] { return joined->log.over(); }));
}

TEST(StreamLife, a_callback_that_throws_is_counted_and_its_stream_closed) {
  StreamServer server(live_options(1), [](StreamOptions& options) {
    options.on_data = [](Stream, std::string_view) {
      throw std::runtime_error("thrown on purpose");
    };
  });
  ASSERT_TRUE(is_ok(server.listen()));
  const auto joined = join_stream(server);
  EXPECT_EQ(*joined->stream.send("x"), 1U);
  EXPECT_TRUE(wait_until([&] { return joined->log.over(); }));
  EXPECT_EQ(server->stats().handler_failures, 1U);
}

TEST(StreamLife, many_clients_each_have_their_own) {
  StreamServer server(live_options(2));
  ASSERT_TRUE(is_ok(server.listen()));
  std::vector<std::unique_ptr<testing::Joined>> all;
  for (size_t i = 0; i < 20; ++i) all.push_back(join_stream(server, i));
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(is_ok(all[i]->stream.send(stream_pattern(100'000, i)).status()));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(wait_until([&] { return server.offered(i).log.size() == 100'000; }));
    EXPECT_TRUE(server.offered(i).log.bytes() == stream_pattern(100'000, i));
  }
}

}  // namespace
}  // namespace ringroad
