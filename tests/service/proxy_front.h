// proxy_front.h — a server with a proxy on it, and a client of that server.
// Owner:  gtest.   Thread: the test's.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "ringroad/proxy.h"
#include "tests/system/live_server.h"

namespace ringroad::testing {

inline ProxyRule rule_for(const std::string& prefix, const std::string& server) {
  ProxyRule rule{.prefix = prefix, .server = server};
  rule.robot.reconnect_delay = std::chrono::milliseconds(50);
  return rule;
}

/// A server with a proxy on it, and a client of its own.
class Front {
 public:
  Front() : proxy(server, loop_), client(loop_) {
    server.on_data([this](const RemoteClient&, std::string_view url, const PayloadView& payload,
                          Channel channel) {
      if (!proxy.forward(url, payload, channel)) ++kept;
    });
  }
  ~Front() { server.stop(); }

  void open(uint64_t servers) {
    ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
    ASSERT_TRUE(is_ok(proxy.start()));
    ASSERT_TRUE(is_ok(client->connect(url_of(server))));
    ASSERT_TRUE(wait_until([&] { return proxy.stats().connected_now == servers; }));
  }

 private:
  ClientLoop loop_;

 public:
  Server server{live_options(2)};
  Proxy proxy;
  LiveClient client;
  std::atomic<int> kept{0};
};

}  // namespace ringroad::testing
