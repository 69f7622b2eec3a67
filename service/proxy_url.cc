#include "service/proxy_url.h"

namespace ringroad::service {
namespace {

/// `prefix` stands at the begin of `url`, and a component ends behind it.
bool begins_with(std::string_view url, std::string_view prefix) {
  return url.starts_with(prefix) && (url.size() == prefix.size() || url[prefix.size()] == '/');
}

}  // namespace

std::optional<std::string_view> upstream_url(std::string_view prefix, std::string_view url) {
  if (!begins_with(url, prefix)) return std::nullopt;
  const std::string_view rest = url.substr(prefix.size());
  return rest.empty() ? std::string_view("/") : rest;
}

size_t count_prefix(std::string_view prefix, std::string_view url) {
  size_t count = 0;
  for (size_t at = 0; at < url.size();) {
    const bool here = begins_with(url.substr(at), prefix);
    if (here) ++count;
    at = url.find('/', at + (here ? prefix.size() : 1));
    if (at == std::string_view::npos) break;
  }
  return count;
}

}  // namespace ringroad::service
