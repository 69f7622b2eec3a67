// Property: each well-formed query is answered once, from the table or by the program, then or later,
//           from any thread; what is malformed is counted, and harms nobody.
// Method:   a real server and a UDP socket that sends and reads texts; lookup() where texts do not
//           matter.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ringroad/client.h"
#include "ringroad/position.h"
#include "ringroad/server.h"
#include "tests/support/eventually.h"
#include "tests/support/own_loopback.h"
#include "tests/support/scripted_peer.h"

namespace ringroad {
namespace {

using support::UdpPeer;
using support::wait_until;

const std::vector<PositionEntry> kTable = {
    {"Lamp", {.addr = "10.0.0.7", .port = 3'005, .security = false}},
    {"lamp", {.addr = "fd00::7", .port = 3'006}},
    {"door", {.addr = "10.0.0.8", .port = 65'535}},
};

std::string ask(UdpPeer& peer, const PositionServer& server, const std::string& text) {
  return peer.send_to(server.port(), text) ? peer.receive() : "not sent";
}

std::string query(const std::string& name) {
  return R"({"name":")" + name + R"("})";
}

void expect_balance(const PositionStats& stats) {
  EXPECT_EQ(stats.queries, stats.found + stats.not_found + stats.unanswered + stats.refused +
                               stats.failed + stats.waiting_now);
}

LookupOptions only(const PositionServer& server) {
  return {.server = server.address()};
}

TEST(PositionServer, X5_W24_AnswersFromItsTable) {
  PositionServer server;
  ASSERT_TRUE(server.set_table(kTable).ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  UdpPeer peer;
  EXPECT_EQ(ask(peer, server, query("lamp")),
            R"({"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2,"security":false})");
  EXPECT_EQ(ask(peer, server, query("LAMP")),
            R"({"name":"LAMP","addr":"10.0.0.7","port":3005,"domain":2,"security":false})");
  EXPECT_EQ(ask(peer, server, R"({"name":"lamp","domain":10})"),
            R"({"name":"lamp","addr":"fd00::7","port":3006,"domain":10})");
  EXPECT_EQ(ask(peer, server, R"({"name":"door","domain":10})"), "{}");
  EXPECT_EQ(ask(peer, server, R"({"name":"door","domain":23})"), "{}");
  EXPECT_EQ(ask(peer, server, query("window")), "{}");
  EXPECT_EQ(server.stats().found, 3U);
  EXPECT_EQ(server.stats().not_found, 3U);
  expect_balance(server.stats());
}

TEST(PositionServer, V72_WhatIsMalformedIsCountedAndNotAnswered) {
  PositionServer server;
  ASSERT_TRUE(server.set_table(kTable).ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  UdpPeer peer;
  const std::vector<std::string> malformed = {
      "x",
      "{}",
      "[]",
      R"({"name":7})",
      R"({"name":"lamp")",
      std::string(65'000, '{'),
      R"({"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2})",
      R"({"name":")" + std::string(5'000, 'n') + R"("})"};
  for (const std::string& text : malformed) ASSERT_TRUE(peer.send_to(server.port(), text));
  // One socket, one thread: had any of them been answered, it would come first.
  EXPECT_EQ(ask(peer, server, query("door")),
            R"({"name":"door","addr":"10.0.0.8","port":65535,"domain":2})");
  EXPECT_EQ(server.stats().malformed, malformed.size());
  EXPECT_EQ(server.stats().queries, 1U);
}

TEST(PositionServer, X5_TheTableIsCheckedAndCanBeReplaced) {
  PositionServer server;
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  UdpPeer peer;
  EXPECT_EQ(ask(peer, server, query("lamp")), "{}");
  ASSERT_TRUE(server.set_table(kTable).ok());
  const std::vector<std::pair<PositionEntry, std::string>> wrong = {
      {{"", {.addr = "10.0.0.7", .port = 1}}, "name is empty"},
      {{std::string(256, 'n'), {.addr = "10.0.0.7", .port = 1}}, "256 bytes"},
      {{"x", {.addr = "lamp", .port = 1}}, "no IP address"},
      {{"x", {.addr = "", .port = 1}}, "no IP address"},
      {{"x", {.addr = "10.0.0.7", .port = 0}}, "port is 0"},
      {{"DOOR", {.addr = "10.0.0.9", .port = 1}}, "there already"},
  };
  for (const auto& [entry, text] : wrong) {
    std::vector<PositionEntry> table = kTable;
    table.push_back(entry);
    const Status status = server.set_table(table);
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_NE(status.message().find("entry 4"), std::string::npos) << status.message();
    EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
  }
  EXPECT_NE(ask(peer, server, query("lamp")), "{}");
  ASSERT_TRUE(server.set_table({}).ok());
  EXPECT_EQ(ask(peer, server, query("lamp")), "{}");
}

TEST(PositionTableText, X5_ArraysAndObjects) {
  const auto array = parse_position_table(
      R"([{"name":"Lamp","addr":"10.0.0.7","port":3005,"domain":2,"security":true,"more":1},
          {"name":"lamp","addr":"fd00::7","port":3006}])");
  ASSERT_TRUE(array.ok()) << array.status().message();
  ASSERT_EQ(array->size(), 2U);
  EXPECT_EQ((*array)[0].name, "Lamp");
  EXPECT_EQ((*array)[0].position.security, true);
  EXPECT_EQ((*array)[1].position.address(), "[fd00::7]:3006");
  const auto object = parse_position_table(R"({"lamp":{"addr":"10.0.0.7","port":3005}})");
  ASSERT_TRUE(object.ok()) << object.status().message();
  EXPECT_EQ(object->at(0).name, "lamp");
  EXPECT_TRUE(parse_position_table("[]")->empty());
  for (const char* text :
       {"", "7", "[7]", R"([{"name":"x","port":1}])", R"([{"name":"x","addr":"1.2.3.4"}])",
        R"([{"name":"x","addr":"1.2.3.4","port":65536}])",
        R"([{"name":"x","addr":"1.2.3.4","port":1,"domain":10}])",
        R"([{"addr":"1.2.3.4","port":1}])"}) {
    EXPECT_EQ(parse_position_table(text).status().code(), StatusCode::invalid_argument) << text;
  }
  // More than a packet may hold.
  std::string large = "{";
  for (int i = 0; i < 10'000; ++i) {
    large += (i == 0 ? "\"s" : ",\"s") + std::to_string(i) + R"(":{"addr":"10.0.0.7","port":1})";
  }
  EXPECT_EQ(parse_position_table(large + "}")->size(), 10'000U);
}

TEST(PositionServer, V71_TheProgramAnswersThenOrLaterFromAnyThread) {
  std::mutex mutex;
  std::vector<PositionReply> later;
  PositionServer server;
  ASSERT_TRUE(server.set_table(kTable).ok());
  server.on_query([&](const PositionQuery& asked, PositionReply reply) {
    if (asked.name == "now") {
      EXPECT_EQ(asked.family, AddressFamily::ipv4);
      EXPECT_TRUE(reply.answer({.addr = "10.0.0.1", .port = 1}).ok());
    } else if (asked.name == "nobody") {
      EXPECT_TRUE(reply.not_found().ok());
    } else {
      const std::lock_guard lock(mutex);
      later.push_back(std::move(reply));
    }
  });
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  UdpPeer peer;
  EXPECT_EQ(ask(peer, server, R"({"name":"now","domain":2})"),
            R"({"name":"now","addr":"10.0.0.1","port":1,"domain":2})");
  EXPECT_EQ(ask(peer, server, query("nobody")), "{}");
  EXPECT_NE(ask(peer, server, query("door")), "{}");  // the table comes first
  ASSERT_TRUE(peer.send_to(server.port(), query("later")));
  EXPECT_TRUE(wait_until([&] { return server.stats().waiting_now == 1; }));
  std::thread answerer([&] {
    const std::lock_guard lock(mutex);
    PositionReply& reply = later.at(0);
    EXPECT_EQ(reply.answer({.addr = "lamp", .port = 1}).code(), StatusCode::invalid_argument);
    EXPECT_EQ(reply.answer({.addr = "10.0.0.1"}).code(), StatusCode::invalid_argument);
    EXPECT_TRUE(reply.answer({.addr = "fd00::1", .port = 2}).ok());
    EXPECT_EQ(reply.answer({.addr = "10.0.0.1", .port = 3}).code(), StatusCode::invalid_argument);
    EXPECT_EQ(reply.not_found().code(), StatusCode::invalid_argument);
  });
  answerer.join();
  EXPECT_EQ(peer.receive(), R"({"name":"later","addr":"fd00::1","port":2,"domain":10})");
  EXPECT_EQ(server.stats().waiting_now, 0U);
  expect_balance(server.stats());
}

TEST(PositionServer, V71_RepliesThatAreDroppedOrLateAreCounted) {
  std::mutex mutex;
  std::vector<PositionReply> kept;
  auto server = std::make_unique<PositionServer>();
  server->on_query([&](const PositionQuery& asked, PositionReply reply) {
    if (asked.name == "throw") throw std::runtime_error("no table");
    if (asked.name == "answer and throw") {
      EXPECT_TRUE(reply.not_found().ok());
      throw 1;
    }
    const std::lock_guard lock(mutex);
    if (asked.name == "keep") kept.push_back(std::move(reply));
  });
  ASSERT_TRUE(server->listen("127.0.0.1:0").ok());
  UdpPeer peer;
  for (const char* name : {"drop", "throw", "keep"}) {
    ASSERT_TRUE(peer.send_to(server->port(), query(name)));
  }
  EXPECT_EQ(ask(peer, *server, query("answer and throw")), "{}");
  EXPECT_TRUE(wait_until([&] { return server->stats().queries == 4; }));
  const PositionStats stats = server->stats();
  EXPECT_EQ(stats.unanswered, 1U);
  EXPECT_EQ(stats.failed, 1U);
  EXPECT_EQ(stats.waiting_now, 1U);
  expect_balance(stats);
  server->stop();
  EXPECT_EQ(kept.at(0).not_found().code(), StatusCode::gone);
  EXPECT_EQ(server->stats().waiting_now, 0U);
  expect_balance(server->stats());
  const PositionReply copy = kept.at(0);
  server.reset();
  EXPECT_EQ(kept.at(0).not_found().code(), StatusCode::gone);
}

TEST(PositionServer, RepliesThatWaitAreBounded) {
  std::mutex mutex;
  std::vector<PositionReply> kept;
  PositionServer server;
  server.on_query([&](const PositionQuery&, PositionReply reply) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(reply));
  });
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  UdpPeer peer;
  // A datagram may be lost where so many come: until the bound is reached.
  EXPECT_TRUE(wait_until([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(peer.send_to(server.port(), query("x")));
    return server.stats().refused > 0;
  }));
  EXPECT_EQ(server.stats().waiting_now, PositionServer::kRepliesMax);
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(kept.size(), PositionServer::kRepliesMax);
    kept.clear();
  }
  EXPECT_TRUE(wait_until([&] {
    EXPECT_TRUE(peer.send_to(server.port(), query("x")));
    return server.stats().waiting_now > 0;
  }));
  expect_balance(server.stats());
}

TEST(PositionServer, ListensOnceOnAPortOfItsOwn) {
  PositionServer server;
  EXPECT_EQ(server.address(), "");
  EXPECT_EQ(server.listen("nonsense").code(), StatusCode::invalid_argument);
  ASSERT_TRUE(server.listen(support::own_loopback() + ":0").ok());
  EXPECT_NE(server.port(), 0);
  EXPECT_EQ(server.listen("127.0.0.1:0").code(), StatusCode::invalid_argument);
  PositionServer second;
  EXPECT_EQ(second.listen(server.address()).code(), StatusCode::address_in_use);
  const std::string address = server.address();
  server.stop();
  server.stop();
  EXPECT_EQ(server.address(), "");
  EXPECT_TRUE(second.listen(address).ok());
}

TEST(PositionServer, V71_IPv6) {
  PositionServer server;
  ASSERT_TRUE(server.set_table(kTable).ok());
  const Status status = server.listen("[::1]:0");
  if (status.code() == StatusCode::unsupported || status.code() == StatusCode::invalid_argument) {
    GTEST_SKIP() << "SKIPPED: " << status.message();
  }
  ASSERT_TRUE(status.ok()) << status.message();
  const Result<ServerPosition> found = lookup("lamp", AddressFamily::ipv6, only(server));
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(found->address(), "[fd00::7]:3006");
}

TEST(PositionServer, V61_V74_AClientConnectsByName) {
  Server lamp({.shards = 1, .pin_shards = false});
  ASSERT_TRUE(lamp.listen("127.0.0.1:0").ok());
  PositionServer server;
  ASSERT_TRUE(server.set_table({{"lamp", {.addr = "127.0.0.1", .port = lamp.port()}}}).ok());
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  ASSERT_TRUE(set_position_server("127.0.0.1", server.port()).ok());
  Client client;
  const Status connected = client.connect("vsoa://lamp/path");
  EXPECT_TRUE(connected.ok()) << connected.message();
  EXPECT_TRUE(client.connected());
  client.disconnect();
  EXPECT_EQ(client.connect("vsoa://door").code(), StatusCode::not_found);
  EXPECT_EQ(client.connect("vsoa://door", {.timeout = std::chrono::milliseconds(0)}).code(),
            StatusCode::invalid_argument);
  EXPECT_TRUE(client.connect_async("vsoa://lamp", {}, nullptr).ok());
  EXPECT_TRUE(support::wait_until([&] { return client.connected(); }));
  reset_position_server();
}

TEST(PositionServer, ManyThreadsAskAndAnswer) {
  std::mutex mutex;
  std::vector<std::pair<PositionQuery, PositionReply>> waiting;
  PositionServer server;
  server.on_query([&](const PositionQuery& asked, PositionReply reply) {
    const std::lock_guard lock(mutex);
    waiting.emplace_back(asked, std::move(reply));
  });
  ASSERT_TRUE(server.listen("127.0.0.1:0").ok());
  std::atomic<bool> over{false};
  std::vector<std::thread> answerers;
  for (int i = 0; i < 2; ++i) {
    answerers.emplace_back([&] {
      while (!over) {
        std::vector<std::pair<PositionQuery, PositionReply>> taken;
        {
          const std::lock_guard lock(mutex);
          taken.swap(waiting);
        }
        for (auto& [asked, reply] : taken) {
          const auto port = static_cast<uint16_t>(std::stoi(asked.name));
          EXPECT_TRUE(reply.answer({.addr = "10.0.0.1", .port = port}).ok());
        }
        std::this_thread::yield();
      }
    });
  }
  std::vector<std::thread> askers;
  for (int thread = 0; thread < 4; ++thread) {
    askers.emplace_back([&, thread] {
      for (int i = 1; i <= 100; ++i) {
        const int port = thread * 100 + i;
        const auto found =
            lookup(std::to_string(port), AddressFamily::any,
                   {.server = server.address(), .timeout = std::chrono::seconds(30)});
        ASSERT_TRUE(found.ok()) << found.status().message();
        EXPECT_EQ(found->port, port);
      }
    });
  }
  for (std::thread& asker : askers) asker.join();
  over = true;
  for (std::thread& answerer : answerers) answerer.join();
  EXPECT_EQ(server.stats().found, 400U);
  expect_balance(server.stats());
}

}  // namespace
}  // namespace ringroad
