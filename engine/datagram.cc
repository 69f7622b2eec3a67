#include "engine/datagram.h"

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "engine/listener.h"

namespace ringroad::engine {

Result<Socket> open_datagram(Io& io, const Address& address, PortUse use,
                             std::string_view interface) {
  Result<Socket> socket = open_bound(io, Transport::udp, address, use, interface);
  if (!socket.ok()) return socket;
  Status status = io.set_option(*socket, SocketOption::packet_info, 1);
  if (status.ok()) status = io.set_option(*socket, SocketOption::drop_count, 1);
  if (status.ok()) return socket;
  io.close(*socket);
  return status;
}

Datagram::Datagram(Loop& loop, Socket socket, Handler& handler)
    : loop_(loop), handler_(handler), socket_(socket) {
  CHECK(socket.valid());
}

Datagram::~Datagram() {
  CHECK(closed());
}

void Datagram::start() {
  CHECK(state_ == State::idle);
  state_ = State::open;
  loop_.io().recv_from(socket_, recv_);
}

void Datagram::stop() {
  if (state_ != State::open) return;
  state_ = State::stopping;
  loop_.io().cancel(recv_);
  close_if_quiet();
}

bool Datagram::send(std::span<const std::byte> bytes, const Address& to, const Address* from) {
  if (state_ != State::open) return false;
  return loop_.io().send_to(socket_, bytes, to, from) >= 0;
}

void Datagram::on_recv(IoEvent& event) {
  if (event.result >= 0 && state_ == State::open) {
    loop_.count_bytes(static_cast<size_t>(event.result));
    // The kernel's count may wrap, a difference does not mind.
    if (event.dropped != 0 && event.dropped != dropped_) {
      handler_.on_overrun(event.dropped - std::exchange(dropped_, event.dropped));
    }
    handler_.on_datagram(event.lease.bytes(), event.from, event.to);
  } else if (state_ == State::open && event.result != -ENOBUFS) {
    handler_.on_error(-event.result);
  }
  event.lease.reset();
  if (recv_.submitted()) return;
  if (state_ == State::open) {
    loop_.io().recv_from(socket_, recv_);
  } else {
    close_if_quiet();
  }
}

void Datagram::close_if_quiet() {
  if (recv_.submitted() || state_ != State::stopping) return;
  loop_.io().close(socket_);
  state_ = State::closed;
}

}  // namespace ringroad::engine
