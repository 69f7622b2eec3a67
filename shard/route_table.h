// route_table.h — from the URL of a call to its handler (V20, C4).
// Owner:  the server.   Thread: filled before listen(), read-only afterwards, by every shard.
// Rule:   exact; else the longest "/a/b/" that takes "/a/b", "/a/b/" and below; else "/"; else
// none.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "ringroad/server.h"

namespace ringroad::shard {

class RouteTable {
 public:
  /// Replaces an earlier handler of the same URL.
  void add(std::string_view url, Server::CommandHandler handler);
  /// Null: nobody (INVALID_URL).
  const Server::CommandHandler* find(std::string_view url) const;

 private:
  const Server::CommandHandler* find_text(std::string_view text) const;

  size_t longest_ = 0;  // bytes of the longest URL here
  std::map<std::string, Server::CommandHandler, std::less<>> handlers_;
};

}  // namespace ringroad::shard
