// client_core.h — what is behind a Client: checks, encodes and queues what any thread asks for.
// Owner:  Client.   Thread: any; set handlers before connect().
// Bound:  SharedState: bytes and calls are reserved first, so what is refused has changed nothing.
// Fails:  values; an accepted request is answered exactly once, on the loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client_loop_core.h"
#include "client/command_queue.h"
#include "client/session.h"
#include "client/shared_state.h"
#include "proto/packet.h"
#include "ringroad/client.h"

namespace ringroad {

class ClientCore {
 public:
  using Timeout = std::chrono::milliseconds;

  explicit ClientCore(std::shared_ptr<ClientLoopCore> loop);
  ~ClientCore();
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  Status connect(std::string_view url, const ConnectOptions& options, Client::DoneCallback done);
  void disconnect();
  void close();
  Status linger(Timeout time);
  Status set_send_timeout(Timeout time);
  Status run();
  /// Waits until it has begun, or was refused.
  Status robot(std::string_view url, RobotOptions options);
  Status robot_ping_turbo(Timeout turbo, uint32_t count_max);

  Status call(std::string_view url, const CallRequest& request, Client::ReplyCallback done);
  /// SUBSCRIBE or UNSUBSCRIBE of one URL.
  Status subscription(proto::PacketType type, std::string_view url, Client::DoneCallback done);
  /// The list form; one by one to a server that would misread a list (D2).
  Status subscription(proto::PacketType type, const std::vector<std::string>& urls,
                      Client::DoneCallback done);
  /// UNSUBSCRIBE with neither.
  Status unsubscribe_all(Client::DoneCallback done);
  Status ping(Timeout timeout, Client::ReplyCallback done);
  Status noop();
  Status datagram(std::string_view url, const PayloadView& payload, Channel channel);

  Result<Stream> create_stream(uint32_t tunnel_id, StreamOptions options);

  /// ok, or why the caller must not wait for the loop.
  Status may_wait() const;
  template <typename T>
  T wait(client::Waiter<T>& waiter) {
    return thread_.wait(waiter);
  }

  client::SharedState& state() { return state_; }
  const client::SharedState& state() const { return state_; }

 private:
  struct UrlList;

  /// ok, or why there can be no new connection.
  Status may_connect();

  Status request(const proto::PacketSpec& spec, Timeout timeout, Client::ReplyCallback done);
  Status send_next(const std::shared_ptr<UrlList>& list);
  void on_listed(const std::shared_ptr<UrlList>& list, const Status& status);
  Status answered_by_status(const proto::PacketSpec& spec, Client::DoneCallback done);
  /// `done`, after a robot has taken note.
  Client::DoneCallback remembering(proto::PacketType type, std::vector<std::string> urls,
                                   Client::DoneCallback done);
  /// Queues what the loop is to do; `packet` may be null.
  Status order(client::Command command, const proto::PacketSpec* packet = nullptr);
  /// Reserves and queues a packet.
  Status post(const proto::PacketSpec& spec, client::Command command);

  std::shared_ptr<ClientLoopCore> loop_;
  client::LoopThread& thread_;
  client::SharedState state_;
  client::Session session_{state_};
  client::CommandSource source_{session_};
};

}  // namespace ringroad
