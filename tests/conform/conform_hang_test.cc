// Property: `ringroad conform` ends in 40 s whatever the server does, with every check judged and a
//         failure; and says with exit code 2 that it could not run.
// Method: servers that stop at each step of a conversation, all at once: they mostly wait.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/server_words.h"
#include "tests/support/scripted_peer.h"
#include "tests/tools/program.h"
#include "tools/conform_checks.h"
#include "tools/playground.h"

namespace ringroad::conform {
namespace {

using support::PeerSocket;
using Stop = std::atomic<bool>;
using Conversation = std::function<void(PeerSocket&, const Stop&)>;

// The program's promise to its users; everything else here waits for events.
constexpr auto kTimeLimit = std::chrono::seconds(40);

struct Outcome {
  int exit_code = -1;
  std::string text;
  std::chrono::steady_clock::duration took{};
};

Outcome conform(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "conform");
  const auto begin = std::chrono::steady_clock::now();
  tools::Program program(std::move(arguments));
  Outcome outcome;
  outcome.exit_code = program.exit_code();
  outcome.text = program.text();
  outcome.took = std::chrono::steady_clock::now() - begin;
  return outcome;
}

/// Has this conversation with everybody who connects, each in a thread of its own.
class Server {
 public:
  explicit Server(Conversation conversation)
      : conversation_(std::move(conversation)), accepting_([this] { accept_all(); }) {}
  ~Server() {
    stopping_ = true;
    const PeerSocket last = support::connect_peer(peer_.port());  // ends accept()
    accepting_.join();
    for (std::thread& thread : conversations_) thread.join();
  }

  std::string url() const { return "vsoa://" + peer_.address(); }

 private:
  void accept_all() {
    while (!stopping_) {
      PeerSocket socket = peer_.accept();
      if (!socket.valid() || stopping_) continue;
      conversations_.emplace_back([this](PeerSocket talking) { conversation_(talking, stopping_); },
                                  std::move(socket));
    }
  }

  const Conversation conversation_;
  support::ScriptedPeer peer_;
  Stop stopping_{false};
  std::vector<std::thread> conversations_;
  std::thread accepting_;
};

void welcome(PeerSocket& socket) {
  if (socket.read_packet().magic != 0) socket.write(client::welcome());
}

const std::vector<std::pair<const char*, Conversation>> kConversations = {
    {"closes at once", [](PeerSocket& socket, const Stop&) { socket.close(); }},
    {"never answers", [](PeerSocket& socket, const Stop&) { socket.read_to_end(); }},
    {"answers the handshake, then never again",
     [](PeerSocket& socket, const Stop&) {
       welcome(socket);
       while (socket.read_packet().magic != 0) continue;
     }},
    {"answers the handshake, then reads nothing",
     [](PeerSocket& socket, const Stop& stop) {
       welcome(socket);
       while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(10));
     }},
    {"a byte at a time",
     [](PeerSocket& socket, const Stop&) {
       if (socket.read_packet().magic == 0) return;
       for (const char byte : client::welcome().bytes()) {
         if (!socket.write(std::string_view(&byte, 1))) return;
         std::this_thread::sleep_for(std::chrono::milliseconds(100));
       }
       while (socket.read_packet().magic != 0) continue;
     }},
    {"floods",
     [](PeerSocket& socket, const Stop&) {
       welcome(socket);
       std::string flood;
       for (int i = 0; i < 1'000; ++i) flood += client::publish("/tick").bytes();
       // 1,000,000 a second: as many as the machine can take would only slow other tests.
       while (socket.write(flood)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
     }},
    {"closes after each request",
     [](PeerSocket& socket, const Stop&) {
       welcome(socket);
       socket.read_packet();
     }},
    {"is not VSOA",
     [](PeerSocket& socket, const Stop&) {
       socket.read_packet();
       socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
     }},
};

TEST(ConformHang, EndsWhateverTheServerDoes) {
  std::vector<Outcome> outcomes(kConversations.size());
  std::vector<std::thread> runs;
  for (size_t i = 0; i < kConversations.size(); ++i) {
    runs.emplace_back([&outcomes, i] {
      const Server server(kConversations[i].second);
      outcomes[i] = conform({server.url()});
    });
  }
  for (std::thread& run : runs) run.join();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    SCOPED_TRACE(kConversations[i].first);
    EXPECT_EQ(outcomes[i].exit_code, 1) << outcomes[i].text;
    EXPECT_LT(outcomes[i].took, kTimeLimit);
    std::istringstream lines(outcomes[i].text);
    size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
      const bool is_check = line.starts_with("PASS ") || line.starts_with("FAIL ") ||
                            line.starts_with("N/A ") || line.starts_with("SKIP ");
      count += is_check ? 1 : 0;
    }
    EXPECT_EQ(count, tools::conform_checks().size()) << outcomes[i].text;
    EXPECT_NE(outcomes[i].text.find("RESULT pass="), std::string::npos) << outcomes[i].text;
  }
}

