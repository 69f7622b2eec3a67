#include "ringroad/server.h"

#include <string>
#include <utility>

#include "base/limits.h"
#include "shard/server_core.h"

namespace ringroad {
namespace {

Status gone() {
  return {StatusCode::gone, "the client has disconnected"};
}

/// What the client's shard is to do, without a packet.
Status order(const std::weak_ptr<ServerCore>& weak, const shard::ShardMessage& message) {
  const auto core = weak.lock();
  return core ? core->post(message, nullptr) : gone();
}

/// Rounded up: 0 stays "never".
uint16_t tenths(std::chrono::milliseconds time) {
  return static_cast<uint16_t>((time.count() + 99) / 100);
}

proto::PacketSpec publish_packet(std::string_view url, const PayloadView& payload) {
  return {
      .type = proto::PacketType::publish, .url = url, .param = payload.param, .data = payload.data};
}

}  // namespace

// ---- Server

Server::Server(ServerOptions options) : core_(std::make_shared<ServerCore>(std::move(options))) {
}

Server::~Server() {
  stop();
}

Status Server::command(std::string_view url, CommandHandler handler) {
  return core_->add_route(url, std::move(handler));
}

void Server::on_client(ClientHandler handler) {
  core_->set_client_handler(std::move(handler));
}

void Server::on_data(DataHandler handler) {
  core_->set_data_handler(std::move(handler));
}

void Server::on_subscribe(SubscriptionHandler handler) {
  core_->set_subscription_handler(shard::SubscriptionChange::added, std::move(handler));
}

void Server::on_unsubscribe(SubscriptionHandler handler) {
  core_->set_subscription_handler(shard::SubscriptionChange::removed, std::move(handler));
}

Status Server::listen(std::string_view address) {
  return core_->listen(address);
}

void Server::stop() {
  core_->stop();
}

std::string Server::address() const {
  const engine::Address address = core_->address();
  return address.valid() ? address.to_string() : std::string();
}

uint16_t Server::port() const {
  const engine::Address address = core_->address();
  return address.valid() ? address.port() : uint16_t{0};
}

Status Server::publish(std::string_view url, const PayloadView& payload, Channel channel) {
  return core_->publish(publish_packet(url, payload), channel);
}

bool Server::is_subscribed(std::string_view url) const {
  return core_->is_subscribed(url);
}

std::vector<RemoteClient> Server::clients(Clients which) const {
  return core_->clients(which);
}

ServerStats Server::stats() const {
  return core_->stats();
}

std::vector<RefusedLogins> Server::refused_logins() const {
  std::vector<RefusedLogins> all;
  for (shard::Logins::Refusals& each : core_->logins().refusals()) {
    all.push_back({std::move(each.address), each.count});
  }
  return all;
}

void Server::set_password(std::string password) {
  core_->logins().set_password(std::move(password));
}

Status Server::set_send_timeout(std::chrono::milliseconds timeout, Reach reach) {
  using Kind = shard::ShardMessage::Kind;
  if (Status status = ServerOptions{.send_timeout = timeout}.validate(); !status.ok())
    return status;
  const Kind kind = reach == Reach::all_clients ? Kind::send_timeout_all : Kind::send_timeout_new;
  return core_->post_to_all({.kind = kind, .value = tenths(timeout)});
}

std::vector<ShardStats> Server::shard_stats() const {
  return core_->shard_stats();
}

// ---- RemoteClient

std::string RemoteClient::address() const {
  const auto core = core_.lock();
  const auto entry = core ? core->find(key_) : std::nullopt;
  return entry ? entry->address.to_string() : std::string();
}

bool RemoteClient::is_closed() const {
  const auto core = core_.lock();
  return !core || !core->find(key_).has_value();
}

bool RemoteClient::authed() const {
  const auto core = core_.lock();
  const auto entry = core ? core->find(key_) : std::nullopt;
  return entry && entry->authed == shard::Authed::yes;
}

Status RemoteClient::set_authed(bool authed) {
  using Kind = shard::ShardMessage::Kind;
  return order(core_, {.kind = authed ? Kind::authorise : Kind::revoke, .client = key_});
}

Status RemoteClient::set_backlog(Backlog backlog) {
  return order(core_, {.kind = shard::ShardMessage::Kind::backlog,
                       .value = static_cast<uint16_t>(backlog),
                       .client = key_});
}

uint8_t RemoteClient::priority() const {
  const auto core = core_.lock();
  const auto entry = core ? core->find(key_) : std::nullopt;
  return entry ? entry->priority : uint8_t{0};
}

Status RemoteClient::set_priority(int priority) {
  if (priority < 0 || static_cast<size_t>(priority) >= base::kPriorities) {
    return {StatusCode::invalid_argument,
            "priority is " + std::to_string(priority) + ", must be 0..7 (V30)"};
  }
  return order(core_, {.kind = shard::ShardMessage::Kind::priority,
                       .value = static_cast<uint16_t>(priority),
                       .client = key_});
}

Status RemoteClient::set_send_timeout(std::chrono::milliseconds timeout) {
  if (Status status = ServerOptions{.send_timeout = timeout}.validate(); !status.ok())
    return status;
  return order(
      core_,
      {.kind = shard::ShardMessage::Kind::send_timeout, .value = tenths(timeout), .client = key_});
}

Status RemoteClient::set_keepalive(std::chrono::seconds idle) {
  if (Status status = ServerOptions{.keepalive = idle}.validate(); !status.ok()) return status;
  return order(core_, {.kind = shard::ShardMessage::Kind::keepalive,
                       .value = static_cast<uint16_t>(idle.count()),
                       .client = key_});
}

Status RemoteClient::close() {
  return order(core_, {.kind = shard::ShardMessage::Kind::close, .client = key_});
}

Status RemoteClient::reply(uint32_t seqno, const ReplyContent& content) {
  const auto core = core_.lock();
  if (!core) return gone();
  const proto::PacketSpec packet = proto::reply_packet(seqno, content);
  if (Status status = proto::check_packet(packet, base::kPayloadBytesMax); !status.ok())
    return status;
  return core->post({.kind = shard::ShardMessage::Kind::reply, .client = key_}, &packet);
}

Status RemoteClient::is_subscribed(std::string_view url, AnswerHandler done) const {
  const auto core = core_.lock();
  if (!core) return gone();
  if (!done) return {StatusCode::invalid_argument, "nobody would hear the answer: done is empty"};
  return core->is_subscribed(key_, url, std::move(done));
}

Status RemoteClient::create_stream(StreamOptions options, StreamHandler done) {
  const auto core = core_.lock();
  if (!core) return gone();
  if (!done)
    return {StatusCode::invalid_argument, "nobody would hear of the stream: done is empty"};
  return core->create_stream(key_, std::move(options), std::move(done));
}

Status RemoteClient::datagram(std::string_view url, const PayloadView& payload, Channel channel) {
  const auto core = core_.lock();
  if (!core) return gone();
  if (url.empty() || url.front() != '/')
    return {StatusCode::invalid_argument, "the URL must start with '/'"};
  const proto::PacketSpec packet{.type = proto::PacketType::datagram,
                                 .url = url,
                                 .param = payload.param,
                                 .data = payload.data};
  const size_t bytes_max =
      channel == Channel::quick ? base::kQuickPayloadBytesMax : base::kPayloadBytesMax;
  if (Status status = proto::check_packet(packet, bytes_max); !status.ok()) return status;
  const auto entry = core->find(key_);
  if (entry && !entry->active()) {
    return {StatusCode::not_running,
            "the client has not shaken hands, and expects no datagrams; wait for on_client()"};
  }
  if (channel == Channel::quick && entry && entry->quick_port == 0) {
    return {StatusCode::unsupported,
            "the client announced no UDP port; send on Channel::normal (D22)"};
  }
  return core->post(
      {.kind = shard::ShardMessage::Kind::datagram, .channel = channel, .client = key_}, &packet);
}

}  // namespace ringroad
