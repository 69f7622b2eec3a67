// Property: who asks a server the wrong way hears what was wrong and what to do instead, and each
//         form of naming a server and its URL means the same.
// Method: targets at the edges, and the built program against servers of its own and of others.
#include "tools/remote.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/scripted_peer.h"
#include "tests/tools/run.h"

namespace ringroad::tools {
namespace {

constexpr const char* kExample = "vsoa://127.0.0.1:3005/a";

/// A file that goes with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_(testing::TempDir() + "ringroad_remote_" + std::to_string(getpid())) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::vector<std::string> urls_text(const std::string& text, std::vector<std::string> more) {
  const Result<Target> target = parse_target(text, kExample);
  if (!target.ok()) return {};
  const RemoteOptions options = {.target = text, .urls = std::move(more)};
  const Result<std::vector<std::string>> urls = urls_of(*target, options, kExample);
  return urls.ok() ? *urls : std::vector<std::string>();
}

TEST(Target, SplitsServerAndUrl) {
  const auto target = parse_target("vsoa://[::1]:3005/a/b", kExample);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->server, "vsoa://[::1]:3005");
  EXPECT_EQ(target->url, "/a/b");
  EXPECT_TRUE(parse_target("vsoa://127.0.0.1:3005", kExample).ok());
  EXPECT_TRUE(parse_target("vsoa://127.0.0.1:65535", kExample).ok());
  for (const char* wrong :
       {"127.0.0.1:3005", "http://a:1/b", "vsoa://a", "vsoa://a:/b", "vsoa:///b", "vsoa://[::1]",
        "vsoa://127.0.0.1:0", "vsoa://127.0.0.1:65536", "vsoa://127.0.0.1:http"}) {
    const Status status = parse_target(wrong, kExample).status();
    EXPECT_EQ(status.code(), StatusCode::invalid_argument) << wrong;
    EXPECT_TRUE(status.message().ends_with(kExample)) << status.message();
  }
}

TEST(Target, TheUrlStandsInTheServerOrBehindIt) {
  using Urls = std::vector<std::string>;
  const std::string server = "vsoa://127.0.0.1:3005";
  EXPECT_EQ(urls_text(server + "/a/", {}), Urls{"/a/"});
  EXPECT_EQ(urls_text(server + "/", {}), Urls{"/"});
  EXPECT_EQ(urls_text(server, {"/a", "/b"}), (Urls{"/a", "/b"}));
  EXPECT_EQ(urls_text(server + "/", {"/a"}), Urls{"/a"});
  EXPECT_EQ(urls_text(server + "/a/", {"/b"}), Urls());
  EXPECT_EQ(urls_text(server, {}), Urls());
  EXPECT_TRUE(parse_server(server).ok());
  EXPECT_TRUE(parse_server(server + "/").ok());
  EXPECT_EQ(parse_server(server + "/a").status().code(), StatusCode::invalid_argument);
}

TEST(Remote, BothFormsReachTheUrl) {
  Gateway gateway;
  Program sub({"sub", gateway.server() + "/fleet/", "--count", "2"});
  ASSERT_NE(sub.line_with("subscribed to /fleet/ at " + gateway.server()), "");
  EXPECT_EQ(run({"send", gateway.server(), "/fleet/1"}).exit_code, 0);
  EXPECT_EQ(run({"send", gateway.server() + "/fleet/2"}).exit_code, 0);
  EXPECT_EQ(sub.exit_code(), 0) << sub.text();
  EXPECT_EQ(run({"call", gateway.server(), "/ringroad/stats"}).exit_code, 0);
}

TEST(Remote, AUrlThatWouldBeDroppedIsRefused) {
  const std::string nobody = "vsoa://127.0.0.1:1";
  const std::vector<std::vector<std::string>> wrong = {{"sub", nobody + "/fleet/", "/tick"},
                                                       {"call", nobody + "/a", "/b"},
                                                       {"send", nobody, "/a", "/b"},
                                                       {"ping", nobody + "/foo"},
                                                       {"conform", nobody + "/foo"}};
  for (const std::vector<std::string>& arguments : wrong) {
    SCOPED_TRACE(joined(arguments));
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.text;
    EXPECT_TRUE(outcome.says("/foo") || outcome.says("/b") || outcome.says("/tick"));
  }
  EXPECT_TRUE(run({"ping", "127.0.0.1:1"}).says("as in vsoa://127.0.0.1:3005\n"));
  EXPECT_TRUE(run({"sub", "127.0.0.1:1"}).says("as in vsoa://127.0.0.1:3005 /fleet/\n"));
  EXPECT_TRUE(run({"send", nobody}).says("as in vsoa://127.0.0.1:3005/fleet/7/pos\n"));
}

