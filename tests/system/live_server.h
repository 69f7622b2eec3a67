// live_server.h — clients of a real server on loopback, and what they have got.
// Owner:  the test.   Thread: the test's; an Inbox: any.
// Bound:  connecting to a wanted shard tries kShardTries times.
// Fails:  a null client, or an AssertionResult that says why.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringroad/client.h"
#include "ringroad/server.h"
#include "tests/client/server_words.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_peer.h"

namespace ringroad::testing {

using support::wait_until;

inline ::testing::AssertionResult is_ok(const Status& status) {
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << to_string(status.code()) << ": " << status.message();
}

/// Several servers and tests share this machine's cores.
inline ServerOptions live_options(uint32_t shards) {
  ServerOptions options;
  options.shards = shards;
  options.pin_shards = false;
  return options;
}

inline std::string url_of(const Server& server) {
  return "vsoa://" + server.address();
}

/// Messages in the order they came.
class Inbox {
 public:
  struct Message {
    std::string url;
    std::string param;
    std::string data;
    Channel channel = Channel::normal;
  };

  void add(std::string_view url, const PayloadView& payload, Channel channel) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(
        {std::string(url), std::string(payload.param), std::string(payload.data), channel});
  }
  Client::MessageHandler handler() {
    return [this](std::string_view url, const PayloadView& payload, Channel channel) {
      add(url, payload, channel);
    };
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }
  std::vector<Message> all() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  Message last() const {
    const std::lock_guard lock(mutex_);
    return messages_.empty() ? Message() : messages_.back();
  }
  std::vector<std::string> params() const {
    std::vector<std::string> params;
    for (Message& message : all()) params.push_back(std::move(message.param));
    return params;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Message> messages_;
};

/// A Client that keeps what it gets.
class LiveClient {
 public:
  explicit LiveClient(ClientLoop& loop) : client_(loop) {
    client_.on_message(messages.handler());
    client_.on_data(data.handler());
    // A server that is made to stop must not be left for it.
    (void)client_.set_send_timeout(std::chrono::milliseconds(0));
  }

  Client* operator->() { return &client_; }

  Inbox messages;
  Inbox data;

 private:
  Client client_;  // goes first: no callback runs behind it
};

/// The server and its handlers know no client with one of these ids any more.
inline bool wait_gone(const Server& server, const std::vector<uint32_t>& ids) {
  return wait_until([&] {
    const std::vector<RemoteClient> clients = server.clients();
    return std::none_of(clients.begin(), clients.end(), [&ids](const RemoteClient& client) {
      return std::find(ids.begin(), ids.end(), client.id()) != ids.end();
    });
  });
}

/// Which shard the kernel gives a connection to is not ours to say, so: until it fits. Those that did
/// not are gone.
inline std::unique_ptr<LiveClient> connect_on_shard(const Server& server, uint32_t shard,
                                                    uint32_t shards, ClientLoop& loop,
                                                    const ConnectOptions& options = {}) {
  constexpr int kShardTries = 500;
  std::vector<uint32_t> misfits;
  for (int i = 0; i < kShardTries; ++i) {
    auto client = std::make_unique<LiveClient>(loop);
    const Status status = (*client)->connect(url_of(server), options);
    if (!status.ok()) continue;
    if ((*client)->id() % shards == shard) {
      return wait_gone(server, misfits) ? std::move(client) : nullptr;
    }
    misfits.push_back((*client)->id());
  }
  return nullptr;
}

/// One on each shard, subscribed to `pattern`; fewer if that did not work.
inline std::vector<std::unique_ptr<LiveClient>> subscribers_on_all_shards(
    const Server& server, uint32_t shards, ClientLoop& loop, const std::string& pattern) {
  std::vector<std::unique_ptr<LiveClient>> clients;
  for (uint32_t shard = 0; shard < shards; ++shard) {
    auto client = connect_on_shard(server, shard, shards, loop);
    if (client == nullptr || !(*client)->subscribe(pattern).ok()) break;
    clients.push_back(std::move(client));
  }
  return clients;
}

/// A client made of single packets.
class RawClient {
 public:
  explicit RawClient(const Server& server) : socket_(support::connect_peer(server.port())) {}

  /// The client id; 0 if it was not let in.
  uint32_t shake_hands(uint16_t quick_port = 0) {
    const uint8_t flags = quick_port == 0 ? uint8_t{0} : client::kTunnel;
    const auto reply = ask({.type = client::kServinfo, .flags = flags, .tunnel_id = quick_port});
    if (reply.magic == 0 || reply.status != 0 || reply.data.size() != sizeof(uint32_t)) return 0;
    uint32_t id = 0;
    for (const char byte : reply.data) id = id << 8 | static_cast<uint8_t>(byte);
    return id;
  }
  support::WirePacket ask(const support::WirePacket& packet) {
    return socket_.write(packet) ? socket_.read_packet() : support::WirePacket{.magic = 0};
  }
  support::PeerSocket& socket() { return socket_; }

 private:
  support::PeerSocket socket_;
};

}  // namespace ringroad::testing
