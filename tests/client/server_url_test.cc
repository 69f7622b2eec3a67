// Property: an address or a name in a vsoa:// URL is found whatever follows it; every other URL is
//           refused with the name of the thing that is missing.
// Method: tables of good and bad URLs; for the bad ones the word that must stand in the message.
#include "client/server_url.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace ringroad::client {
namespace {

TEST(ServerUrl, V61_FindsTheAddress) {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"vsoa://127.0.0.1:3005", "127.0.0.1:3005"},
      {"vsoa://127.0.0.1:3005/", "127.0.0.1:3005"},
      {"vsoa://10.20.30.40:65535/a/b:c?d", "10.20.30.40:65535"},
      {"vsoa://localhost:1", "127.0.0.1:1"},
      {"vsoa://[::1]:3005", "[::1]:3005"},
      {"vsoa://[fe80::1:2]:3005/path", "[fe80::1:2]:3005"},
  };
  for (const auto& [url, expected] : good) {
    SCOPED_TRACE(url);
    const Result<ServerUrl> server = parse_server_url(url);
    ASSERT_TRUE(server.ok()) << server.status().message();
    EXPECT_EQ(server->address.to_string(), expected);
    EXPECT_EQ(server->name, "");
  }
}

TEST(ServerUrl, SaysWhatIsMissing) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "vsoa://"},
      {"127.0.0.1:3005", "vsoa://"},
      {"http://127.0.0.1:3005", "vsoa://"},
      {"VSOA:/127.0.0.1:3005", "vsoa://"},
      {"vsoa://", "no address"},
      {"vsoa:///path", "no address"},
      {"vsoa://127.0.0.1", "no port"},
      {"vsoa://127.0.0.1/path:7", "no port"},
      {"vsoa://localhost", "no port"},
      {"vsoa://[::1]", "no port"},
      {"vsoa://127.0.0.1:", "port"},
      {"vsoa://127.0.0.1:0", "port 0"},
      {"vsoa://127.0.0.1:65536", "port"},
      {"vsoa://127.0.0.1:12x", "port"},
      {"vsoa://127.0.0:1", "expected"},
      {"vsoa://1.2.3.4.5:1", "expected"},
      {"vsoa://::1:3005", "brackets"},
      {"vsoa://[::1:3005", "brackets"},
      {"vsoa://:3005", "name is empty"},
      {"vsoa://" + std::string(256, 'n'), "at most 255"},
  };
  for (const auto& [url, word] : bad) {
    SCOPED_TRACE(url);
    const Result<ServerUrl> server = parse_server_url(url);
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(server.status().code(), StatusCode::invalid_argument);
    EXPECT_NE(server.status().message().find(word), std::string::npos) << server.status().message();
  }
}

TEST(ServerUrl, V61_TellsNamesFromAddresses) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"vsoa://lamp", "lamp"},
      {"vsoa://Lamp.kitchen/path:7/x", "Lamp.kitchen"},
      {"vsoa://7lamp/", "7lamp"},
      {"vsoa://lamp:3005/path", "lamp"},
  };
  for (const auto& [url, name] : names) {
    SCOPED_TRACE(url);
    const Result<ServerUrl> server = parse_server_url(url);
    ASSERT_TRUE(server.ok()) << server.status().message();
    EXPECT_EQ(server->name, name);
    EXPECT_FALSE(server->address.valid());
  }
}

}  // namespace
}  // namespace ringroad::client
