// fetch.h — one call to a server without a Client: connect, call, disconnect (V70).
// Thread: any but a callback's: it waits.
// Fails:  as Client::connect() and Client::fetch(), names included; connect_code() has VSOA's number for it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "ringroad/payload.h"
#include "ringroad/status.h"

namespace ringroad {

struct FetchOptions {
  std::string password = {};
  Method method = Method::get;
  std::string_view param = {};
  std::string_view data = {};
  /// For all of it together: looking the name up, connecting, the call. Range 1 ms..1 h.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
};

/// Calls the path of "vsoa://ip:port/path" or "vsoa://name/path"; without a path that is "/".
Result<Reply> fetch(std::string_view url, const FetchOptions& options = {});

}  // namespace ringroad