TEST(ConformHang, ExitTwoWhenItCouldNotRun) {
  tools::Playground playground({.password = "pw"});
  ASSERT_TRUE(playground.listen("127.0.0.1:0").ok());
  const std::string url = "vsoa://" + playground.address();
  const std::vector<std::vector<std::string>> impossible = {
      {"vsoa://127.0.0.1:1"},
      {"vsoa://no-such-host:3005"},
      {"127.0.0.1:3005"},
      {"vsoa://127.0.0.1"},
      {url},
      {url, "--password", "other"},
      {url, "--no-such-option"},
      {},
  };
  for (const std::vector<std::string>& arguments : impossible) {
    const Outcome outcome = conform(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.text;
    EXPECT_EQ(outcome.text.find("RESULT"), std::string::npos) << outcome.text;
    EXPECT_TRUE(outcome.text.starts_with("ringroad: ")) << outcome.text;
  }
  EXPECT_NE(conform({url}).text.find("--password"), std::string::npos);
}

TEST(ConformHang, WithoutAHandshakeOneFailureSaysWhy) {
  const Server server([](PeerSocket& socket, const Stop&) {
    socket.read_packet();
    socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  const Outcome outcome = conform({server.url()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_TRUE(outcome.text.starts_with("FAIL connect handshake: ")) << outcome.text;
  EXPECT_NE(outcome.text.find("is this a VSOA server?"), std::string::npos) << outcome.text;
  EXPECT_NE(outcome.text.find("SKIP reconnect not run: no connection"), std::string::npos);
  EXPECT_NE(outcome.text.find("RESULT pass=0 fail=1 "), std::string::npos) << outcome.text;
}

TEST(ConformHang, SaysWhatTheServerIsNot) {
  ringroad::Server silent({.shards = 1});
  ASSERT_TRUE(silent.listen("127.0.0.1:0").ok());
  const Outcome outcome = conform({"vsoa://" + silent.address(), "--password", "pw"});
  EXPECT_EQ(outcome.exit_code, 1);
  for (const char* part : {
           "FAIL password-wrong the server let the client in: it does not ask for a password",
           "FAIL password-missing the server let the client in: it does not ask for a password",
           "N/A password-unneeded --password was given, so the server is taken to need one",
           "FAIL subscribe-exact the server publishes no /tick: is it a playground?",
       }) {
    EXPECT_NE(outcome.text.find(part), std::string::npos) << part << '\n' << outcome.text;
  }
}

TEST(ConformReport, LinesAndCounts) {
  tools::ConformReport report;
  EXPECT_EQ(report.add("one", tools::pass()), "PASS one");
  EXPECT_EQ(report.add("two", tools::skip("no such URL")), "SKIP two no such URL");
  EXPECT_EQ(report.add("three", tools::not_applicable("why")), "N/A three why");
  EXPECT_EQ(report.exit_code(), tools::ExitCode::ok);
  const std::string line = report.add("four", tools::failure("got \x1b[31m\nred"));
  EXPECT_TRUE(line.starts_with("FAIL four got "));
  EXPECT_EQ(line.find_first_of("\x1b\n"), std::string::npos);
  EXPECT_EQ(report.result_line(), "RESULT pass=1 fail=1 skip=1 na=1");
  EXPECT_EQ(report.exit_code(), tools::ExitCode::answer_is_no);
}

}  // namespace
}  // namespace ringroad::conform
