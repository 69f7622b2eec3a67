// socket.h — the synchronous system calls on sockets, with errors as sentences.
// Owner:  none: descriptors are the caller's.
// Thread: any, these are plain system calls.
// Fails:  a Status names the call, the address where there is one, and the cure where one is
//         known. Note: sockets are blocking on purpose: io_uring answers -EAGAIN on a
//         non-blocking one instead of waiting.
// Why here: every Io that stands on descriptors needs them alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/address.h"
#include "engine/io.h"
#include "ringroad/status.h"

namespace ringroad::engine {

/// "bind 127.0.0.1:80: Permission denied (…)", with the code that fits.
Status system_status(std::string_view call, int error);

Result<Socket> open_socket(Transport transport, int family);
Status set_socket_option(Socket socket, SocketOption option, int value);
Status steer_datagrams(Socket socket, uint32_t offset, uint32_t members);
Status bind_socket(Socket socket, const Address& address);
Status listen_socket(Socket socket, int backlog);
Status connect_socket(Socket socket, const Address& peer);
Result<Address> local_address_of(Socket socket);
Result<Address> peer_address_of(Socket socket);
/// SO_BINDTODEVICE.
Status bind_socket_to_interface(Socket socket, std::string_view name);
bool is_datagram(Socket socket);
/// tcp_progress.cc. TCP: bytes that the peer has acknowledged, ever; unsupported: this kernel does not say.
Result<uint64_t> acknowledged_bytes_of(Socket socket);

/// Bytes sent or -errno; never waits. `from` may be null.
int send_datagram(Socket socket, std::span<const std::byte> bytes, const Address& to,
                  const Address* from);
/// What an SO_RXQ_OVFL message tells; 0 if it is another one.
uint32_t drop_count_in(const cmsghdr& message);
/// The local address that an IP_PKTINFO or IPV6_PKTINFO message tells; invalid if it is another
/// message or an address that nobody can answer from.
Address local_address_in(const cmsghdr& message);

}  // namespace ringroad::engine
