#include "client/server_connection.h"

#include <cerrno>
#include <string>
#include <utility>

#include "base/check.h"
#include "engine/socket.h"
#include "proto/wire.h"

namespace ringroad::client {
namespace {

Status connect_failed(const engine::Address& server, int error) {
  Status status = engine::system_status("connect to " + server.to_string(), error);
  if (error == EADDRNOTAVAIL) {
    return {StatusCode::resource_exhausted,
            status.message() + ": no local port is left (sysctl net.ipv4.ip_local_port_range)"};
  }
  const bool unforeseen = status.code() == StatusCode::internal;
  return unforeseen ? Status(StatusCode::unreachable, status.message()) : status;
}

Status took_nothing(engine::Duration limit) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  return {StatusCode::timed_out, "the server took nothing of what was sent for " +
                                     std::to_string(time.count()) +
                                     " ms (Client::set_send_timeout())"};
}

Status lost(engine::CloseCause cause) {
  std::string text = cause == engine::CloseCause::peer ? "the server closed the connection"
                                                       : "the connection to the server broke";
  return {StatusCode::not_running, std::move(text)};
}

}  // namespace

ServerConnection::ServerConnection(engine::Loop& loop, Handler& handler,
                                   const engine::Address& server)
    : loop_(loop), handler_(&handler), server_(server), quick_server_(server), link_(handler) {
}

ServerConnection::~ServerConnection() {
  CHECK(closed());
}

Status ServerConnection::open(UdpSocket udp, std::chrono::seconds keepalive) {
  CHECK(!socket_.valid());
  engine::Io& io = loop_.io();
  Result<engine::Socket> socket = io.open(engine::Transport::tcp, server_.family());
  if (!socket.ok()) return socket.status();
  Status status = io.set_option(*socket, engine::SocketOption::no_delay, 1);
  if (status.ok() && keepalive.count() > 0) {
    status = io.set_option(*socket, engine::SocketOption::keepalive,
                           static_cast<int>(keepalive.count()));
  }
  if (status.ok() && udp == UdpSocket::wanted) status = open_udp();
  if (!status.ok()) {
    io.close(*socket);
    return status;
  }
  socket_ = *socket;
  io.connect(socket_, server_, connect_);
  return {};
}

// Connected before TCP is: its local port is what the handshake announces.
Status ServerConnection::open_udp() {
  engine::Io& io = loop_.io();
  Result<engine::Socket> socket = io.open(engine::Transport::udp, server_.family());
  if (!socket.ok()) return socket.status();
  Status status = io.connect_datagram(*socket, server_);
  if (status.ok()) {
    Result<engine::Address> local = io.local_address(*socket);
    status = local.status();
    if (local.ok()) udp_port_ = local->port();
  }
  if (!status.ok()) {
    io.close(*socket);
    return status;
  }
  engine::Datagram::Handler& handler = *this;
  datagram_.emplace(loop_, *socket, handler);
  datagram_->start();
  return {};
}

void ServerConnection::on_connect(engine::IoEvent& event) {
  const bool up = event.result >= 0;
  if (!up || handler_ == nullptr) {
    loop_.io().close(std::exchange(socket_, {}));
    if (handler_ != nullptr) end(connect_failed(server_, -event.result));
    return;
  }
  engine::Connection::Handler& handler = *this;
  connection_.emplace(loop_, std::exchange(socket_, {}), handler);
  connection_->start();
  handler_->on_connected();
}

void ServerConnection::push(engine::Slice packet) {
  CHECK(handler_ != nullptr);
  CHECK(established());
  outbox_.push(engine::Outbox::Lane::ordered, std::move(packet));
  connection_->flush_soon();
}

bool ServerConnection::send_quick(std::span<const std::byte> packet) {
  return datagram_.has_value() && datagram_->send(packet, quick_server_, nullptr);
}

Status ServerConnection::use_quick_port(uint16_t port) {
  CHECK(datagram_.has_value());
  const engine::Address address = server_.with_port(port);
  Status status = loop_.io().connect_datagram(datagram_->socket(), address);
  if (status.ok()) quick_server_ = address;
  return status;
}

void ServerConnection::set_priority(uint8_t priority) {
  const int traffic_class = proto::traffic_class(priority);
  engine::Io& io = loop_.io();
  using engine::SocketOption;
  if (connection_ && !tcp_closed_) {
    (void)io.set_option(connection_->socket(), SocketOption::traffic_class, traffic_class);
  }
  if (datagram_ && !datagram_->closed()) {
    (void)io.set_option(datagram_->socket(), SocketOption::traffic_class, traffic_class);
  }
}

void ServerConnection::set_send_timeout(engine::Duration timeout) {
  if (connection_ && !tcp_closed_) connection_->set_send_timeout(timeout);
}

void ServerConnection::limit_flush(engine::Duration time) {
  if (connection_ && !tcp_closed_) connection_->limit_flush(time);
}

void ServerConnection::detach(Ending ending) {
  handler_ = nullptr;
  link_.end();
  if (datagram_) datagram_->stop();
  if (connect_.submitted()) return loop_.io().cancel(connect_);
  if (!connection_ || tcp_closed_) return;
  if (ending == Ending::flush) {
    connection_->set_send_timeout({});  // a flush has limits of its own
    connection_->close_after_flush(engine::CloseCause::application);
  } else {
    connection_->terminate(engine::CloseCause::application);
  }
}

bool ServerConnection::closed() const {
  if (connect_.submitted() || socket_.valid()) return false;
  if (connection_ && !tcp_closed_) return false;
  return !datagram_ || datagram_->closed();
}

void ServerConnection::end(const Status& cause) {
  Handler* handler = handler_;
  CHECK(handler != nullptr);
  detach(Ending::abort);
  handler->on_end(cause);
}

size_t ServerConnection::on_bytes(std::span<const std::byte> bytes) {
  const Status status = link_.feed(bytes);
  if (!status.ok()) end(status);
  return bytes.size();
}

void ServerConnection::compose(engine::SendBatch& batch) {
  outbox_.compose(engine::Outbox::Gate::open, batch);
}

void ServerConnection::on_sent(size_t bytes) {
  if (handler_ != nullptr) handler_->on_sent(bytes);
  if (!outbox_.drained()) connection_->flush_soon();
}

void ServerConnection::on_closed(engine::CloseCause cause) {
  tcp_closed_ = true;
  outbox_.clear();
  if (handler_ == nullptr) return;
  const bool stalled = cause == engine::CloseCause::stalled;
  end(stalled ? took_nothing(connection_->send_timeout()) : lost(cause));
}

void ServerConnection::on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                                   const engine::Address& /*to*/) {
  // For a connected socket the kernel has seen to that already; not every Io is a kernel.
  if (from.same_ip(server_)) link_.feed_datagram(bytes);
}

}  // namespace ringroad::client
