// Property: the program keeps its promises to scripts: exit codes, clear errors, and round trips
//         that work.
// Method: the built program is run as a user would run it, on free ports, and its output is read.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/own_loopback.h"
#include "tests/tools/run.h"

namespace ringroad::tools {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

const std::vector<std::string> kCommands = {"serve",  "sub",  "call",     "send",  "ping",
                                            "doctor", "demo", "position", "lookup"};

TEST(Cli, HelpTeachesWithAnExample) {
  const Outcome root = run({"--help"});
  EXPECT_EQ(root.exit_code, 0);
  for (const std::string& command : kCommands) {
    SCOPED_TRACE(command);
    EXPECT_TRUE(has(root.text, command));
    const Outcome help = run({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_TRUE(has(help.text, "Example")) << help.text;
    EXPECT_TRUE(has(help.text, "ringroad " + command)) << help.text;
  }
  const Outcome version = run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.text.find("ringroad "), 0u) << version.text;
}

TEST(Cli, WrongUsageIsExitTwoAndSaysWhereToLook) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"frobnicate"},
      {"serve", "--frobnicate"},
      {"serve", "--shards", "many"},
      {"serve", "--shards", "65"},
      {"serve", "--queue-bytes", "1"},
      {"serve", "--slow-clients", "drop"},
      {"serve", "--listen", "nonsense"},
      {"serve", "--relay", "fleet"},
      {"serve", "--relay", "/a/", "--no-relay"},
      {"sub"},
      {"sub", "vsoa://127.0.0.1:1"},
      {"sub", "127.0.0.1:1", "/a"},
      {"call", "vsoa://127.0.0.1:1"},
      {"call", "vsoa://127.0.0.1:1/a", "--timeout", "soon"},
      {"call", "vsoa://127.0.0.1:1/a", "--data", "@/nowhere/file"},
      {"send", "vsoa://127.0.0.1/a"},
      {"ping", "vsoa://127.0.0.1:1", "--count", "0"},
      {"position"},
      {"position", "--table", "/nowhere/servers.json"},
      {"lookup"},
      {"lookup", "lamp", "--server", "nonsense"},
      {"lookup", "lamp", "--domain", "5"},
      {"lookup", "lamp", "--timeout", "0"},
      {"demo", "--trace", "/nowhere/fleet.csv"},
      {"demo", "--from", "3"},
      {"demo", "--duration", "-1"},
  };
  for (const auto& arguments : wrong) {
    std::string shown;
    for (const std::string& argument : arguments) shown += " " + argument;
    SCOPED_TRACE(shown);
    const Outcome result = run(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.text.find("ringroad: "), 0u) << result.text;
  }
}

TEST(Cli, NobodyListeningIsExitThree) {
  const std::string nobody = "vsoa://127.0.0.1:1";
  EXPECT_EQ(run({"sub", nobody, "/"}).exit_code, 3);
  EXPECT_EQ(run({"call", nobody + "/a"}).exit_code, 3);
  EXPECT_EQ(run({"send", nobody + "/a"}).exit_code, 3);
  const Outcome ping = run({"ping", nobody, "--timeout", "2.5"});
  EXPECT_EQ(ping.exit_code, 3);
  EXPECT_EQ(ping.text.find("ringroad: "), 0u) << ping.text;
}

TEST(Cli, WhatIsSentReachesTheSubscriber) {
  Gateway gateway;
  Program sub({"sub", gateway.server(), "/fleet/", "--count", "2"});
  ASSERT_NE(sub.line_with("subscribed"), "");
  const std::string url = gateway.server() + "/fleet/7/pos";
  const Outcome sent = run({"send", url, "--param", R"({"kmh":42})", "--data", "12345678"});
  EXPECT_EQ(sent.exit_code, 0) << sent.text;
  EXPECT_EQ(sub.line_with("/fleet/"), R"(/fleet/7/pos {"kmh":42} [8 bytes: 3132333435363738])");
  EXPECT_EQ(run({"send", gateway.server() + "/elsewhere", "--param", "1"}).exit_code, 0);
  EXPECT_EQ(run({"send", url, "--param", "[1,2]"}).exit_code, 0);
  EXPECT_EQ(sub.exit_code(), 0);
  EXPECT_TRUE(has(sub.text(), "/fleet/7/pos [1,2]\n")) << sub.text();
  EXPECT_FALSE(has(sub.text(), "/elsewhere")) << sub.text();
}

TEST(Cli, V67_ARobotOutlivesTheServer) {
  const std::vector<std::string> serve = {"serve", "--shards", "2"};
  auto gateway = std::make_unique<Gateway>(std::vector<std::string>(), serve,
                                           support::own_loopback());  // another takes the port
  const std::string server = gateway->server();
  const std::string address = gateway->address();
  Program sub({"sub", server, "/fleet/", "--count", "2", "--robot"});
  ASSERT_NE(sub.line_with("connected"), "");
  EXPECT_EQ(run({"send", server + "/fleet/1", "--param", "1"}).exit_code, 0);
  ASSERT_EQ(sub.line_with("/fleet/1"), "/fleet/1 1");
  gateway.reset();
  ASSERT_NE(sub.line_with("not connected"), "");
  Program again({"serve", "--shards", "1", "--listen", address});
  ASSERT_NE(again.line_with("serving"), "");
  ASSERT_EQ(sub.line_with("connected"), "connected");
  EXPECT_EQ(run({"send", server + "/fleet/2", "--param", "2"}).exit_code, 0);
  EXPECT_EQ(sub.line_with("/fleet/2"), "/fleet/2 2");
  EXPECT_EQ(sub.exit_code(), 0) << sub.text();
}

