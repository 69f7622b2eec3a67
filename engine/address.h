// address.h — an IP address and port, v4 or v6, as a value.
// Thread: value.   Bound: 28 bytes, no allocation.
// Fails:  parse() says what it expected.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ringroad/status.h"

namespace ringroad::engine {

class Address {
 public:
  Address() = default;  ///< unspecified family; valid() is false
  static Address from_sockaddr(const sockaddr* address, socklen_t length);
  /// "1.2.3.4:5", "[::1]:5", "localhost:5" (= 127.0.0.1). Names are not resolved here.
  static Result<Address> parse(std::string_view text);

  bool valid() const { return storage_.any.sa_family != AF_UNSPEC; }
  int family() const { return storage_.any.sa_family; }
  uint16_t port() const;
  Address with_port(uint16_t port) const;
  bool is_wildcard() const;  ///< 0.0.0.0 or ::
  bool is_loopback() const;
  bool same_ip(const Address& other) const;  ///< v4-mapped v6 equals v4
  bool operator==(const Address& other) const { return same_ip(other) && port() == other.port(); }
  bool is_v4_mapped() const;      ///< ::ffff:1.2.3.4
  std::string host() const;       ///< "1.2.3.4", also if it is v4-mapped, or "::1"
  std::string to_string() const;  ///< "1.2.3.4:5" or "[::1]:5"

  const sockaddr* data() const { return &storage_.any; }
  sockaddr* data() { return &storage_.any; }
  socklen_t size() const {
    return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }
  static constexpr socklen_t kCapacity = sizeof(sockaddr_in6);

 private:
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_ = {};
};

}  // namespace ringroad::engine
