#include "shard/route_table.h"

#include <algorithm>
#include <utility>

namespace ringroad::shard {

void RouteTable::add(std::string_view url, Server::CommandHandler handler) {
  longest_ = std::max(longest_, url.size());
  handlers_.insert_or_assign(std::string(url), std::move(handler));
}

const Server::CommandHandler* RouteTable::find(std::string_view url) const {
  if (url.empty()) return nullptr;
  if (const auto* exact = find_text(url)) return exact;
  // "/a/b" also belongs to the handler "/a/b/"; then ever shorter prefixes that end in '/'.
  if (url.size() < longest_) {
    if (const auto* own = find_text(std::string(url) + '/')) return own;
  }
  // A peer's URL may hold thousands of slashes; no handler is longer than the longest.
  for (size_t slash = url.substr(0, longest_).rfind('/'); slash != std::string_view::npos;
       slash = url.rfind('/', slash - 1)) {
    if (const auto* prefix = find_text(url.substr(0, slash + 1))) return prefix;
    if (slash == 0) break;
  }
  return nullptr;
}

const Server::CommandHandler* RouteTable::find_text(std::string_view text) const {
  const auto entry = handlers_.find(text);
  return entry == handlers_.end() ? nullptr : &entry->second;
}

}  // namespace ringroad::shard
