#include "proto/url.h"

#include "base/limits.h"

namespace ringroad::proto {

bool valid_url(std::string_view url) {
  if (!url.starts_with('/')) return false;
  if (url.size() > base::kUrlBytesMax) return false;
  return url.find('\0') == std::string_view::npos;
}

bool url_matches(std::string_view subscription, std::string_view url) {
  if (subscription == "/") return true;
  if (subscription == url) return true;
  if (!subscription.ends_with('/')) return false;
  const std::string_view parent = subscription.substr(0, subscription.size() - 1);
  return url == parent || url.starts_with(subscription);
}

}  // namespace ringroad::proto