TEST(Remote, WhatIsNotVsoaIsCalledByItsAddress) {
  const std::vector<std::vector<std::string>> commands = {{"ping"}, {"call"}, {"send"}, {"sub"}};
  for (const std::vector<std::string>& command : commands) {
    SCOPED_TRACE(command.front());
    support::ScriptedPeer peer;
    std::thread answering([&peer] {
      support::PeerSocket socket = peer.accept();
      socket.read_packet();
      socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    std::vector<std::string> arguments = command;
    arguments.push_back("vsoa://" + peer.address());
    if (command.front() != "ping") arguments.emplace_back("/a");
    const Outcome outcome = run(arguments);
    answering.join();
    EXPECT_EQ(outcome.exit_code, 3) << outcome.text;
    EXPECT_TRUE(outcome.says(peer.address())) << outcome.text;
    EXPECT_TRUE(outcome.says("is this a VSOA server?")) << outcome.text;
  }
}

TEST(Remote, ARefusedPasswordNamesTheOption) {
  Gateway gateway({"--password", "123456"});
  const std::string server = gateway.server();
  for (const std::string command : {"ping", "call", "send", "sub"}) {
    SCOPED_TRACE(command);
    const std::string target = command == "ping" ? server : server + "/a";
    const Outcome without = run({command, target});
    EXPECT_EQ(without.exit_code, 3);
    EXPECT_TRUE(without.says("(it wants one: --password)")) << without.text;
    EXPECT_TRUE(run({command, target, "--password", "1"}).says("(see --password)"));
  }
}

TEST(Remote, APasswordMayStandInAFile) {
  const TemporaryFile file("123456\n");
  Gateway gateway({"--password-file", file.path()});
  EXPECT_NE(gateway.start_line().find("with a password"), std::string::npos);
  EXPECT_EQ(run({"ping", gateway.server(), "--password", "123456"}).exit_code, 0);
  EXPECT_EQ(run({"ping", gateway.server(), "--password-file", file.path()}).exit_code, 0);
  EXPECT_EQ(run({"ping", gateway.server()}).exit_code, 3);
  const TemporaryFile empty("\n");
  for (const std::string& path : {empty.path(), std::string("/nowhere/file")}) {
    const Outcome outcome = run({"ping", gateway.server(), "--password-file", path});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_TRUE(outcome.says("--password-file")) << outcome.text;
  }
  EXPECT_EQ(
      run({"ping", gateway.server(), "--password-file", file.path(), "--password", "1"}).exit_code,
      2);
}

TEST(Remote, NotesSayWhatVsoaDoesNotHave) {
  Gateway gateway;
  const std::string server = gateway.server();
  const std::vector<std::string> soon = {"--timeout", "0.2"};
  const Outcome wild = run({"sub", server, "/fleet/+", soon[0], soon[1]});
  EXPECT_EQ(wild.exit_code, 0);
  EXPECT_TRUE(wild.says("VSOA has no wildcards: /fleet/+")) << wild.text;
  const Outcome silent = run({"sub", server, "/fleet", soon[0], soon[1]});
  EXPECT_TRUE(silent.says("nothing came; /fleet takes only that URL, /fleet/ all below"));
  EXPECT_FALSE(run({"sub", server, "/fleet/", soon[0], soon[1]}).says("takes only"));
  const Outcome param = run({"send", server + "/a", "--param", "kmh=42"});
  EXPECT_EQ(param.exit_code, 0);
  EXPECT_TRUE(param.says("--param is not JSON")) << param.text;
  EXPECT_EQ(run({"send", server + "/a", "--param", "42"}).text, "");
}

TEST(Remote, TooLongForUdpMayGoByTcp) {
  Gateway gateway;
  const TemporaryFile file(std::string(70'000, 'x'));
  const std::vector<std::string> send = {"send", gateway.server() + "/a", "--data",
                                         "@" + file.path()};
  EXPECT_EQ(run(send).exit_code, 0);
  std::vector<std::string> quick = send;
  quick.emplace_back("--quick");
  const Outcome outcome = run(quick);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says("send less, or send without --quick")) << outcome.text;
}

TEST(Remote, InterruptedBeforeTheCountIsExitOne) {
  Gateway gateway;
  Program ping({"ping", gateway.server(), "--count", "9", "--interval", "600"});
  ASSERT_NE(ping.line_with(gateway.server()), "");
  ping.signal(SIGINT);
  EXPECT_EQ(ping.exit_code(), 1);
  EXPECT_NE(ping.text().find("1 of 9 pings when interrupted"), std::string::npos) << ping.text();
  Program sub({"sub", gateway.server(), "/", "--count", "2"});
  ASSERT_NE(sub.line_with("subscribed"), "");
  sub.signal(SIGINT);
  EXPECT_EQ(sub.exit_code(), 1);
}

}  // namespace
}  // namespace ringroad::tools
