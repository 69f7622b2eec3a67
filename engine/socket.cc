#include "engine/socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"

#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51
#endif

namespace ringroad::engine {
namespace {

StatusCode code_of(int error) {
  switch (error) {
    case EADDRINUSE:
      return StatusCode::address_in_use;
    case EACCES:
    case EPERM:
      return StatusCode::no_permission;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return StatusCode::resource_exhausted;
    case EADDRNOTAVAIL:
    case EINVAL:
      return StatusCode::invalid_argument;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ENOPROTOOPT:
      return StatusCode::unsupported;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return StatusCode::unreachable;
    case ENOTCONN:
      return StatusCode::gone;
    default:
      return StatusCode::internal;
  }
}

std::string_view cure_of(int error) {
  switch (error) {
    case EADDRINUSE:
      return " (another program has this port; stop it or take another port)";
    case EACCES:
      return " (ports below 1024 need CAP_NET_BIND_SERVICE)";
    case EMFILE:
      return " (raise RLIMIT_NOFILE: LimitNOFILE= or ulimit -n)";
    case ENFILE:
      return " (raise the fs.file-max sysctl)";
    case EADDRNOTAVAIL:
      return " (no interface of this machine has this address)";
    case EAFNOSUPPORT:
      return " (this kernel has no IPv6)";
    default:
      return "";
  }
}

Status set_int(Socket socket, int level, int name, int value, std::string_view call) {
  if (::setsockopt(socket.handle, level, name, &value, sizeof value) == 0) return {};
  return system_status(call, errno);
}

int int_option(Socket socket, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(socket.handle, SOL_SOCKET, name, &value, &length) != 0) return -1;
  return value;
}

Status set_packet_info(Socket socket, int value) {
  if (int_option(socket, SO_DOMAIN) == AF_INET6) {
    return set_int(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, value, "setsockopt IPV6_RECVPKTINFO");
  }
  return set_int(socket, IPPROTO_IP, IP_PKTINFO, value, "setsockopt IP_PKTINFO");
}

/// A dual-stack socket may talk IPv4 as well, so it has both.
Status set_traffic_class(Socket socket, int value) {
  constexpr int kPriorityMax = 6;  // 7 needs CAP_NET_ADMIN
  Status status;
  if (int_option(socket, SO_DOMAIN) == AF_INET6) {
    status = set_int(socket, IPPROTO_IPV6, IPV6_TCLASS, value, "setsockopt IPV6_TCLASS");
    (void)set_int(socket, IPPROTO_IP, IP_TOS, value, "setsockopt IP_TOS");
  } else {
    status = set_int(socket, IPPROTO_IP, IP_TOS, value, "setsockopt IP_TOS");
  }
  if (!status.ok()) return status;
  const int priority = std::min(value >> 5, kPriorityMax);  // after IP_TOS, which sets one, too
  return set_int(socket, SOL_SOCKET, SO_PRIORITY, priority, "setsockopt SO_PRIORITY");
}

Status set_keepalive(Socket socket, int idle_seconds) {
  if (idle_seconds == 0) {
    return set_int(socket, SOL_SOCKET, SO_KEEPALIVE, 0, "setsockopt SO_KEEPALIVE");
  }
  constexpr int kProbes = 3;
  Status status =
      set_int(socket, IPPROTO_TCP, TCP_KEEPIDLE, idle_seconds, "setsockopt TCP_KEEPIDLE");
  if (status.ok()) {
    status = set_int(socket, IPPROTO_TCP, TCP_KEEPINTVL, idle_seconds, "setsockopt TCP_KEEPINTVL");
  }
  if (status.ok()) {
    status = set_int(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes, "setsockopt TCP_KEEPCNT");
  }
  if (!status.ok()) return status;
  return set_int(socket, SOL_SOCKET, SO_KEEPALIVE, 1, "setsockopt SO_KEEPALIVE");
}

using AddressCall = int (*)(int, sockaddr*, socklen_t*);

Result<Address> address_by(AddressCall call, Socket socket, std::string_view name) {
  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (call(socket.handle, address, &length) != 0) return system_status(name, errno);
  return Address::from_sockaddr(address, length);
}

/// The packet info message that makes `from` the source address.
class SourceMessage {
 public:
  SourceMessage(msghdr& header, const Address& from) {
    header.msg_control = bytes_.data();
    if (from.family() == AF_INET6) {
      sockaddr_in6 source;
      std::memcpy(&source, from.data(), sizeof source);
      in6_pktinfo info = {};
      info.ipi6_addr = source.sin6_addr;
      info.ipi6_ifindex = source.sin6_scope_id;
      put(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
    } else {
      sockaddr_in source;
      std::memcpy(&source, from.data(), sizeof source);
      in_pktinfo info = {};
      info.ipi_spec_dst = source.sin_addr;
      put(header, IPPROTO_IP, IP_PKTINFO, info);
    }
  }

 private:
  template <typename Info>
  void put(msghdr& header, int level, int type, const Info& info) {
    header.msg_controllen = CMSG_SPACE(sizeof info);
    cmsghdr* message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = level;
    message->cmsg_type = type;
    message->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(message), &info, sizeof info);
  }

  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes_ = {};
};

}  // namespace

Status system_status(std::string_view call, int error) {
  std::string text(call);
  text.append(": ").append(std::strerror(error)).append(cure_of(error));
  return Status(code_of(error), std::move(text));
}

