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

struct ServerSetting {
  uint32_t shards = 1;
  ZeroCopy zero_copy = ZeroCopy::automatic;
};

inline auto every_setting() {
  return ::testing::Values(ServerSetting{1}, ServerSetting{2}, ServerSetting{4},
                           ServerSetting{2, ZeroCopy::forced});
}

inline std::string setting_name(const ::testing::TestParamInfo<ServerSetting>& setting) {
  const bool forced = setting.param.zero_copy == ZeroCopy::forced;
  return std::to_string(setting.param.shards) + (forced ? "_zero_copy" : "");
}

class ClientServerTest : public ::testing::TestWithParam<ServerSetting> {
 protected:
  uint32_t shards() const { return GetParam().shards; }

  ServerOptions options() const {
    ServerOptions options = live_options(shards());
    options.queue_bytes_max = 16 * 1'048'576;
    options.zero_copy = GetParam().zero_copy;
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
