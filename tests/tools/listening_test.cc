// Property: a server says where and how it listens, what cannot be listened on, and how it went.
// Method: the built program on free ports, on an address that no machine has, and with few
//         descriptors.
#include "tools/listening.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tools/run.h"

namespace ringroad::tools {
namespace {

// For documentation (RFC 5737): no interface has it.
constexpr const char* kElsewhere = "192.0.2.1:0";

const std::vector<std::string> kServers = {"serve", "playground"};

TEST(Listening, AMalformedAddressIsUsageAndOneElsewhereIsNot) {
  for (const std::string& command : kServers) {
    SCOPED_TRACE(command);
    const Outcome elsewhere = run({command, "--listen", kElsewhere});
    EXPECT_EQ(elsewhere.exit_code, 3) << elsewhere.text;
    for (const char* wrong : {"nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:3005",
                              "[::1]", "256.0.0.1:3005", "host:3005", ""}) {
      const Outcome outcome = run({command, "--listen", wrong});
      EXPECT_EQ(outcome.exit_code, 2) << wrong;
      EXPECT_TRUE(outcome.says("--listen must be HOST:PORT")) << outcome.text;
    }
  }
}

TEST(Listening, APortAloneIsEveryAddress) {
  for (const std::string address : {":0", "*:0"}) {
    Program serve({"serve", "--listen", address});
    EXPECT_NE(serve.line_with("serving vsoa://0.0.0.0:"), "") << serve.text();
  }
}

TEST(Listening, ATakenPortNamesBothCauses) {
  Gateway gateway;
  const Outcome second = run({"playground", "--listen", gateway.address()});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_TRUE(second.says("a closed connection still holds it")) << second.text;
}

TEST(Listening, TheStartLineSaysWhetherThereIsAPassword) {
  for (const std::string& command : kServers) {
    EXPECT_NE(Gateway({}, {command}).start_line().find("without a password"), std::string::npos);
    const Gateway closed({"--password", "1"}, {command});
    EXPECT_NE(closed.start_line().find("with a password"), std::string::npos);
    EXPECT_EQ(closed.start_line().find("password 1"), std::string::npos);
  }
}

TEST(Listening, FewDescriptorsAreSaid) {
  EXPECT_EQ(room_line({kFilesEnough, kFilesEnough}, 2), "");
  EXPECT_NE(room_line({124, 124}, 2).find("room for about 100 clients"), std::string::npos);
  constexpr auto kDirect = ServerOptions::Descriptors::direct;
  EXPECT_NE(room_line({124, 124}, 2, kDirect).find("room for about 120 clients"),
            std::string::npos);
  const std::string program = RINGROAD_PROGRAM;
  Program serve({"-c", "ulimit -n 64; exec " + program + " serve --shards 1 --listen :0"},
                "/bin/sh");
  EXPECT_NE(serve.line_with("room for about 44 clients"), "") << serve.text();
}

TEST(Listening, InfoThatIsNotJsonIsUsage) {
  const Outcome outcome = run({"serve", "--listen", "127.0.0.1:0", "--info", "lamp"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says("--info is not JSON")) << outcome.text;
}

TEST(Listening, APlaygroundReportsWhatItDid) {
  Gateway playground({}, {"playground"});
  EXPECT_EQ(run({"send", playground.server() + "/a", "--count", "3"}).exit_code, 0);
  playground.program().signal(SIGTERM);
  EXPECT_EQ(playground.program().exit_code(), 0);
  const std::string text = playground.program().text();
  EXPECT_NE(text.find("sent back   3 of 3 datagrams"), std::string::npos) << text;
  EXPECT_EQ(text.find("relayed"), std::string::npos) << text;
}

}  // namespace
}  // namespace ringroad::tools
