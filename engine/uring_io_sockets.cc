// The verbs of UringIo that are plain system calls. Only accepted sockets can be direct; whoever
// gives one to a verb of set-up has mixed something up.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "engine/socket.h"
#include "engine/uring_io.h"

namespace ringroad::engine {

uint32_t direct_slots_max() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  constexpr rlim_t kTableMax = 1U << 20;  // the kernel's (IORING_MAX_FIXED_FILES)
  return static_cast<uint32_t>(std::min<rlim_t>(limit.rlim_cur, kTableMax));
}

/// Answers call(socket). A direct socket has no descriptor, which system calls want: it gets one
/// while the call runs.
template <typename Call>
auto UringIo::with_descriptor(Socket socket, Call call) -> decltype(call(socket)) {
  if (!is_direct(socket)) return call(socket);
  const int descriptor = install(socket);
  if (descriptor < 0) return system_status("a descriptor for a direct socket", -descriptor);
  auto answer = call(Socket{descriptor});
  give_back(descriptor);
  return answer;
}

Result<Socket> UringIo::open(Transport transport, int family) {
  return open_socket(transport, family);
}

Status UringIo::set_option(Socket socket, SocketOption option, int value) {
  return with_descriptor(socket,
                         [&](Socket plain) { return set_socket_option(plain, option, value); });
}

Status UringIo::steer(Socket socket, uint32_t offset, uint32_t members) {
  CHECK(!is_direct(socket));
  return steer_datagrams(socket, offset, members);
}

Status UringIo::bind(Socket socket, const Address& address) {
  CHECK(!is_direct(socket));
  return bind_socket(socket, address);
}

Status UringIo::listen(Socket socket, int backlog) {
  CHECK(!is_direct(socket));
  return listen_socket(socket, backlog);
}

Status UringIo::connect_datagram(Socket socket, const Address& peer) {
  CHECK(!is_direct(socket));
  return connect_socket(socket, peer);
}

Result<Address> UringIo::local_address(Socket socket) {
  return with_descriptor(socket, local_address_of);
}

Result<Address> UringIo::peer_address(Socket socket) {
  return with_descriptor(socket, peer_address_of);
}

Status UringIo::bind_to_interface(Socket socket, std::string_view name) {
  CHECK(!is_direct(socket));
  return bind_socket_to_interface(socket, name);
}

std::optional<uint64_t> UringIo::acknowledged_bytes(Socket socket) {
  const Result<uint64_t> bytes = with_descriptor(socket, acknowledged_bytes_of);
  if (!bytes.ok()) return std::nullopt;
  return *bytes;
}

int UringIo::send_to(Socket socket, std::span<const std::byte> bytes, const Address& to,
                     const Address* from) {
  CHECK(!is_direct(socket));
  return send_datagram(socket, bytes, to, from);
}

void UringIo::shutdown(Socket socket) {
  const Status status = shut_down(socket, SHUT_RDWR);
  // A shut down UDP socket does not end a receive that is armed on it, and a direct one may have got
  // no descriptor to be shut down by. Not for every direct one: to cancel by socket is to walk over
  // all that is armed on the ring, and when thousands of clients end at once each of them would.
  if (is_direct(socket) ? !status.ok() : is_datagram(socket)) cancel_all(socket);
}

void UringIo::shutdown_send(Socket socket) {
  (void)shut_down(socket, SHUT_WR);  // without it the peer hears of the end when it is closed
}

/// Fails only if there was no descriptor to do it by.
Status UringIo::shut_down(Socket socket, int how) {
  return with_descriptor(socket, [how](Socket plain) {
    ::shutdown(plain.handle, how);  // ENOTCONN: the peer has done it
    return Status();
  });
}

}  // namespace ringroad::engine
