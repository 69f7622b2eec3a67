// Property: lookup() asks whom it should, in order, what it should, as often as it should, and tells
//           the answers of every implementation apart.
// Method:   position servers that say what the test writes; the lists come from a file and from the
//           environment of this process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "ringroad/position.h"
#include "tests/client/scripted_position_server.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_peer.h"

namespace ringroad {
namespace {

using client::ScriptedPositionServer;

constexpr auto kPatience = std::chrono::seconds(30);

const std::string kLamp = R"({"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2})";

Result<ServerPosition> ask(const ScriptedPositionServer& server,
                           AddressFamily family = AddressFamily::any) {
  return lookup("lamp", family, {.server = server.address(), .timeout = kPatience});
}

/// Nobody else may be asked by accident.
class Resolver : public testing::Test {
 protected:
  Resolver() {
    unsetenv("VSOA_POS_SERVER");
    reset_position_server();
  }
  ~Resolver() override {
    unsetenv("VSOA_POS_SERVER");
    reset_position_server();
    std::remove(file_.c_str());
  }

  LookupOptions options() const { return {.timeout = kPatience, .servers_file = file_}; }

  const std::string file_ =
      testing::TempDir() + "ringroad_resolver_" + std::to_string(getpid()) + ".pos";
};

TEST_F(Resolver, W24_AsksForTheWantedFamilyAndNotForThatOfTheServer) {
  const ScriptedPositionServer server(kLamp);
  ASSERT_TRUE(ask(server).ok());
  ASSERT_TRUE(ask(server, AddressFamily::ipv4).ok());
  EXPECT_EQ(ask(server, AddressFamily::ipv6).status().code(), StatusCode::not_found);
  EXPECT_EQ(server.queries(),
            (std::vector<std::string>{R"({"name":"lamp"})", R"({"name":"lamp","domain":2})",
                                      R"({"name":"lamp","domain":10})"}));
}

