// shard_client.h — one connected client: its connection and its session.
// Owner:  ClientRegistry.   Thread: the shard's.
// Life:   from accept to the loop's reaping of the closed connection.
#pragma once

#include <cstddef>
#include <span>

#include "engine/connection.h"
#include "shard/session.h"

namespace ringroad::shard {

class ShardClient final : public engine::Connection::Handler, public SessionLink {
 public:
  class Owner {
   public:
    /// May destroy the client.
    virtual void on_client_closed(ShardClient& client, engine::CloseCause cause) = 0;

   protected:
    ~Owner() = default;
  };

  ShardClient(engine::Loop& loop, engine::Socket socket, SessionHost& host, Owner& owner,
              const engine::Address& peer)
      : owner_(owner), connection_(loop, socket, *this), session_(host, *this, peer) {}

  void start() {
    session_.start();
    connection_.start();
  }

  Session& session() { return session_; }
  engine::Connection& connection() { return connection_; }

  // engine::Connection::Handler
  size_t on_bytes(std::span<const std::byte> bytes) override { return session_.on_bytes(bytes); }
  void compose(engine::SendBatch& batch) override { session_.compose(batch); }
  void on_end() override { session_.wind_down(); }
  void on_sent(size_t bytes) override { session_.on_sent(bytes); }
  void on_closed(engine::CloseCause cause) override { owner_.on_client_closed(*this, cause); }

  // SessionLink
  bool sending() const override { return connection_.sending(); }
  void flush_now() override { connection_.flush(); }
  void flush_soon() override { connection_.flush_soon(); }
  void set_priority(uint8_t priority) override {
    connection_.set_priority(priority);
    connection_.set_traffic_class(proto::traffic_class(priority));
  }
  void pause() override { connection_.pause(); }
  void resume() override { connection_.resume(); }
  void close_after_flush(engine::CloseCause cause) override {
    connection_.close_after_flush(cause);
  }
  void terminate(engine::CloseCause cause) override { connection_.terminate(cause); }
  engine::Address local_address() override { return connection_.local_address(); }

 private:
  Owner& owner_;
  engine::Connection connection_;
  Session session_;
};

static_assert(sizeof(ShardClient) <= 416, "docs/PERFORMANCE.md, memory per client");

}  // namespace ringroad::shard
