// stream_fixture.h — a server that offers a stream at /stream, and remembers every one.
// Owner:  gtest.   Thread: the test's; handlers run on the server's shards.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ringroad/client.h"
#include "ringroad/server.h"
#include "tests/support/eventually.h"
#include "tests/support/own_loopback.h"
#include "tests/support/scripted_peer.h"
#include "tests/support/stream_log.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {

/// What the server has of one stream.
struct Offered {
  support::StreamLog log;
  Stream stream;
};

class StreamServer {
 public:
  using Adjust = std::function<void(StreamOptions& options)>;

  explicit StreamServer(ServerOptions options = live_options(1), Adjust adjust = nullptr)
      : server_(std::move(options)), adjust_(std::move(adjust)) {
    EXPECT_TRUE(is_ok(server_.command("/stream", [this](Call& call) { offer(call); })));
  }
  Status listen(const std::string& address = "127.0.0.1:0") { return server_.listen(address); }

  Server& operator*() { return server_; }
  Server* operator->() { return &server_; }
  size_t count() const {
    const std::lock_guard lock(mutex_);
    return offered_.size();
  }
  Offered& offered(size_t index) {
    const std::lock_guard lock(mutex_);
    return *offered_.at(index);
  }
  /// Why the last one was refused.
  Status refusal() const {
    const std::lock_guard lock(mutex_);
    return refusal_;
  }

 private:
  void offer(Call& call) {
    auto next = std::make_unique<Offered>();
    StreamOptions options = next->log.options();
    if (adjust_) adjust_(options);
    const Result<Stream> stream = call.create_stream(std::move(options));
    if (!stream.ok()) {
      const std::lock_guard lock(mutex_);
      refusal_ = stream.status();
      (void)call.reply({.status = ReplyStatus::no_memory});
      return;
    }
    next->stream = *stream;
    {
      const std::lock_guard lock(mutex_);
      offered_.push_back(std::move(next));
    }
    (void)call.reply({.tunnel_id = stream->tunnel_id()});
  }

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Offered>> offered_;
  Status refusal_;
  Server server_;  // goes first: its streams write into the logs
  const Adjust adjust_;
};

/// The number that /stream answers with; 0 if it refuses.
inline uint16_t ask_for_stream(Client& client) {
  const Result<Reply> reply = client.fetch("/stream");
  EXPECT_TRUE(is_ok(reply.status()));
  return reply.ok() ? reply->tunnel_id : uint16_t{0};
}

/// A TCP connection from this address of the loopback network.
inline support::PeerSocket connect_from(const std::string& from, const std::string& to,
                                        uint16_t port) {
  support::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {.sin_family = AF_INET};
  EXPECT_EQ(::inet_pton(AF_INET, from.c_str(), &address.sin_addr), 1);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::inet_pton(AF_INET, to.c_str(), &address.sin_addr), 1);
  address.sin_port = htons(port);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return support::PeerSocket(support::Descriptor());
  }
  return support::PeerSocket(std::move(socket));
}

inline bool listens(const std::string& host, uint16_t port) {
  return connect_from(host, host, port).valid();
}

/// A client and its stream, joined.
struct Joined {
  support::StreamLog log;
  Stream stream;
  Client client;  // goes first
};

inline std::unique_ptr<Joined> join_stream(StreamServer& server, size_t index = 0) {
  auto joined = std::make_unique<Joined>();
  EXPECT_TRUE(is_ok(joined->client.connect(url_of(*server))));
  Result<Stream> stream =
      joined->client.create_stream(ask_for_stream(joined->client), joined->log.options());
  EXPECT_TRUE(is_ok(stream.status()));
  if (!stream.ok()) return joined;
  joined->stream = *stream;
  EXPECT_TRUE(support::wait_until(
      [&] { return joined->log.linked() && server.offered(index).log.linked(); }));
  return joined;
}

}  // namespace ringroad::testing