TEST_F(Resolver, V71_W24_AnswersOfEveryImplementation) {
  const ScriptedPositionServer python(
      R"({"addr": "10.0.0.7", "port": 3005})");  // its domain is missing
  const Result<ServerPosition> found = ask(python, AddressFamily::ipv4);
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(found->address(), "10.0.0.7:3005");
  const ScriptedPositionServer node(
      R"({"name":"LAMP","addr":"10.0.0.7","port":3005,"domain":2,"security":true})");
  EXPECT_EQ(ask(node)->security, true);
  const ScriptedPositionServer unknown("{}");
  EXPECT_EQ(ask(unknown).status().code(), StatusCode::not_found);
  const ScriptedPositionServer wyf(R"({"addr":"","port":0})");
  EXPECT_EQ(ask(wyf).status().code(), StatusCode::not_found);
  const ScriptedPositionServer mad("<html>");
  EXPECT_EQ(ask(mad).status().code(), StatusCode::bad_response);
  const ScriptedPositionServer large(std::string(5'000, '{'));
  EXPECT_EQ(ask(large).status().code(), StatusCode::bad_response);
}

TEST_F(Resolver, V74_W24_SilenceIsAskedTwiceAndThenTimedOut) {
  const ScriptedPositionServer go("");  // says nothing when it does not know a name
  const auto found = lookup("lamp", AddressFamily::any,
                            {.server = go.address(), .timeout = std::chrono::milliseconds(20)});
  EXPECT_EQ(found.status().code(), StatusCode::timed_out);
  // The server's thread may be later than the patience of the one who asked.
  EXPECT_TRUE(support::wait_until([&] { return go.queries().size() >= 2U; }));
  EXPECT_EQ(go.queries().size(), 2U);
}

TEST_F(Resolver, V74_AnAnswerCountsOnlyFromTheServerThatWasAsked) {
  // The queried server tells another one who asked; that one answers first.
  support::UdpPeer asked;
  support::UdpPeer stranger;
  std::thread script([&] {
    EXPECT_NE(asked.receive(), "");
    EXPECT_TRUE(stranger.send_to(asked.sender_port(),
                                 R"({"name":"lamp","addr":"6.6.6.6","port":666,"domain":2})"));
    EXPECT_TRUE(asked.send_to(asked.sender_port(),
                              R"({"name":"door","addr":"6.6.6.6","port":666,"domain":2})"));
    EXPECT_TRUE(asked.send_to(asked.sender_port(), kLamp));
  });
  const auto found =
      lookup("lamp", AddressFamily::any,
             {.server = "127.0.0.1:" + std::to_string(asked.port()), .timeout = kPatience});
  script.join();
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(found->addr, "10.0.0.7");
}

TEST_F(Resolver, V73_OnlyTheChosenServerIsAsked) {
  const ScriptedPositionServer chosen("{}");
  const ScriptedPositionServer other(kLamp);
  setenv("VSOA_POS_SERVER", other.address().c_str(), 1);
  std::ofstream(file_) << "127.0.0.1 " << other.port() << "\n";
  ASSERT_TRUE(set_position_server("127.0.0.1", chosen.port()).ok());
  EXPECT_EQ(lookup("lamp", AddressFamily::any, options()).status().code(), StatusCode::not_found);
  EXPECT_EQ(other.queries().size(), 0U);
  EXPECT_EQ(chosen.queries().size(), 1U);
  // What is wrong changes nothing.
  for (const auto& [addr, port] : std::vector<std::pair<std::string, int>>{{"lamp", 54},
                                                                           {"", 54},
                                                                           {"127.0.0.1:54", 54},
                                                                           {"[::1]:54", 54},
                                                                           {"10.0.0.256", 54},
                                                                           {"127.0.0.1", 0},
                                                                           {"127.0.0.1", -1},
                                                                           {"127.0.0.1", 65'536}}) {
    EXPECT_EQ(set_position_server(addr, port).code(), StatusCode::invalid_argument) << addr << port;
  }
  EXPECT_FALSE(lookup("lamp", AddressFamily::any, options()).ok());
  EXPECT_EQ(chosen.queries().size(), 2U);
  EXPECT_TRUE(set_position_server("::1", 65'535).ok());
  EXPECT_TRUE(set_position_server("[::1]", 1).ok());
  reset_position_server();
  EXPECT_TRUE(lookup("lamp", AddressFamily::any, options()).ok());
}

TEST_F(Resolver, V74_TheEnvironmentComesBeforeTheFile) {
  const ScriptedPositionServer first("{}");
  const ScriptedPositionServer second(R"({"addr":"10.0.0.2","port":2,"domain":2})");
  const ScriptedPositionServer third(R"({"addr":"10.0.0.3","port":3,"domain":2})");
  const ScriptedPositionServer of_file(R"({"addr":"10.0.0.4","port":4,"domain":2})");
  std::ofstream(file_) << "127.0.0.1 " << of_file.port() << "\n";
  EXPECT_EQ(lookup("lamp", AddressFamily::any, options())->port, 4);
  setenv("VSOA_POS_SERVER",
         ("lamp," + first.address() + "," + second.address() + "," + third.address()).c_str(), 1);
  EXPECT_EQ(lookup("lamp", AddressFamily::any, options())->port, 2);
  setenv("VSOA_POS_SERVER", first.address().c_str(), 1);
  EXPECT_EQ(lookup("lamp", AddressFamily::any, options())->port, 4);
  EXPECT_EQ(first.queries().size(), 2U);
  EXPECT_EQ(second.queries().size(), 1U);
  EXPECT_EQ(third.queries().size(), 0U);
  EXPECT_EQ(of_file.queries().size(), 2U);
}

TEST_F(Resolver, V74_OneThatDoesNotKnowItSaysMoreThanOneThatIsDead) {
  support::UdpPeer deaf;
  deaf.stop_listening();
  const std::string dead = "127.0.0.1:" + std::to_string(deaf.port());
  EXPECT_EQ(
      lookup("lamp", AddressFamily::any, {.server = dead, .timeout = kPatience}).status().code(),
      StatusCode::unreachable);
  const ScriptedPositionServer unknown("{}");
  setenv("VSOA_POS_SERVER", (unknown.address() + "," + dead).c_str(), 1);
  EXPECT_EQ(lookup("lamp", AddressFamily::any, options()).status().code(), StatusCode::not_found);
}

TEST_F(Resolver, V74_WithoutAnyServerItSaysWhatToDo) {
  const Status status = lookup("lamp", AddressFamily::any, options()).status();
  EXPECT_EQ(status.code(), StatusCode::unreachable);
  EXPECT_NE(status.message().find("VSOA_POS_SERVER"), std::string::npos) << status.message();
}

TEST_F(Resolver, ArgumentsAreChecked) {
  const ScriptedPositionServer server(kLamp);
  EXPECT_EQ(lookup("", AddressFamily::any, options()).status().code(),
            StatusCode::invalid_argument);
  EXPECT_EQ(lookup(std::string(256, 'n'), AddressFamily::any, options()).status().code(),
            StatusCode::invalid_argument);
  EXPECT_EQ(lookup("lamp", AddressFamily::any, {.server = "lamp"}).status().code(),
            StatusCode::invalid_argument);
  EXPECT_EQ(lookup("lamp", AddressFamily::any,
                   {.server = server.address(), .timeout = std::chrono::milliseconds(0)})
                .status()
                .code(),
            StatusCode::invalid_argument);
  EXPECT_TRUE(server.queries().empty());
}

}  // namespace
}  // namespace ringroad
