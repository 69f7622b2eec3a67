#include "client/server_url.h"

#include <algorithm>
#include <string>

#include "proto/position.h"

namespace ringroad::client {
namespace {

constexpr std::string_view kScheme = "vsoa://";

Status refused(std::string_view url, std::string_view cause) {
  std::string text = "server url \"";
  text += url;
  text += "\": ";
  text += cause;
  return {StatusCode::invalid_argument, std::move(text)};
}

/// A dotted quad has nothing else in it; what is not an address is a name for a position server.
bool looks_like_address(std::string_view host) {
  if (host == "localhost" || host.starts_with('[')) return true;
  return !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Result<ServerUrl> parse_server_url(std::string_view url) {
  if (!url.starts_with(kScheme)) {
    return refused(url, "it must start with vsoa://, for example vsoa://127.0.0.1:3005");
  }
  std::string_view authority = url.substr(kScheme.size());
  authority = authority.substr(0, authority.find('/'));
  if (authority.empty()) {
    return refused(url, "no address; expected vsoa://1.2.3.4:3005");
  }
  const size_t bracket = authority.find(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && !host.ends_with(']')) {
    return refused(url, "an IPv6 address stands in brackets, for example vsoa://[::1]:3005");
  }
  if (colon != std::string_view::npos && authority.find(':', colon + 1) != std::string_view::npos) {
    return refused(url, "an IPv6 address stands in brackets, for example vsoa://[::1]:3005");
  }
  if (!looks_like_address(host)) {
    const Status valid = proto::check_position_name(host);
    if (!valid.ok()) return refused(url, valid.message());
    return ServerUrl{.name = std::string(host)};
  }
  if (colon == std::string_view::npos) {
    return refused(url, "no port; an address needs one, for example vsoa://127.0.0.1:3005");
  }
  Result<engine::Address> address = engine::Address::parse(authority);
  if (!address.ok()) return refused(url, address.status().message());
  if (address->port() == 0) return refused(url, "port 0 cannot be connected to");
  return ServerUrl{.address = *address};
}

std::string_view path_in(std::string_view url) {
  const size_t slash = url.find('/', std::min(url.size(), kScheme.size()));
  return slash == std::string_view::npos ? "/" : url.substr(slash);
}

}  // namespace ringroad::client