Result<Socket> open_socket(Transport transport, int family) {
  const int type = transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
  const int descriptor = ::socket(family, type | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return system_status("socket", errno);
  return Socket{descriptor};
}

Status set_socket_option(Socket socket, SocketOption option, int value) {
  switch (option) {
    case SocketOption::reuse_address:
      return set_int(socket, SOL_SOCKET, SO_REUSEADDR, value, "setsockopt SO_REUSEADDR");
    case SocketOption::reuse_port:
      return set_int(socket, SOL_SOCKET, SO_REUSEPORT, value, "setsockopt SO_REUSEPORT");
    case SocketOption::no_delay:
      return set_int(socket, IPPROTO_TCP, TCP_NODELAY, value, "setsockopt TCP_NODELAY");
    case SocketOption::v6_only:
      return set_int(socket, IPPROTO_IPV6, IPV6_V6ONLY, value, "setsockopt IPV6_V6ONLY");
    case SocketOption::packet_info:
      return set_packet_info(socket, value);
    case SocketOption::drop_count:
      return set_int(socket, SOL_SOCKET, SO_RXQ_OVFL, value, "setsockopt SO_RXQ_OVFL");
    case SocketOption::traffic_class:
      return set_traffic_class(socket, value);
    case SocketOption::keepalive:
      return set_keepalive(socket, value);
    case SocketOption::reset_on_close:
      break;
  }
  CHECK(option == SocketOption::reset_on_close);
  const linger discard = {.l_onoff = value, .l_linger = 0};
  const int result = ::setsockopt(socket.handle, SOL_SOCKET, SO_LINGER, &discard, sizeof discard);
  return result == 0 ? Status() : system_status("setsockopt SO_LINGER", errno);
}

Status steer_datagrams(Socket socket, uint32_t offset, uint32_t members) {
  CHECK(members > 0);
  // A payload too short to load from ends the program with 0: the first member.
  std::array<sock_filter, 3> code = {
      sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset},
      sock_filter{BPF_ALU | BPF_MOD | BPF_K, 0, 0, members},
      sock_filter{BPF_RET | BPF_A, 0, 0, 0},
  };
  const sock_fprog program = {.len = code.size(), .filter = code.data()};
  const int result =
      ::setsockopt(socket.handle, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
  return result == 0 ? Status() : system_status("setsockopt SO_ATTACH_REUSEPORT_CBPF", errno);
}

Status bind_socket(Socket socket, const Address& address) {
  if (::bind(socket.handle, address.data(), address.size()) == 0) return {};
  const int error = errno;
  return system_status("bind " + address.to_string(), error);
}

Status bind_socket_to_interface(Socket socket, std::string_view name) {
  const std::string text(name);
  if (::setsockopt(socket.handle, SOL_SOCKET, SO_BINDTODEVICE, text.c_str(),
                   static_cast<socklen_t>(text.size())) == 0) {
    return {};
  }
  const int error = errno;
  if (error == ENODEV) {
    return {StatusCode::invalid_argument,
            "interface \"" + text + "\": this machine has no such network interface (ip link)"};
  }
  if (error == EPERM) {
    return {StatusCode::no_permission, "interface \"" + text +
                                           "\": binding to a network interface needs CAP_NET_RAW "
                                           "on this system (setcap cap_net_raw+ep, or root)"};
  }
  return system_status("setsockopt SO_BINDTODEVICE " + text, error);
}

Status listen_socket(Socket socket, int backlog) {
  if (::listen(socket.handle, backlog) == 0) return {};
  return system_status("listen", errno);
}

Status connect_socket(Socket socket, const Address& peer) {
  if (::connect(socket.handle, peer.data(), peer.size()) == 0) return {};
  const int error = errno;
  return system_status("connect " + peer.to_string(), error);
}

Result<Address> local_address_of(Socket socket) {
  return address_by(::getsockname, socket, "getsockname");
}

Result<Address> peer_address_of(Socket socket) {
  return address_by(::getpeername, socket, "getpeername");
}

bool is_datagram(Socket socket) {
  return int_option(socket, SO_TYPE) == SOCK_DGRAM;
}

int send_datagram(Socket socket, std::span<const std::byte> bytes, const Address& to,
                  const Address* from) {
  // The kernel only reads both, but POSIX has no const here.
  iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr header = {};
  header.msg_name = const_cast<sockaddr*>(to.data());
  header.msg_namelen = to.size();
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ssize_t result = 0;
  if (from != nullptr && from->valid()) {
    const SourceMessage source(header, *from);
    result = ::sendmsg(socket.handle, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  } else {
    result = ::sendmsg(socket.handle, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  return result < 0 ? -errno : static_cast<int>(result);
}

uint32_t drop_count_in(const cmsghdr& message) {
  if (message.cmsg_level != SOL_SOCKET || message.cmsg_type != SO_RXQ_OVFL) return 0;
  uint32_t count = 0;
  std::memcpy(&count, CMSG_DATA(&message), sizeof count);
  return count;
}

Address local_address_in(const cmsghdr& message) {
  if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(&message), sizeof info);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr = info.ipi_spec_dst;  // for a broadcast this is ours, ipi_addr is not
    return Address::from_sockaddr(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  if (message.cmsg_level == IPPROTO_IPV6 && message.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(&message), sizeof info);
    if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return {};
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_addr = info.ipi6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.sin6_scope_id = info.ipi6_ifindex;
    return Address::from_sockaddr(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  return {};
}

}  // namespace ringroad::engine
