#include "engine/listener.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"

namespace ringroad::engine {
namespace {

constexpr int kBacklog = 4'096;      // the kernel cuts it to net.core.somaxconn
constexpr int kPrivateBacklog = 16;  // strangers, and the one that is waited for
// Out of descriptors or memory: the connections wait in the backlog meanwhile.
constexpr Duration kRetryDelay = std::chrono::milliseconds(100);

}  // namespace

Result<Socket> open_bound(Io& io, Transport transport, const Address& address, PortUse use,
                          std::string_view interface) {
  Result<Socket> socket = io.open(transport, address.family());
  if (!socket.ok()) return socket;
  Status status;
  if (transport == Transport::tcp) {
    status = io.set_option(*socket, SocketOption::reuse_address, 1);
    if (status.ok())
      status = io.set_option(*socket, SocketOption::no_delay, 1);  // accepted ones inherit it
  }
  if (status.ok() && use == PortUse::shared)
    status = io.set_option(*socket, SocketOption::reuse_port, 1);
  const bool takes_v4 = address.is_wildcard() || address.is_v4_mapped();
  if (status.ok() && address.family() == AF_INET6 && takes_v4)
    status = io.set_option(*socket, SocketOption::v6_only, 0);
  if (status.ok() && !interface.empty()) status = io.bind_to_interface(*socket, interface);
  if (status.ok()) status = io.bind(*socket, address);
  if (!status.ok()) {
    io.close(*socket);
    return status;
  }
  return socket;
}

namespace {

Result<Socket> listening_socket(Io& io, const Address& address, PortUse use, int backlog,
                                std::string_view interface) {
  Result<Socket> socket = open_bound(io, Transport::tcp, address, use, interface);
  if (!socket.ok()) return socket;
  const Status status = io.listen(*socket, backlog);
  if (status.ok()) return socket;
  io.close(*socket);
  return status;
}

}  // namespace

Result<Socket> open_listener(Io& io, const Address& address, PortUse use,
                             std::string_view interface) {
  return listening_socket(io, address, use, kBacklog, interface);
}

Status share_port(Io& io, Socket socket) {
  return io.set_option(socket, SocketOption::reuse_port, 1);
}

Result<Socket> open_private_listener(Io& io, const Address& address, std::string_view interface) {
  return listening_socket(io, address, PortUse::exclusive, kPrivateBacklog, interface);
}

Listener::Listener(Loop& loop, Socket socket, Handler& handler)
    : loop_(loop), handler_(handler), socket_(socket) {
  CHECK(socket.valid());
}

Listener::~Listener() {
  CHECK(closed());
}

void Listener::start() {
  CHECK(state_ == State::idle);
  state_ = State::open;
  loop_.io().accept(socket_, accept_);
}

void Listener::stop() {
  if (state_ != State::open) return;
  state_ = State::stopping;
  loop_.stop_timer(retry_);
  loop_.io().cancel(accept_);
  close_if_quiet();
}

void Listener::on_accept(IoEvent& event) {
  if (event.result >= 0) {
    handler_.on_accept(Socket{event.result});
  } else if (state_ == State::open) {
    failures_.add();
    // A connection that was reset in the backlog is nobody's fault; anything else needs time.
    if (event.result != -ECONNABORTED && !accept_.submitted()) {
      loop_.start_timer(retry_, kRetryDelay);
      return;
    }
  }
  if (state_ == State::open && !accept_.submitted()) loop_.io().accept(socket_, accept_);
  if (state_ == State::stopping) close_if_quiet();
}

void Listener::on_retry() {
  if (state_ == State::open && !accept_.submitted()) loop_.io().accept(socket_, accept_);
}

void Listener::close_if_quiet() {
  if (accept_.submitted()) return;
  loop_.io().close(socket_);
  state_ = State::closed;
}

}  // namespace ringroad::engine
