#include "ringroad/fetch.h"

#include <algorithm>

#include "client/server_url.h"
#include "ringroad/client.h"

namespace ringroad {

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
  Result<Reply> reply = client.fetch(client::path_in(url), request);
  if (!reply.ok()) (void)client.linger();  // a server that takes nothing would keep us longer
  return reply;
}

}  // namespace ringroad
