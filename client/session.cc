#include "client/session.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "client/session_loop.h"

namespace ringroad::client {
namespace {

Status not_connected() {
  return {StatusCode::not_running, "the client is not connected"};
}

std::chrono::milliseconds milliseconds_of(engine::Duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

/// A queued packet gets its seqno when it is sent: only the loop knows which are free.
void set_seqno(std::span<std::byte> packet, uint32_t seqno) {
  CHECK(packet.size() >= base::kHeaderBytes);
  for (size_t i = 0; i < sizeof(seqno); ++i) {
    packet[proto::kSeqnoOffset + i] = static_cast<std::byte>(seqno >> (8 * (3 - i)));
  }
}

}  // namespace

Session::~Session() {
  CHECK(lookup_ == nullptr);
  CHECK(connection_ == nullptr);
  CHECK(request_ == nullptr);
  CHECK(robot_ == nullptr);
}

void Session::apply(Command& command, std::span<std::byte> packet, SessionLoop& home) {
  CHECK(home_ == nullptr || home_ == &home);
  home_ = &home;
  switch (command.kind) {
    case Command::Kind::connect:
      return connect(std::move(command.connect));
    case Command::Kind::robot:
      return start_robot(std::move(command.robot));
    case Command::Kind::turbo:
      if (robot_ != nullptr) robot_->set_turbo(command.turbo->period, command.turbo->count_max);
      return;
    case Command::Kind::disconnect:
      disconnect({StatusCode::cancelled, "the client was disconnected by its own program"});
      home_->close_streams(*this);  // also those that outlived a connection that was lost
      if (command.disconnected) command.disconnected(Status());
      return;
    case Command::Kind::send_timeout:
      if (connection_ != nullptr) connection_->set_send_timeout(state_.send_timeout());
      return;
    case Command::Kind::send:
      return send(packet, command.type == proto::PacketType::noop ? unanswered_seqno() : 0);
    case Command::Kind::send_quick:
      return send_quick(packet);
    case Command::Kind::call:
      return call(command, packet);
    case Command::Kind::stream:
      return open_stream(std::move(*command.stream));
  }
}

void Session::connect(std::unique_ptr<ConnectRequest> request) {
  CHECK(request != nullptr);
  if (const Status busy = idle(); !busy.ok()) {
    if (request->done) request->done(busy);
    return;
  }
  request_ = std::move(request);
  const Status status = begin();
  if (status.ok()) return home_->attach(*this);
  const std::unique_ptr<ConnectRequest> failed = std::move(request_);
  if (failed->done) failed->done(status);
}

/// ok, or what the client does already.
Status Session::idle() const {
  if (state_.closed()) {  // by a thread that was faster than the queue
    return {StatusCode::not_running, "the client was closed for good by close()"};
  }
  const char* state = nullptr;
  if (robot_ != nullptr) {
    state = "the client has a robot, which connects by itself; disconnect() ends it";
  } else if (phase_ == Phase::resolving || phase_ == Phase::connecting) {
    state = "the client is already connecting";
  } else if (phase_ != Phase::idle) {
    state = "the client is already connected";
  }
  return state == nullptr ? Status() : Status(StatusCode::invalid_argument, state);
}

/// An attempt to connect to whom request_ says. One deadline for all of it.
Status Session::begin() {
  CHECK(phase_ == Phase::idle);
  Status status = request_->server.address.valid() ? open() : resolve();
  if (status.ok()) home_->loop().start_timer(deadline_, request_->timeout);
  return status;
}

Status Session::resolve() {
  CHECK(lookup_ == nullptr);
  LoopLookup::Handler& handler = *this;
  Result<std::unique_ptr<LoopLookup>> lookup = make_lookup(
      home_->loop(), handler, request_->server.name, milliseconds_of(request_->timeout));
  if (!lookup.ok()) return lookup.status();
  lookup_ = std::move(*lookup);
  phase_ = Phase::resolving;
  lookup_->start();
  return {};
}

void Session::on_lookup(const Result<engine::Address>& server) {
  CHECK(request_ != nullptr);
  if (!server.ok()) return leave(ServerConnection::Ending::abort, server.status());
  home_->retire(std::move(lookup_));
  request_->server.address = *server;
  const Status status = open();
  if (!status.ok()) leave(ServerConnection::Ending::abort, status);
}

Status Session::open() {
  CHECK(connection_ == nullptr);
  ServerConnection::Handler& handler = *this;
  auto connection =
      std::make_unique<ServerConnection>(home_->loop(), handler, request_->server.address);
  const auto udp =
      request_->quick ? ServerConnection::UdpSocket::wanted : ServerConnection::UdpSocket::none;
  Status status = connection->open(udp, request_->keepalive);
  if (!status.ok()) {
    home_->retire(std::move(connection));
    return status;
  }
  connection_ = std::move(connection);
  phase_ = Phase::connecting;
  return {};
}

void Session::on_connected() {
  CHECK(request_ != nullptr);
  connection_->set_send_timeout(state_.send_timeout());
  const std::string param = login_param(request_->password);
  const uint16_t port = connection_->udp_port();
  push({
      .type = proto::PacketType::servinfo,
      .flags = port == 0 ? uint8_t{0} : proto::kFlagTunnel,
      .tunnel_id = port,
      .param = param,
  });
}

/// What we say by ourselves: not reserved, but counted.
void Session::push(const proto::PacketSpec& spec) {
  const size_t bytes = proto::packet_bytes(spec);
  proto::encode(spec, home_->writer().prepare(bytes));
  state_.add_bytes(bytes);
  unsent_bytes_ += bytes;
  connection_->push(home_->writer().commit(bytes));
}

void Session::on_handshake(const Handshake& answer) {
  CHECK(request_ != nullptr);
  if (!answer.status.ok()) return leave(ServerConnection::Ending::abort, answer.status);
  home_->loop().stop_timer(deadline_);
  state_.set_server(answer, quick_of(answer));
  const std::unique_ptr<ConnectRequest> request = std::move(request_);
  if (robot_ != nullptr) {
    phase_ = Phase::restoring;
    const bool lists = !state_.mirrors_flags() && state_.quick() != Quick::off;  // D2
    return robot_->on_handshake(lists ? Restorer::ListForm::list : Restorer::ListForm::one_by_one);
  }
  announce();
  if (request->done) request->done(Status());
}

void Session::announce() {
  phase_ = Phase::ready;
  state_.set_connected();
  if (state_.handlers.connect) state_.handlers.connect(true, state_.info());
}

Quick Session::quick_of(const Handshake& answer) {
  if (!request_->quick) return Quick::off;
  if (!answer.id.has_value()) return Quick::no_id;
  const uint16_t port = answer.quick_port;
  if (port == 0 || port == connection_->server().port()) return Quick::ready;
  return connection_->use_quick_port(port).ok() ? Quick::ready : Quick::no_id;
}

void Session::on_message(const proto::PacketView& packet, Channel channel) {
  const bool publish = packet.header.type == proto::PacketType::publish;
  if (publish && robot_ != nullptr) robot_->on_publish(packet.url);
  const Client::MessageHandler& handler = publish ? state_.handlers.message : state_.handlers.data;
  if (handler) handler(packet.url, {.param = packet.param, .data = packet.data}, channel);
}

void Session::on_reply(const proto::PacketView& packet) {
  if (robot_ != nullptr) robot_->on_reply();
  (void)calls_.complete(packet);  // nobody waits: ignored (C9, W22)
}

void Session::open_stream(StreamRequest request) {
  const uint16_t port = Stream(request.channel).tunnel_id();
  ClientStream& stream = home_->add_stream(*this, std::move(request));
  if (!ready()) return stream.close();
  stream.connect(connection_->server().with_port(port));
}

void Session::send(std::span<std::byte> packet, uint32_t seqno) {
  if (!ready()) return state_.release_bytes(packet.size());
  set_seqno(packet, seqno);
  unsent_bytes_ += packet.size();
  connection_->push(home_->writer().copy(packet));
}

void Session::send_quick(std::span<std::byte> packet) {
  if (ready() && state_.quick() == Quick::ready) {
    set_seqno(packet, state_.id());
    (void)connection_->send_quick(packet);  // a full socket drops: that is what quick means
  }
  state_.release_bytes(packet.size());
}

void Session::call(Command& command, std::span<std::byte> packet) {
  if (command.done == nullptr) return send(packet, unanswered_seqno());
  if (!ready()) {
    state_.release_bytes(packet.size());
    state_.release_call();
    return command.done(not_connected());
  }
  const auto seqno = calls_.add(command.type, command.timeout, std::move(command.done));
  CHECK(seqno.has_value());  // SharedState reserved it
  send(packet, *seqno);
  if (robot_ != nullptr) robot_->on_request();
}

uint32_t Session::unanswered_seqno() {
  if (++unanswered_ == 0) unanswered_ = 1;
  return uint32_t{unanswered_} << 16;
}

void Session::on_sent(size_t bytes) {
  CHECK(bytes <= unsent_bytes_);
  unsent_bytes_ -= bytes;
  state_.release_bytes(bytes);
}

void Session::on_end(const Status& cause) {
  const bool silent = request_ != nullptr && cause.code() == StatusCode::not_running;
  if (!silent) return leave(ServerConnection::Ending::abort, cause);
  leave(ServerConnection::Ending::abort,
        {StatusCode::bad_response,
         cause.message() + " before it had answered the handshake: is this a VSOA server?"});
}

void Session::on_connect_timeout() {
  CHECK(request_ != nullptr);
  const auto limit = milliseconds_of(request_->timeout);
  if (phase_ == Phase::resolving) {
    return leave(ServerConnection::Ending::abort, lookup_->overdue(limit));
  }
  const bool established = connection_->established();
  const char* missing = established ? "no answer to the handshake from " : "no TCP connection to ";
  leave(ServerConnection::Ending::abort,
        {established ? StatusCode::timed_out : StatusCode::unreachable,
         missing + connection_->server().to_string() + " within " + std::to_string(limit.count()) +
             " ms"});
}

void Session::disconnect(const Status& cause) {
  if (phase_ != Phase::idle) leave(ServerConnection::Ending::flush, cause);
  stop_robot();
}

// The one way out of every phase but idle. Everything is idle before the first callback runs.
void Session::leave(ServerConnection::Ending ending, const Status& cause) {
  CHECK(phase_ != Phase::idle);
  const bool was_ready = ready();
  const bool ours = cause.code() == StatusCode::cancelled;
  phase_ = Phase::idle;
  home_->loop().stop_timer(deadline_);
  // Nothing of a handshake is worth waiting for.
  const std::optional<std::chrono::milliseconds> linger = state_.linger();
  const bool discard = !was_ready || (linger.has_value() && linger->count() == 0);  // V64
  if (lookup_ != nullptr) home_->retire(std::move(lookup_));
  if (connection_ != nullptr) {
    connection_->detach(discard ? ServerConnection::Ending::abort : ending);
    if (linger.has_value() && !discard) connection_->limit_flush(*linger);
    home_->retire(std::move(connection_));
  }
  if (robot_ == nullptr) hook_.unlink();
  const std::unique_ptr<ConnectRequest> request = std::move(request_);
  state_.release_bytes(std::exchange(unsent_bytes_, 0));
  state_.set_disconnected();
  if (robot_ != nullptr) {
    robot_->on_ending();
    state_.set_robot_status(cause);
  }
  ours ? home_->close_streams(*this) : home_->wind_down_streams(*this);
  calls_.fail_all(ours ? cause : Status(StatusCode::not_running, cause.message()));
  if (was_ready && state_.handlers.connect) state_.handlers.connect(false, {});
  if (request != nullptr && request->done) request->done(cause);
  if (robot_ != nullptr && !ours) robot_->on_down();
  if (robot_ == nullptr) state_.end_run(ours ? Status() : cause);
}

void Session::start_robot(std::unique_ptr<RobotRequest> request) {
  const Client::DoneCallback done = std::move(request->done);
  if (const Status busy = idle(); !busy.ok()) return done(busy);
  state_.set_keepalive(request->options.keepalive);
  SessionRobot::Host& host = *this;
  robot_ = std::make_unique<SessionRobot>(host, std::move(*request));
  home_->attach(*this);
  state_.set_robot_status({StatusCode::not_running, "connecting for the first time"});
  robot_->start();
  done(Status());
}

void Session::stop_robot() {
  if (robot_ == nullptr) return;
  robot_.reset();
  state_.set_keepalive({});
  state_.set_robot_status({});
  hook_.unlink();
  state_.end_run({});
}

Status Session::on_subscribed(proto::PacketType type, const std::vector<std::string>& urls) {
  return robot_ != nullptr ? robot_->on_subscribed(type, urls) : Status();
}

void Session::robot_connect(std::unique_ptr<ConnectRequest> request) {
  request_ = std::move(request);
  const Status status = begin();
  if (status.ok()) return;
  request_.reset();
  state_.set_robot_status(status);
  robot_->on_down();
}

bool Session::robot_request(proto::PacketSpec spec, engine::Duration timeout,
                            CallTable::Done done) {
  CHECK(phase_ == Phase::restoring || phase_ == Phase::ready);
  if (!state_.reserve_call()) return false;
  const auto seqno = calls_.add(spec.type, timeout, std::move(done));
  CHECK(seqno.has_value());
  spec.seqno = *seqno;
  push(spec);
  return true;
}

void Session::robot_noop() {
  push({.type = proto::PacketType::noop, .seqno = unanswered_seqno()});
}

void Session::robot_restored() {
  state_.set_robot_status({});
  announce();
  robot_->on_announced();
}

void Session::robot_value(std::string_view url, const PayloadView& payload) {
  if (state_.handlers.message) state_.handlers.message(url, payload, Channel::normal);
}

void Session::robot_cut(const Status& cause) {
  leave(ServerConnection::Ending::abort, cause);
}

void Session::start_timer(engine::Timer& timer, engine::Duration delay) {
  home_->loop().start_timer(timer, delay);
}

void Session::stop_timer(engine::Timer& timer) {
  home_->loop().stop_timer(timer);
}

}  // namespace ringroad::client
