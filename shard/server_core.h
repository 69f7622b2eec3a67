// server_core.h — what is behind a ringroad::Server: threads, shards, the user's handlers.
// Owner:  Server and, for the time of a call, RemoteClient (weak otherwise).
// Thread: as server.h says for each verb.
// Life:   built -> listening -> stopped. It listens once; shards live until the core dies, so
//         that late callers find them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/uring_io.h"
#include "ringroad/server.h"
#include "shard/application.h"
#include "shard/logins.h"
#include "shard/pattern_directory.h"
#include "shard/route_table.h"
#include "shard/router.h"
#include "shard/shard.h"

namespace ringroad {

class ServerCore final : public shard::Application,
                         public std::enable_shared_from_this<ServerCore> {
 public:
  explicit ServerCore(ServerOptions options)
      : options_(std::move(options)), logins_(options_.password) {}
  ~ServerCore();

  // Before listen() only.
  Status add_route(std::string_view url, Server::CommandHandler handler);
  void set_client_handler(Server::ClientHandler handler) { on_client_ = std::move(handler); }
  void set_subscription_handler(shard::SubscriptionChange change,
                                Server::SubscriptionHandler handler) {
    handler_of(change) = std::move(handler);
  }
  void set_data_handler(Server::DataHandler handler) { on_data_ = std::move(handler); }

  Status listen(std::string_view address);
  void stop();
  bool running() const { return state_.load(std::memory_order_acquire) == State::listening; }
  engine::Address address() const;

  /// On the thread of the session's shard.
  Result<Stream> create_stream(shard::Session& session, StreamOptions options);

  // Any thread.
  Status publish(const proto::PacketSpec& packet, Channel channel);
  bool is_subscribed(std::string_view url) const { return running() && patterns_.any_match(url); }
  std::vector<RemoteClient> clients(Server::Clients which);
  /// What is published about a client; nullopt: gone.
  std::optional<shard::ClientEntry> find(uint64_t key) const;
  Status post(const shard::ShardMessage& message, const proto::PacketSpec* packet);
  Status post_to_all(const shard::ShardMessage& message);
  shard::Logins& logins() { return logins_; }
  Status create_stream(uint64_t client, StreamOptions options, RemoteClient::StreamHandler done);
  Status is_subscribed(uint64_t client, std::string_view url, RemoteClient::AnswerHandler done);
  ServerStats stats() const;
  std::vector<ShardStats> shard_stats() const;

 private:
  enum class State : uint8_t { built, listening, stopped };

  // shard::Application
  bool call(shard::Session& session, const proto::PacketView& packet) override;
  void data(const shard::Session& session, const proto::PacketView& packet,
            Channel channel) override;
  void presence(const shard::Session& session, shard::Presence presence) override;
  void subscriptions(const shard::Session& session, shard::SubscriptionChange change,
                     const std::vector<std::string>& urls) override;

  Server::SubscriptionHandler& handler_of(shard::SubscriptionChange change) {
    return change == shard::SubscriptionChange::added ? on_subscribe_ : on_unsubscribe_;
  }
  /// ok, or why nothing can be asked of it.
  Status reachable(uint64_t client) const;
  /// Runs `task` in the client's shard, at once if that is the caller's.
  Status ask(uint64_t client, std::function<void(shard::Session*)> task);
  Status check_options() const;
  Status open_all(engine::Address address);
  Status open_pair(engine::Io& io, const engine::Address& address, engine::PortUse use,
                   engine::Socket& listener, engine::Socket& quick);
  Status start_threads();
  void stop_threads();
  RemoteClient remote(const shard::Session& session);
  StreamOptions guarded(StreamOptions options);
  shard::ShardConfig shard_config(uint32_t shards) const;
  size_t clients_max() const;
  size_t spare_slots() const;
  Result<std::unique_ptr<engine::UringIo>> open_io() const;

  const ServerOptions options_;
  // Constant once listening.
  shard::RouteTable routes_;
  Server::ClientHandler on_client_;
  Server::DataHandler on_data_;
  Server::SubscriptionHandler on_subscribe_;
  Server::SubscriptionHandler on_unsubscribe_;
  engine::Address address_;
  std::vector<std::unique_ptr<engine::UringIo>> ios_;  // one per shard; outlive them
  shard::PatternDirectory patterns_;
  shard::Logins logins_;
  shard::Router router_;
  std::vector<std::unique_ptr<shard::Shard>> shards_;

  std::mutex life_mutex_;             // listen() and stop()
  std::vector<std::thread> threads_;  // under life_mutex_
  std::atomic<State> state_{
      State::built};                    // release after shards_ are made -> acquire by any caller
  std::atomic<uint64_t> publishes_{0};  // relaxed statistics
  std::atomic<uint64_t> publishes_overloaded_{0};
  std::atomic<uint64_t> handler_failures_{0};
};

}  // namespace ringroad
