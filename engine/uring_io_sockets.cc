// The verbs of UringIo that are plain system calls and need no ring.
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "engine/socket.h"
#include "engine/uring_io.h"

namespace ringroad::engine {

Result<Socket> UringIo::open(Transport transport, int family) {
  return open_socket(transport, family);
}

Status UringIo::set_option(Socket socket, SocketOption option, int value) {
  return set_socket_option(socket, option, value);
}

Status UringIo::steer(Socket socket, uint32_t offset, uint32_t members) {
  return steer_datagrams(socket, offset, members);
}

Status UringIo::bind(Socket socket, const Address& address) {
  return bind_socket(socket, address);
}

Status UringIo::listen(Socket socket, int backlog) {
  return listen_socket(socket, backlog);
}

Status UringIo::connect_datagram(Socket socket, const Address& peer) {
  return connect_socket(socket, peer);
}

Result<Address> UringIo::local_address(Socket socket) {
  return local_address_of(socket);
}

Result<Address> UringIo::peer_address(Socket socket) {
  return peer_address_of(socket);
}

int UringIo::send_to(Socket socket, std::span<const std::byte> bytes, const Address& to,
                     const Address* from) {
  return send_datagram(socket, bytes, to, from);
}

void UringIo::shutdown_send(Socket socket) {
  ::shutdown(socket.handle, SHUT_WR);
}

void UringIo::close(Socket socket) {
  CHECK(socket.valid());
  ::close(socket.handle);
}

}  // namespace ringroad::engine
