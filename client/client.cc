#include "ringroad/client.h"

#include <utility>

#include "client/client_core.h"
#include "client/waiter.h"

namespace ringroad {
namespace {

using client::Waiter;

/// Starts something that answers with a Status, and waits for it.
template <typename Start>
Status wait_for_status(ClientCore& core, Start start) {
  Status status = core.may_wait();
  if (!status.ok()) return status;
  Waiter<Status> waiter;
  status = start([&waiter](const Status& answer) { waiter.set(answer); });
  return status.ok() ? core.wait(waiter) : status;
}

/// The same for a reply.
template <typename Start>
Result<Reply> wait_for_reply(ClientCore& core, Start start) {
  Status status = core.may_wait();
  if (!status.ok()) return status;
  Waiter<Result<Reply>> waiter;
  status = start([&waiter](const Result<Reply>& answer) { waiter.set(answer); });
  return status.ok() ? core.wait(waiter) : Result<Reply>(status);
}

}  // namespace

Client::Client()
    : core_(std::make_shared<ClientCore>(std::make_shared<ClientLoopCore>(ClientLoopOptions()))) {
}

Client::Client(ClientLoop& loop) : core_(std::make_shared<ClientCore>(loop.core())) {
}

Client::~Client() = default;

void Client::on_connect(ConnectHandler handler) {
  core_->state().handlers.connect = std::move(handler);
}

void Client::on_message(MessageHandler handler) {
  core_->state().handlers.message = std::move(handler);
}

void Client::on_data(MessageHandler handler) {
  core_->state().handlers.data = std::move(handler);
}

Status Client::connect(std::string_view url, ConnectOptions options) {
  return wait_for_status(
      *core_, [&](DoneCallback done) { return core_->connect(url, options, std::move(done)); });
}

Status Client::connect_async(std::string_view url, ConnectOptions options, DoneCallback done) {
  return core_->connect(url, options, std::move(done));
}

void Client::disconnect() {
  core_->disconnect();
}

Status Client::robot(std::string_view url, RobotOptions options) {
  return core_->robot(url, std::move(options));
}

void Client::close() {
  core_->close();
}

Status Client::run() {
  return core_->run();
}

Status Client::linger(std::chrono::milliseconds time) {
  return core_->linger(time);
}

Status Client::set_send_timeout(std::chrono::milliseconds time) {
  return core_->set_send_timeout(time);
}

size_t Client::pendings() const {
  return core_->state().calls();
}

Status Client::robot_status() const {
  return core_->state().robot_status();
}

Status Client::robot_ping_turbo(std::chrono::milliseconds turbo, uint32_t count_max) {
  return core_->robot_ping_turbo(turbo, count_max);
}

bool Client::connected() const {
  return core_->state().connected();
}

std::string Client::server_info() const {
  return core_->state().info();
}

bool Client::mirrors_flags() const {
  return core_->state().mirrors_flags();
}

uint32_t Client::id() const {
  return core_->state().id();
}

bool Client::has_id() const {
  return core_->state().has_id();
}

Result<Reply> Client::fetch(std::string_view url, const CallRequest& request) {
  return wait_for_reply(
      *core_, [&](ReplyCallback done) { return core_->call(url, request, std::move(done)); });
}

Status Client::call(std::string_view url, const CallRequest& request, ReplyCallback done) {
  return core_->call(url, request, std::move(done));
}

Status Client::subscribe(std::string_view url) {
  return wait_for_status(*core_,
                         [&](DoneCallback done) { return subscribe_async(url, std::move(done)); });
}

Status Client::subscribe(const std::vector<std::string>& urls) {
  return wait_for_status(*core_,
                         [&](DoneCallback done) { return subscribe_async(urls, std::move(done)); });
}

Status Client::subscribe_async(std::string_view url, DoneCallback done) {
  return core_->subscription(proto::PacketType::subscribe, url, std::move(done));
}

Status Client::subscribe_async(const std::vector<std::string>& urls, DoneCallback done) {
  return core_->subscription(proto::PacketType::subscribe, urls, std::move(done));
}

Status Client::unsubscribe(std::string_view url) {
  return wait_for_status(
      *core_, [&](DoneCallback done) { return unsubscribe_async(url, std::move(done)); });
}

Status Client::unsubscribe(const std::vector<std::string>& urls) {
  return wait_for_status(
      *core_, [&](DoneCallback done) { return unsubscribe_async(urls, std::move(done)); });
}

Status Client::unsubscribe_async(std::string_view url, DoneCallback done) {
  return core_->subscription(proto::PacketType::unsubscribe, url, std::move(done));
}

Status Client::unsubscribe_async(const std::vector<std::string>& urls, DoneCallback done) {
  return core_->subscription(proto::PacketType::unsubscribe, urls, std::move(done));
}

Status Client::unsubscribe_all() {
  return wait_for_status(*core_,
                         [&](DoneCallback done) { return unsubscribe_all_async(std::move(done)); });
}

Status Client::unsubscribe_all_async(DoneCallback done) {
  return core_->unsubscribe_all(std::move(done));
}

Result<std::chrono::nanoseconds> Client::ping(std::chrono::milliseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Clock::time_point end;
  const Result<Reply> reply = wait_for_reply(*core_, [&](ReplyCallback done) {
    return core_->ping(timeout, [&end, done = std::move(done)](const Result<Reply>& answer) {
      end = Clock::now();
      done(answer);
    });
  });
  if (!reply.ok()) return reply.status();
  if (reply->status != ReplyStatus::success) {  // F1
    return Status(StatusCode::bad_response, "the server answered a ping with status " +
                                                std::to_string(static_cast<int>(reply->status)));
  }
  return std::chrono::nanoseconds(end - begin);
}

Status Client::noop() {
  return core_->noop();
}

Status Client::datagram(std::string_view url, const PayloadView& payload, Channel channel) {
  return core_->datagram(url, payload, channel);
}

Result<Stream> Client::create_stream(uint32_t tunnel_id, StreamOptions options) {
  return core_->create_stream(tunnel_id, std::move(options));
}

size_t Client::pending_bytes() const {
  return core_->state().pending_bytes();
}

}  // namespace ringroad
