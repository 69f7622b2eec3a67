#include "client/client_core.h"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "client/server_url.h"
#include "client/waiter.h"
#include "proto/json.h"
#include "proto/url.h"

namespace ringroad {
namespace {

using client::Command;

constexpr ClientCore::Timeout kSubscribeTimeout = std::chrono::seconds(60);  // V57
constexpr ClientCore::Timeout kTimeoutMax = std::chrono::hours(24 * 365);    // longer is this

constexpr size_t kGoQuickPacketBytesMax = 1'024;  // A16, E8

Status not_connected() {
  return {StatusCode::not_running, "the client is not connected; call connect() first"};
}

Status check_url(std::string_view url) {
  if (proto::valid_url(url) && proto::valid_utf8(url)) return {};
  return {StatusCode::invalid_argument,
          "url \"" + std::string(url.substr(0, 100)) +
              "\": it must start with '/', be UTF-8 without NUL and at most 65535 bytes long"};
}

Status check_password(const std::string& password) {
  const proto::PacketSpec login{.type = proto::PacketType::servinfo, .param = password};
  // Escaping makes it at most six times as long.
  const Status status = proto::check_packet(login, base::kPayloadBytesMax / 8);
  return status.ok() ? status
                     : Status(StatusCode::invalid_argument, "password: " + status.message());
}

/// They are remembered without an answer that could say no.
Status check_subscriptions(const std::vector<std::string>& urls) {
  size_t bytes = 0;
  for (const std::string& url : urls) {
    bytes += url.size();
    if (Status status = check_url(url); !status.ok()) return status;
  }
  if (urls.size() <= base::kSubscriptionsPerClientMax &&
      bytes <= base::kSubscriptionBytesPerClientMax) {
    return {};
  }
  return {StatusCode::invalid_argument, "subscriptions: at most 65,536 URLs of 4 MiB together"};
}

/// What a SUBSCRIBE or UNSUBSCRIBE came to.
Status outcome_of(const Result<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  const ReplyStatus status = reply->status;
  if (status == ReplyStatus::success) return {};
  StatusCode code = StatusCode::bad_response;
  if (status == ReplyStatus::arguments || status == ReplyStatus::invalid_url) {
    code = StatusCode::invalid_argument;
  } else if (status == ReplyStatus::no_permissions || status == ReplyStatus::password) {
    code = StatusCode::no_permission;
  } else if (status == ReplyStatus::no_memory) {
    code = StatusCode::resource_exhausted;
  }
  return {code, "the server refused with status " + std::to_string(static_cast<int>(status))};
}

}  // namespace

static_assert(sizeof(ClientCore) <= 640, "a gateway has ten thousand: what few need is a pointer");

/// A list on its way to a server that takes no lists.
struct ClientCore::UrlList {
  proto::PacketType type;
  std::vector<std::string> urls;  // left to send, the last one first
  Status outcome = {};            // the first that is not ok
  Client::DoneCallback done;
  size_t out = 0;  // sent, not answered
};

ClientCore::ClientCore(std::shared_ptr<ClientLoopCore> loop)
    : loop_(std::move(loop)),
      thread_(loop_->next_thread()),
      state_(loop_->options().queue_bytes_max) {
}

ClientCore::~ClientCore() {
  const bool client_destroyed_on_its_own_loop_thread = thread_.is_current();
  CHECK(!client_destroyed_on_its_own_loop_thread);
  client::Waiter<Status> ended;
  Command command{.kind = Command::Kind::disconnect};
  command.disconnected = [&ended](const Status& status) { ended.set(status); };
  using Position = client::CommandQueue::Position;
  if (!loop_->running()) return;  // nothing was ever asked of it, or everything has ended
  if (thread_.queue().post(source_, std::move(command), nullptr, Position::last)) {
    (void)wait(ended);
  }
}

Status ClientCore::connect(std::string_view url, const ConnectOptions& options,
                           Client::DoneCallback done) {
  if (Status status = options.validate(); !status.ok()) return status;
  if (Status status = check_password(options.password); !status.ok()) return status;
  Result<client::ServerUrl> server = client::parse_server_url(url);
  if (!server.ok()) return server.status();
  if (Status status = may_connect(); !status.ok()) return status;
  auto request = std::make_unique<client::ConnectRequest>();
  request->server = std::move(*server);
  request->password = options.password;
  request->timeout = options.timeout;
  request->quick = options.quick;
  request->keepalive = options.keepalive;
  request->done = std::move(done);
  Command command{.kind = Command::Kind::connect, .connect = std::move(request)};
  return order(std::move(command));
}

void ClientCore::disconnect() {
  if (!loop_->running()) return;
  Command command{.kind = Command::Kind::disconnect};
  if (!may_wait().ok()) {  // in a callback: it takes effect behind it
    (void)order(std::move(command));
    return;
  }
  client::Waiter<Status> ended;
  command.disconnected = [&ended](const Status& status) { ended.set(status); };
  if (order(std::move(command)).ok()) (void)wait(ended);
}

Status ClientCore::may_connect() {
  if (state_.closed())
    return {StatusCode::not_running, "the client was closed for good by close()"};
  return loop_->start();
}

void ClientCore::close() {
  state_.close();
  disconnect();
}

Status ClientCore::linger(Timeout time) {
  if (time < Timeout::zero() || time > kTimeoutMax) {
    return {StatusCode::invalid_argument, "linger: 0 ms to a year"};
  }
  if (!state_.connected()) return not_connected();
  state_.set_linger(time);
  return {};
}

Status ClientCore::set_send_timeout(Timeout time) {
  constexpr Timeout kMax = std::chrono::hours(1);
  if (time < Timeout::zero() || time > kMax) {
    return {StatusCode::invalid_argument, "send timeout: 0 (none) to 1 h"};
  }
  state_.set_send_timeout(time);
  if (loop_->running()) (void)order({.kind = Command::Kind::send_timeout});
  return {};
}

Status ClientCore::run() {
  if (Status status = may_wait(); !status.ok()) return status;
  client::Waiter<Status> ended;
  if (Status status = state_.begin_run(ended); !status.ok()) return status;
  return wait(ended);
}

Status ClientCore::robot(std::string_view url, RobotOptions options) {
  if (Status status = may_wait(); !status.ok()) return status;
  if (Status status = options.validate(); !status.ok()) return status;
  if (Status status = check_password(options.password); !status.ok()) return status;
  if (Status status = check_subscriptions(options.subscriptions); !status.ok()) return status;
  Result<client::ServerUrl> server = client::parse_server_url(url);
  if (!server.ok()) return server.status();
  if (Status status = may_connect(); !status.ok()) return status;
  client::Waiter<Status> started;
  auto request = std::make_unique<client::RobotRequest>();
  request->server = std::move(*server);
  request->options = std::move(options);
  request->seed = std::random_device()();
  request->done = [&started](const Status& status) { started.set(status); };
  Command command{.kind = Command::Kind::robot, .robot = std::move(request)};
  const Status ordered = order(std::move(command));
  return ordered.ok() ? wait(started) : ordered;
}

Status ClientCore::robot_ping_turbo(Timeout turbo, uint32_t count_max) {
  const Timeout keepalive = state_.keepalive();
  if (keepalive == Timeout::zero()) {
    return {StatusCode::not_running, "the client has no robot; call robot() first"};
  }
  const RobotOptions options{.keepalive = keepalive, .turbo = turbo, .turbo_count_max = count_max};
  if (Status status = options.validate(); !status.ok()) return status;
  auto change = std::make_unique<client::Turbo>(client::Turbo{turbo, count_max});
  Command command{.kind = Command::Kind::turbo, .turbo = std::move(change)};
  return order(std::move(command));
}

Status ClientCore::may_wait() const {
  if (!loop_->on_loop_thread()) return {};
  return {StatusCode::invalid_argument,
          "this method waits, which a callback must not: use the one with a callback"};
}

Status ClientCore::order(Command command, const proto::PacketSpec* packet) {
  if (thread_.queue().post(source_, std::move(command), packet)) return {};
  return {StatusCode::not_running, "the client or its loop is being destroyed"};
}

Status ClientCore::post(const proto::PacketSpec& spec, Command command) {
  if (!state_.connected()) return not_connected();
  const size_t bytes = proto::packet_bytes(spec);
  if (!state_.reserve_bytes(bytes)) {
    return {StatusCode::overloaded,
            "ClientLoopOptions::queue_bytes_max bytes are waiting to be sent by this client"};
  }
  Status ordered = order(std::move(command), &spec);
  if (!ordered.ok()) state_.release_bytes(bytes);
  return ordered;
}

Status ClientCore::request(const proto::PacketSpec& spec, Timeout timeout,
                           Client::ReplyCallback done) {
  if (Status status = proto::check_packet(spec, base::kPayloadBytesMax); !status.ok()) {
    return status;
  }
  if (timeout < std::chrono::milliseconds(1)) {
    return {StatusCode::invalid_argument, "timeout: it must be at least 1 ms"};
  }
  Command command{.kind = Command::Kind::call, .type = spec.type};
  command.timeout = std::min(timeout, kTimeoutMax);
  command.done = std::move(done);
  if (command.done == nullptr) return post(spec, std::move(command));
  if (!state_.reserve_call()) {
    return {StatusCode::overloaded, "65535 requests of this client are waiting for a reply"};
  }
  Status status = post(spec, std::move(command));
  if (!status.ok()) state_.release_call();
  return status;
}

Status ClientCore::call(std::string_view url, const CallRequest& call, Client::ReplyCallback done) {
  if (Status status = check_url(url); !status.ok()) return status;
  const bool set = call.method == Method::set;
  const proto::PacketSpec spec{
      .type = proto::PacketType::rpc,
      .flags = set ? proto::kFlagSet : uint8_t{0},
      .url = url,
      .param = call.param,
      .data = call.data,
  };
  return request(spec, call.timeout, std::move(done));
}

Status ClientCore::answered_by_status(const proto::PacketSpec& spec, Client::DoneCallback done) {
  if (done == nullptr) return request(spec, kSubscribeTimeout, nullptr);
  return request(spec, kSubscribeTimeout,
                 [done = std::move(done)](const Result<Reply>& reply) { done(outcome_of(reply)); });
}

Status ClientCore::subscription(proto::PacketType type, std::string_view url,
                                Client::DoneCallback done) {
  if (Status status = check_url(url); !status.ok()) return status;
  return answered_by_status({.type = type, .url = url},
                            remembering(type, {std::string(url)}, std::move(done)));
}

Client::DoneCallback ClientCore::remembering(proto::PacketType type, std::vector<std::string> urls,
                                             Client::DoneCallback done) {
  if (state_.keepalive() == Timeout::zero()) return done;
  return [this, type, urls = std::move(urls), done = std::move(done)](const Status& status) {
    const Status outcome = status.ok() ? session_.on_subscribed(type, urls) : status;
    if (done) done(outcome);
  };
}

Status ClientCore::subscription(proto::PacketType type, const std::vector<std::string>& urls,
                                Client::DoneCallback done) {
  if (urls.empty()) {  // D4, D15: servers disagree what that means
    return {StatusCode::invalid_argument, "the list of urls is empty"};
  }
  for (const std::string& url : urls) {
    if (Status status = check_url(url); !status.ok()) return status;
  }
  // Without a UDP port there was no flag that could have come back.
  if (state_.mirrors_flags() || state_.quick() == client::Quick::off) {
    return send_next(std::make_shared<UrlList>(
        UrlList{.type = type, .urls = {urls.rbegin(), urls.rend()}, .done = std::move(done)}));
  }
  const std::string list = proto::json_list(urls);
  return answered_by_status({.type = type, .param = list},
                            remembering(type, urls, std::move(done)));
}

Status ClientCore::send_next(const std::shared_ptr<UrlList>& list) {
  std::string url = std::move(list->urls.back());
  list->urls.pop_back();
  ++list->out;
  const auto answered = [this, list](const Status& status) { on_listed(list, status); };
  Status sent = answered_by_status({.type = list->type, .url = url},
                                   remembering(list->type, {url}, answered));
  if (sent.ok()) return sent;  // it may be the loop's now
  --list->out;
  list->urls.push_back(std::move(url));
  return sent;
}

// On the loop's thread, as all sends but the first: the list belongs to one thread at a time.
void ClientCore::on_listed(const std::shared_ptr<UrlList>& list, const Status& status) {
  --list->out;
  if (list->outcome.ok()) list->outcome = status;
  while (!list->urls.empty() && list->out < client::kAsksMax) {
    const Status sent = send_next(list);
    if (sent.ok()) continue;
    if (sent.code() == StatusCode::overloaded && list->out > 0) return;  // with the next answer
    if (list->outcome.ok()) list->outcome = sent;
    list->urls.clear();
  }
  if (list->out == 0 && list->done) list->done(list->outcome);
}

Status ClientCore::unsubscribe_all(Client::DoneCallback done) {
  constexpr auto kType = proto::PacketType::unsubscribe;
  if (state_.mirrors_flags()) {  // D14
    return {StatusCode::unsupported,
            "a server like the official Go one takes that for \"/\"; name the urls instead"};
  }
  return answered_by_status({.type = kType}, remembering(kType, {}, std::move(done)));
}

Status ClientCore::ping(Timeout timeout, Client::ReplyCallback done) {
  return request({.type = proto::PacketType::pingecho}, timeout, std::move(done));
}

Status ClientCore::noop() {
  const proto::PacketSpec spec{.type = proto::PacketType::noop};
  return post(spec, {.kind = Command::Kind::send, .type = spec.type});
}

Result<Stream> ClientCore::create_stream(uint32_t tunnel_id, StreamOptions options) {
  if (tunnel_id < 1 || tunnel_id > 65'535) {
    return Status(
        StatusCode::invalid_argument,
        "tunnel id " + std::to_string(tunnel_id) +
            ": it must be 1..65535, as Reply::tunnel_id of an answer that offers a stream");
  }
  if (Status status = options.validate(); !status.ok()) return status;
  if (!state_.connected()) return not_connected();
  const auto channel =
      std::make_shared<StreamChannel>(static_cast<uint16_t>(tunnel_id), options.send_bytes_max);
  Command command{.kind = Command::Kind::stream};
  command.stream = std::make_unique<client::StreamRequest>();
  command.stream->channel = channel;
  command.stream->options = std::move(options);
  const Status ordered = order(std::move(command));
  return ordered.ok() ? Result<Stream>(Stream(channel)) : ordered;
}

Status ClientCore::datagram(std::string_view url, const PayloadView& payload, Channel channel) {
  if (Status status = check_url(url); !status.ok()) return status;
  const bool quick = channel == Channel::quick;
  const proto::PacketSpec spec{
      .type = proto::PacketType::datagram,
      .url = url,
      .param = payload.param,
      .data = payload.data,
  };
  const size_t bytes_max = quick ? base::kQuickPayloadBytesMax : base::kPayloadBytesMax;
  if (Status status = proto::check_packet(spec, bytes_max); !status.ok()) return status;
  if (!quick) return post(spec, {.kind = Command::Kind::send, .type = spec.type});
  if (!state_.connected()) return not_connected();
  if (state_.quick() == client::Quick::no_id) {
    return {StatusCode::unsupported, "the server gave no client id: it has no quick channel"};
  }
  if (state_.quick() == client::Quick::off) {
    return {StatusCode::invalid_argument, "quick: connect with ConnectOptions::quick = true"};
  }
  if (state_.mirrors_flags() && proto::packet_bytes(spec) > kGoQuickPacketBytesMax) {
    return {
        StatusCode::invalid_argument,
        "a quick packet over 1024 bytes ends the quick channel of a server like the official Go "
        "one, for everybody (E8); send it on the normal one"};
  }
  return post(spec, {.kind = Command::Kind::send_quick, .type = spec.type});
}

}  // namespace ringroad
