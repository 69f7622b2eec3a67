// Property: the lists that operators write are read as the implementations read them, and what is
//           malformed is left out alone.
// Method:   texts, and the addresses that must come out, in order.
#include "client/position_servers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace ringroad::client {
namespace {

std::string text_of(const std::vector<engine::Address>& servers) {
  std::string text;
  for (const engine::Address& server : servers) text += server.to_string() + " ";
  return text;
}

TEST(PositionServers, V74_AMissingPortIs54) {
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, std::string>>{{"10.0.0.1", "10.0.0.1:54"},
                                                        {"10.0.0.1:5400", "10.0.0.1:5400"},
                                                        {"[::1]", "[::1]:54"},
                                                        {"[::1]:5400", "[::1]:5400"},
                                                        {"::1", "[::1]:54"},
                                                        {"fd00::1:2", "[fd00::1:2]:54"},
                                                        {"localhost", "127.0.0.1:54"}}) {
    const auto server = parse_position_server(text);
    ASSERT_TRUE(server) << text;
    EXPECT_EQ(server->to_string(), expected);
  }
  for (const char* text :
       {"", "lamp", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:", "10.0.0.1:x", "[::1", "[::1]5",
        "[::1]:", "::g", "10.0.0.256", "[10.0.0.1]:54", "10.0.0.1 54"}) {
    EXPECT_FALSE(parse_position_server(text)) << text;
  }
}

TEST(PositionServers, V74_TheEnvironmentsListHasCommas) {
  EXPECT_EQ(text_of(parse_position_list("10.0.0.1,10.0.0.2:5400, [::1]:54 ,::2")),
            "10.0.0.1:54 10.0.0.2:5400 [::1]:54 [::2]:54 ");
  EXPECT_EQ(text_of(parse_position_list(",lamp,,10.0.0.1,10.0.0.2:0")), "10.0.0.1:54 ");
  EXPECT_EQ(text_of(parse_position_list("")), "");
}

TEST(PositionServers, V74_TheFileHasLines) {
  EXPECT_EQ(text_of(parse_position_lines("# servers\n10.0.0.1 54\r\n\n  10.0.0.2\t5400 # two\n"
                                         "::1 55\n[::1] 56\n10.0.0.3\nlamp 54\n10.0.0.4 x\n"
                                         "10.0.0.5 1 2\n10.0.0.6:7")),
            "10.0.0.1:54 10.0.0.2:5400 [::1]:55 [::1]:56 10.0.0.3:54 10.0.0.6:7 ");
}

TEST(PositionServers, AListIsBounded) {
  std::string list;
  for (int i = 1; i <= 100; ++i) list += "10.0.0." + std::to_string(i) + ",";
  EXPECT_EQ(parse_position_list(list).size(), kPositionServersMax);
  EXPECT_EQ(parse_position_list(list).front().to_string(), "10.0.0.1:54");
}

TEST(PositionServers, AFileThatIsMissingOrHugeIsNoError) {
  EXPECT_TRUE(read_position_servers("/nowhere/vsoa.pos").empty());
  EXPECT_TRUE(read_position_servers(testing::TempDir()).empty());  // a folder
  const std::string path =
      testing::TempDir() + "ringroad_positions_" + std::to_string(getpid()) + ".pos";
  std::ofstream(path) << "10.0.0.1 54\n" << std::string(200'000, '#') << "\n10.0.0.2 54\n";
  EXPECT_EQ(text_of(read_position_servers(path)), "10.0.0.1:54 ");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace ringroad::client
