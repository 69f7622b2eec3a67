#include "ringroad/fetch.h"

#include <algorithm>

#include "ringroad/client.h"

namespace ringroad {
namespace {

constexpr std::string_view kScheme = "vsoa://";

/// What is called on the server.
std::string_view path_of(std::string_view url) {
  const size_t slash = url.find('/', std::min(url.size(), kScheme.size()));
  return slash == std::string_view::npos ? "/" : url.substr(slash);
}

}  // namespace

Result<Reply> fetch(std::string_view url, const FetchOptions& options) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Client client;
  const ConnectOptions connect{
      .password = options.password, .timeout = options.timeout, .quick = false};
  if (Status status = client.connect(url, connect); !status.ok()) return status;
  const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  const CallRequest request{
      .method = options.method,
      .param = options.param,
      .data = options.data,
      .timeout = std::max(options.timeout - used, std::chrono::milliseconds(1)),
  };
  return client.fetch(path_of(url), request);
}

}  // namespace ringroad
