// socket_options_of.h — what the kernel has of one end of a connection in this process.
// Owner:  the test.   Thread: the test's.
// Fails:  -1 if there is no such socket (or the server uses direct descriptors).
// Why here: TOS and keepalive are seen by nobody else than the kernel.
#pragma once

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>

namespace ringroad::testing {

/// The port of an IPv4 or IPv6 address, else 0.
inline uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

/// The TCP socket whose own port is `local` and whose peer's is `remote`.
inline int socket_between(uint16_t local, uint16_t remote) {
  DIR* descriptors = ::opendir("/proc/self/fd");
  if (descriptors == nullptr) return -1;
  int found = -1;
  while (const dirent* entry = ::readdir(descriptors)) {
    const int descriptor = std::atoi(entry->d_name);
    sockaddr_storage own = {};
    sockaddr_storage peer = {};
    socklen_t size = sizeof own;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (port_of(own) != local || port_of(peer) != remote) continue;
    found = descriptor;
    break;
  }
  ::closedir(descriptors);
  return found;
}

/// Of socket_between() these.
inline int socket_option_of(uint16_t local, uint16_t remote, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  const int descriptor = socket_between(local, remote);
  return ::getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1;
}

}  // namespace ringroad::testing
