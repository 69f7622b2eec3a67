// What only the kernel's own tcp_info has; that of the C library, which socket.cc includes, ends before
// it, and the two headers exclude each other.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

#include "engine/socket.h"

namespace ringroad::engine {

Result<uint64_t> acknowledged_bytes_of(Socket socket) {
  tcp_info info = {};
  socklen_t length = sizeof info;
  if (::getsockopt(socket.handle, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
    return system_status("getsockopt TCP_INFO", errno);
  }
  const bool told = length >= offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
  if (told) return uint64_t{info.tcpi_bytes_acked};
  return Status(StatusCode::unsupported, "this kernel's TCP_INFO has no tcpi_bytes_acked");
}

}  // namespace ringroad::engine
