#include "client/session.h"

#include <algorithm>
#include <chrono>
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

/// A queued packet gets its seqno when it is sent: only the loop knows which are free.
void set_seqno(std::span<std::byte> packet, uint32_t seqno) {
  CHECK(packet.size() >= base::kHeaderBytes);
  for (size_t i = 0; i < sizeof(seqno); ++i) {
    packet[proto::kSeqnoOffset + i] = static_cast<std::byte>(seqno >> (8 * (3 - i)));
  }
}

}  // namespace

Session::~Session() {
  CHECK(connection_ == nullptr);
  CHECK(request_ == nullptr);
}

void Session::apply(Command& command, std::span<std::byte> packet, SessionLoop& home) {
  CHECK(home_ == nullptr || home_ == &home);
  home_ = &home;
  switch (command.kind) {
    case Command::Kind::connect:
      return connect(std::move(command.connect));
    case Command::Kind::disconnect:
      disconnect({StatusCode::cancelled, "the client was disconnected by its own program"});
      if (command.disconnected) command.disconnected(Status());
      return;
    case Command::Kind::send:
      return send(packet, command.type == proto::PacketType::noop ? unanswered_seqno() : 0);
    case Command::Kind::send_quick:
      return send_quick(packet);
    case Command::Kind::call:
      return call(command, packet);
  }
}

void Session::connect(std::unique_ptr<ConnectRequest> request) {
  CHECK(request != nullptr);
  if (connection_ != nullptr) {
    if (!request->done) return;
    const char* state = request_ != nullptr ? "the client is already connecting"
                                            : "the client is already connected";
    return request->done({StatusCode::invalid_argument, state});
  }
  ServerConnection::Handler& handler = *this;
  auto connection = std::make_unique<ServerConnection>(home_->loop(), handler, request->server);
  const auto udp =
      request->quick ? ServerConnection::UdpSocket::wanted : ServerConnection::UdpSocket::none;
  const Status status = connection->open(udp);
  if (!status.ok()) {
    home_->retire(std::move(connection));
    if (request->done) request->done(status);
    return;
  }
  connection_ = std::move(connection);
  request_ = std::move(request);
  home_->loop().start_timer(connect_timer_, request_->timeout);
  home_->attach(*this);
}

void Session::on_connected() {
  CHECK(request_ != nullptr);
  const std::string param = login_param(request_->password);
  const uint16_t port = connection_->udp_port();
  const proto::PacketSpec spec{
      .type = proto::PacketType::servinfo,
      .flags = port == 0 ? uint8_t{0} : proto::kFlagTunnel,
      .tunnel_id = port,
      .param = param,
  };
  const size_t bytes = proto::packet_bytes(spec);
  proto::encode(spec, home_->writer().prepare(bytes));
  state_.add_bytes(bytes);
  unsent_bytes_ += bytes;
  connection_->push(home_->writer().commit(bytes));
}

void Session::on_handshake(const Handshake& answer) {
  CHECK(request_ != nullptr);
  if (!answer.status.ok()) return leave(ServerConnection::Ending::abort, answer.status);
  home_->loop().stop_timer(connect_timer_);
  state_.set_connected(answer, quick_of(answer));
  const std::unique_ptr<ConnectRequest> request = std::move(request_);
  if (state_.handlers.connect) state_.handlers.connect(true, answer.info);
  if (request->done) request->done(Status());
}

Quick Session::quick_of(const Handshake& answer) {
  if (!request_->quick) return Quick::off;
  if (!answer.id.has_value()) return Quick::no_id;
  const uint16_t port = answer.quick_port;
  if (port == 0 || port == request_->server.port()) return Quick::ready;
  return connection_->use_quick_port(port).ok() ? Quick::ready : Quick::no_id;
}

void Session::on_message(const proto::PacketView& packet, Channel channel) {
  const bool publish = packet.header.type == proto::PacketType::publish;
  const Client::MessageHandler& handler = publish ? state_.handlers.message : state_.handlers.data;
  if (handler) handler(packet.url, {.param = packet.param, .data = packet.data}, channel);
}

void Session::on_reply(const proto::PacketView& packet) {
  (void)calls_.complete(packet);  // nobody waits: ignored (C9, W22)
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
  const bool established = connection_->established();
  const char* missing = established ? "no answer to the handshake from " : "no TCP connection to ";
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(request_->timeout);
  leave(ServerConnection::Ending::abort,
        {established ? StatusCode::timed_out : StatusCode::unreachable,
         missing + request_->server.to_string() + " within " + std::to_string(limit.count()) +
             " ms"});
}

void Session::disconnect(const Status& cause) {
  if (connection_ != nullptr) leave(ServerConnection::Ending::flush, cause);
}

// The one way out of connecting and ready. Everything is idle before the first callback runs.
void Session::leave(ServerConnection::Ending ending, const Status& cause) {
  CHECK(connection_ != nullptr);
  const bool was_ready = ready();
  const bool ours = cause.code() == StatusCode::cancelled;
  home_->loop().stop_timer(connect_timer_);
  // Nothing of a handshake is worth waiting for.
  connection_->detach(was_ready ? ending : ServerConnection::Ending::abort);
  home_->retire(std::move(connection_));
  hook_.unlink();
  const std::unique_ptr<ConnectRequest> request = std::move(request_);
  state_.release_bytes(std::exchange(unsent_bytes_, 0));
  state_.set_disconnected();
  calls_.fail_all(ours ? cause : Status(StatusCode::not_running, cause.message()));
  if (was_ready && state_.handlers.connect) state_.handlers.connect(false, {});
  if (request != nullptr && request->done) request->done(cause);
}

void Session::start_timer(engine::Timer& timer, engine::Duration delay) {
  home_->loop().start_timer(timer, delay);
}

void Session::stop_timer(engine::Timer& timer) {
  home_->loop().stop_timer(timer);
}

}  // namespace ringroad::client
