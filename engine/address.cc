#include "engine/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace ringroad::engine {
namespace {

constexpr std::string_view kExpected =
    "expected 1.2.3.4:port, [::1]:port or localhost:port with port 0..65535, got: ";

Status malformed(std::string_view text) {
  return Status(StatusCode::invalid_argument, std::string(kExpected) + std::string(text));
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return port;
}

/// The 16 bytes of its v6 form; v4 as ::ffff:1.2.3.4.
in6_addr as_v6(const sockaddr* address) {
  if (address->sa_family == AF_INET6) {
    return reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  }
  in6_addr mapped = {};
  if (address->sa_family == AF_INET) {
    mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
    std::memcpy(&mapped.s6_addr[12], &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
  }
  return mapped;
}

}  // namespace

Address Address::from_sockaddr(const sockaddr* address, socklen_t length) {
  Address result;
  if (length < sizeof(sa_family_t)) return result;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    std::memcpy(&result.storage_.v4, address, sizeof(sockaddr_in));
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    std::memcpy(&result.storage_.v6, address, sizeof(sockaddr_in6));
  }
  return result;
}

Result<Address> Address::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  const std::optional<uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port.has_value()) return malformed(text);
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.find('\0') != std::string::npos) return malformed(text);  // inet_pton would stop there

  Address result;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    result.storage_.v6 = sockaddr_in6{};
    result.storage_.v6.sin6_family = AF_INET6;
    host = host.substr(1, host.size() - 2);
    if (inet_pton(AF_INET6, host.c_str(), &result.storage_.v6.sin6_addr) != 1) {
      return malformed(text);
    }
  } else {
    result.storage_.v4 = sockaddr_in{};
    result.storage_.v4.sin_family = AF_INET;
    if (inet_pton(AF_INET, host.c_str(), &result.storage_.v4.sin_addr) != 1) return malformed(text);
  }
  return result.with_port(*port);
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
  return 0;
}

Address Address::with_port(uint16_t port) const {
  Address result = *this;
  if (family() == AF_INET) result.storage_.v4.sin_port = htons(port);
  if (family() == AF_INET6) result.storage_.v6.sin6_port = htons(port);
  return result;
}

bool Address::is_wildcard() const {
  if (family() == AF_INET) return storage_.v4.sin_addr.s_addr == htonl(INADDR_ANY);
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&storage_.v6.sin6_addr);
}

bool Address::is_loopback() const {
  if (!valid()) return false;
  const in6_addr ip = as_v6(data());
  if (IN6_IS_ADDR_V4MAPPED(&ip)) return ip.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&ip);
}

bool Address::same_ip(const Address& other) const {
  if (!valid() || !other.valid()) return valid() == other.valid();
  const in6_addr ours = as_v6(data());
  const in6_addr theirs = as_v6(other.data());
  return std::equal(std::begin(ours.s6_addr), std::end(ours.s6_addr), std::begin(theirs.s6_addr));
}

bool Address::is_v4_mapped() const {
  return family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr);
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) inet_ntop(AF_INET, &storage_.v4.sin_addr, text, sizeof(text));
  if (is_v4_mapped()) {
    inet_ntop(AF_INET, &storage_.v6.sin6_addr.s6_addr[12], text, sizeof(text));
  } else if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof(text));
  }
  return text;
}

std::string Address::to_string() const {
  if (!valid()) return "none";
  const bool brackets = family() == AF_INET6 && !is_v4_mapped();
  return (brackets ? "[" + host() + "]" : host()) + ":" + std::to_string(port());
}

}  // namespace ringroad::engine
