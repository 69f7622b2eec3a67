// Property: handlers that throw harm nobody and are logged with their words; empty ones are refused.
// Method:   a real server whose handlers throw, one client.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/system/live_server.h"
#include "tests/system/stderr_capture.h"

namespace ringroad::testing {
namespace {

TEST(ServerTest, A13_F10_HandlersThatThrowHarmNobody) {
  Server server(live_options(2));
  std::atomic<int> data{0};
  server.on_client([](RemoteClient, bool) { throw std::runtime_error("client"); });
  server.on_data([&](RemoteClient, std::string_view, const PayloadView&, Channel) {
    ++data;
    throw std::runtime_error("data");
  });
  ASSERT_TRUE(is_ok(server.command("/throw", [](Call&) { throw 1; })));
  ASSERT_TRUE(is_ok(server.command("/late", [](Call& call) {
    (void)call.reply({.param = "1"});
    throw std::runtime_error("after the reply");
  })));
  ASSERT_TRUE(is_ok(server.command("/fine", [](Call& call) { (void)call.reply(); })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  for (int i = 0; i < 4; ++i) {
    Client client;
    ASSERT_TRUE(is_ok(client.connect(url_of(server))));
    const Result<Reply> thrown = client.fetch("/throw");
    ASSERT_TRUE(thrown.ok()) << thrown.status().message();
    EXPECT_EQ(thrown->status, ReplyStatus::no_responding);
    const Result<Reply> late = client.fetch("/late");
    ASSERT_TRUE(late.ok()) << late.status().message();
    EXPECT_EQ(late->status, ReplyStatus::success);
    EXPECT_TRUE(is_ok(client.datagram("/throw", {})));
    EXPECT_TRUE(client.fetch("/fine").ok());
  }
  EXPECT_EQ(data, 4);
  EXPECT_TRUE(wait_until([&] { return server.stats().connections_now == 0; }));
}

TEST(ServerTest, AHandlerThatThrowsIsLoggedWithItsWords) {
  const StderrCapture log;
  Server server(live_options(1));
  ASSERT_TRUE(is_ok(server.command("/throw", [](Call&) { throw std::runtime_error("no lamp"); })));
  ASSERT_TRUE(is_ok(server.command("/odd", [](Call&) { throw 1; })));
  ASSERT_TRUE(is_ok(server.listen("127.0.0.1:0")));
  Client client;
  ASSERT_TRUE(is_ok(client.connect(url_of(server))));
  EXPECT_TRUE(client.fetch("/throw").ok());
  EXPECT_TRUE(client.fetch("/odd").ok());
  EXPECT_NE(log.text().find("event=handler_failed kind=command url=/throw what=no lamp"),
            std::string::npos)
      << log.text();
  EXPECT_NE(log.text().find("url=/odd what=no std::exception"), std::string::npos);
}

TEST(ServerTest, ACommandNeedsAHandler) {
  Server server(live_options(1));
  EXPECT_EQ(server.command("/n", nullptr).code(), StatusCode::invalid_argument);
  EXPECT_EQ(server.command("/n", Server::CommandHandler()).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace ringroad::testing
