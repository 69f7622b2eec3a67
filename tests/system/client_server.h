// client_server.h — a fixture: one server of 1, 2 or 4 shards, and clients on the shards a test wants.
// Owner:  gtest.   Thread: the test's.
// Bound:  a client may have 16 MiB waiting: here the machine may be slow, and nobody else.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/system/live_server.h"

namespace ringroad::testing {

inline constexpr size_t kLargestPayload = 262'124;  // url, param and data of one packet

class ClientServerTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  uint32_t shards() const { return GetParam(); }

  ServerOptions options() const {
    ServerOptions options = live_options(shards());
    options.queue_bytes_max = 16 * 1'048'576;
    return options;
  }
  /// Answers with the name it was registered by.
  static void add_route(Server& server, const std::string& url) {
    EXPECT_TRUE(is_ok(server.command(url, [url](Call& call) {
      const std::string text = url + " " + std::string(call.url());
      (void)call.reply({.data = text});
    })));
  }
  std::unique_ptr<LiveClient> connect(const Server& server, uint32_t shard,
                                      const ConnectOptions& connect_options = {}) {
    auto client = connect_on_shard(server, shard % shards(), shards(), loop_, connect_options);
    EXPECT_NE(client, nullptr);
    return client;
  }
  std::vector<std::unique_ptr<LiveClient>> subscribers(const Server& server,
                                                       const std::string& pattern) {
    auto clients = subscribers_on_all_shards(server, shards(), loop_, pattern);
    EXPECT_EQ(clients.size(), shards());
    return clients;
  }

  ClientLoop loop_;
};

}  // namespace ringroad::testing