TEST(Cli, QuickMessagesAreMarked) {
  Gateway gateway;
  Program sub({"sub", gateway.server(), "/", "--count", "1"});
  ASSERT_NE(sub.line_with("subscribed"), "");
  const Outcome sent = run({"send", gateway.server() + "/q", "--quick", "--count", "5"});
  EXPECT_EQ(sent.exit_code, 0) << sent.text;
  EXPECT_EQ(sub.line_with("/q"), "/q (quick)");
}

TEST(Cli, CallPrintsTheAnswerOrNamesTheStatus) {
  Gateway gateway;
  const Outcome stats = run({"call", gateway.server() + "/ringroad/stats"});
  EXPECT_EQ(stats.exit_code, 0) << stats.text;
  const auto json = nlohmann::json::parse(stats.text, nullptr, false);
  ASSERT_TRUE(json.is_object()) << stats.text;
  EXPECT_GE(json["clients_now"], 1);
  const Outcome unknown = run({"call", gateway.server() + "/nothing/here", "--set"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_TRUE(has(unknown.text, "invalid_url")) << unknown.text;
}

TEST(Cli, PingAnswers) {
  Gateway gateway;
  const Outcome ping = run({"ping", gateway.server(), "--count", "3", "--interval", "0"});
  EXPECT_EQ(ping.exit_code, 0) << ping.text;
  EXPECT_TRUE(has(ping.text, "3 pings")) << ping.text;
}

TEST(Cli, AWrongPasswordIsExitThree) {
  Gateway gateway({"--password", "123456"});
  EXPECT_EQ(run({"ping", gateway.server(), "--password", "123456"}).exit_code, 0);
  const Outcome wrong = run({"ping", gateway.server(), "--password", "654321"});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_TRUE(has(wrong.text, "password")) << wrong.text;
  EXPECT_TRUE(has(wrong.text, "[VSOA: 6, INVALID_PASSWD]")) << wrong.text;
}

TEST(Cli, SubThatHearsTooLittleInTimeIsExitOne) {
  Gateway gateway;
  const Outcome sub = run({"sub", gateway.server(), "/", "--count", "1", "--timeout", "0.5"});
  EXPECT_EQ(sub.exit_code, 1);
  EXPECT_TRUE(has(sub.text, "0 of 1 message")) << sub.text;
}

TEST(Cli, TwoServersOnOnePortIsExitThreeAndSaysWhy) {
  Gateway gateway;
  const Outcome second = run({"serve", "--listen", gateway.address()});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_EQ(second.text.find("ringroad: "), 0u) << second.text;
  EXPECT_TRUE(has(second.text, gateway.address())) << second.text;
}

// SO_REUSEPORT, by which shards share a port, would let all of them in.
TEST(Cli, OfServersThatStartAtOnceOneGetsThePort) {
  std::string address;
  {
    Gateway finder({}, {"serve"}, support::own_loopback());
    address = finder.address();
    finder.program().signal(SIGTERM);
    EXPECT_EQ(finder.program().exit_code(), 0);  // its port is free behind that
  }
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Program>> servers;
    for (int i = 0; i < 4; ++i) {
      const std::vector<std::string> arguments = {"serve", "--shards", "2", "--listen", address};
      servers.push_back(std::make_unique<Program>(arguments));
    }
    const auto serves = [](const auto& server) {
      return server->line_with("serving vsoa://") != "";
    };
    EXPECT_EQ(std::count_if(servers.begin(), servers.end(), serves), 1);
    for (const auto& server : servers) {
      server->signal(SIGTERM);
      EXPECT_GE(server->exit_code(), 0);
    }
  }
}

TEST(Cli, AnEndSignalEndsCleanly) {
  for (const int number : {SIGINT, SIGTERM}) {
    Gateway gateway;
    Program sub({"sub", gateway.server(), "/"});
    ASSERT_NE(sub.line_with("subscribed"), "");
    sub.signal(number);
    EXPECT_EQ(sub.exit_code(), 0) << sub.text();
    gateway.program().signal(number);
    EXPECT_EQ(gateway.program().exit_code(), 0);
    EXPECT_TRUE(has(gateway.program().text(), "stopped after 1 connection"))
        << gateway.program().text();
  }
}

TEST(Cli, DoctorAgreesThatAServerRunsHere) {
  const Outcome doctor = run({"doctor"});
  EXPECT_EQ(doctor.exit_code, 0) << doctor.text;
  for (const char* part : {"io_uring", "open files", "locked memory", "accept queue", "cores"}) {
    EXPECT_TRUE(has(doctor.text, part)) << doctor.text;
  }
}

TEST(Cli, DemoDeliversEverythingAndItsRecordReplays) {
  const std::string record =
      testing::TempDir() + "ringroad_demo_" + std::to_string(getpid()) + ".csv.gz";
  const Outcome demo = run(
      {"demo", "--duration", "2", "--vehicles", "20", "--subscribers", "100", "--save", record});
  EXPECT_EQ(demo.exit_code, 0) << demo.text;
  EXPECT_TRUE(has(demo.text, "PASS")) << demo.text;
  EXPECT_TRUE(has(demo.text, "400 positions")) << demo.text;
  const Outcome replay =
      run({"demo", "--trace", record, "--speed", "4", "--duration", "1", "--subscribers", "50"});
  EXPECT_EQ(replay.exit_code, 0) << replay.text;
  EXPECT_TRUE(has(replay.text, "400 positions")) << replay.text;
  std::filesystem::remove(record);
}

}  // namespace
}  // namespace ringroad::tools
