// Property: a lookup asks each server twice, in order, ends with the first that knows the name, and
//           otherwise with the cause that says most; what is no answer to the question changes nothing.
// Method:   the steps by hand; then random events beside a naive model of the list of servers.
#include "client/lookup.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ringroad::client {
namespace {

using std::chrono::milliseconds;
using Step = Lookup::Step;

constexpr auto kTry = milliseconds(100);
const std::string kFound = R"({"name":"LAMP","addr":"10.0.0.7","port":3005,"domain":2})";
const std::string kOther = R"({"name":"door","addr":"6.6.6.6","port":666,"domain":2})";

std::vector<engine::Address> servers(size_t count) {
  std::vector<engine::Address> servers;
  for (size_t i = 1; i <= count; ++i) {
    servers.push_back(*engine::Address::parse("10.0.1." + std::to_string(i) + ":54"));
  }
  return servers;
}

Lookup lamp(size_t count, AddressFamily family = AddressFamily::any) {
  return {servers(count), {.name = "Lamp", .family = family, .try_time = kTry}};
}

TEST(Lookup, V74_TwoTriesPerServerInOrder) {
  Lookup lookup = lamp(2);
  EXPECT_EQ(lookup.begin(), Step::open);
  EXPECT_EQ(lookup.server().to_string(), "10.0.1.1:54");
  EXPECT_EQ(lookup.query(), R"({"name":"Lamp"})");
  EXPECT_EQ(lookup.try_time(), kTry);
  EXPECT_EQ(lookup.on_silence(), Step::send);
  EXPECT_EQ(lookup.cause().code(), StatusCode::timed_out);
  EXPECT_EQ(lookup.on_silence(), Step::open);
  EXPECT_EQ(lookup.server().to_string(), "10.0.1.2:54");
  EXPECT_EQ(lookup.on_silence(), Step::send);
  EXPECT_EQ(lookup.on_datagram(kFound), Step::end);  // as good as after the first
  ASSERT_TRUE(lookup.result().ok());
  EXPECT_EQ(lookup.result()->address(), "10.0.0.7:3005");
}

TEST(Lookup, V74_SilenceOfAllTimesOut) {
  Lookup lookup = lamp(1);
  EXPECT_EQ(lookup.on_silence(), Step::send);
  EXPECT_EQ(lookup.on_silence(), Step::end);
  EXPECT_EQ(lookup.result().status().code(), StatusCode::timed_out);
  EXPECT_NE(lookup.result().status().message().find("10.0.1.1:54"), std::string::npos);
}

TEST(Lookup, W24_AnswersToOtherQuestionsAreNone) {
  Lookup lookup = lamp(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(lookup.on_datagram(kOther), Step::wait);
  EXPECT_EQ(lookup.on_silence(), Step::send);  // and they were no try
  for (int i = 0; i < 100; ++i) EXPECT_EQ(lookup.on_datagram(kOther), Step::wait);
  EXPECT_EQ(lookup.on_silence(), Step::end);
}

TEST(Lookup, W24_WhatEachAnswerMeans) {
  const auto code = [](const std::string& text, AddressFamily family = AddressFamily::any) {
    Lookup lookup = lamp(1, family);
    EXPECT_EQ(lookup.on_datagram(text), Step::end);
    return lookup.result().status().code();
  };
  EXPECT_EQ(code(kFound), StatusCode::ok);
  EXPECT_EQ(code(kFound, AddressFamily::ipv4), StatusCode::ok);
  EXPECT_EQ(code(kFound, AddressFamily::ipv6), StatusCode::not_found);
  EXPECT_EQ(code(""), StatusCode::not_found);
  EXPECT_EQ(code("{}"), StatusCode::not_found);
  EXPECT_EQ(code(R"({"addr":"","port":0})"), StatusCode::not_found);
  EXPECT_EQ(code("<html>"), StatusCode::bad_response);
  EXPECT_EQ(code(std::string(65'507, '{')), StatusCode::bad_response);
}

TEST(Lookup, V74_NotFoundSaysMoreThanAnyFailure) {
  for (const bool first : {true, false}) {
    Lookup lookup = lamp(2);
    const Status dead(StatusCode::unreachable, "connection refused");
    EXPECT_EQ(first ? lookup.on_datagram("{}") : lookup.on_failure(dead), Step::open);
    EXPECT_EQ(lookup.cause().code(), first ? StatusCode::not_found : StatusCode::unreachable);
    EXPECT_EQ(first ? lookup.on_failure(dead) : lookup.on_datagram("{}"), Step::end);
    EXPECT_EQ(lookup.result().status().code(), StatusCode::not_found);
  }
}

TEST(Lookup, V61_EveryServerHasItsTriesWithinTheTime) {
  EXPECT_EQ(try_time_within(std::chrono::seconds(10), 1), std::chrono::seconds(2));
  EXPECT_EQ(try_time_within(std::chrono::seconds(10), 2), std::chrono::seconds(2));
  EXPECT_EQ(try_time_within(std::chrono::hours(1), 32), std::chrono::seconds(2));
  EXPECT_EQ(try_time_within(milliseconds(1), 32), milliseconds(1));
  for (size_t count = 1; count <= 32; ++count) {
    for (const auto time : {milliseconds(50), milliseconds(100), milliseconds(999)}) {
      const milliseconds one = try_time_within(time, count);
      const auto tries = static_cast<int64_t>(2 * count);
      const bool possible = time >= milliseconds(tries + 1);
      EXPECT_TRUE(!possible || one * tries + one <= time) << count << " " << time.count();
    }
  }
}

/// The plain reading: a list that is gone through.
struct Model {
  size_t servers;
  size_t server = 0;
  int silences = 0;
  bool refused = false;  // somebody said that there is no such name
  std::optional<bool> found = {};

  void next(bool said_no) {
    refused = refused || said_no;
    silences = 0;
    if (++server == servers) found = false;
  }
};

TEST(Lookup, V74_RandomEventsAgreeWithTheModel) {
  for (uint32_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Model model{.servers = 1 + random() % 5};
    Lookup lookup = lamp(model.servers);
    Step step = lookup.begin();
    while (step != Step::end) {
      ASSERT_FALSE(model.found.has_value());
      ASSERT_EQ(lookup.server(), servers(model.servers)[model.server]);
      const size_t server = model.server;
      Step expected = Step::wait;
      switch (random() % 12) {
        case 0:
          step = lookup.on_datagram(kFound);
          model.found = true;
          break;
        case 1:
        case 2:
          step = lookup.on_datagram("{}");
          model.next(true);
          break;
        case 3:
          step = lookup.on_datagram("nonsense");
          model.next(false);
          break;
        case 4:
          step = lookup.on_failure({StatusCode::unreachable, "no route"});
          model.next(false);
          break;
        case 5:
        case 6:
        case 7:
        case 8:
          step = lookup.on_silence();
          expected = Step::send;
          if (++model.silences == 2) model.next(false);
          break;
        default:
          step = lookup.on_datagram(kOther);
      }
      if (model.server != server) expected = Step::open;
      if (model.found) expected = Step::end;
      ASSERT_EQ(step, expected);
    }
    ASSERT_TRUE(model.found.has_value());
    EXPECT_EQ(lookup.result().ok(), *model.found);
    EXPECT_EQ(lookup.result().status().code() == StatusCode::not_found,
              !*model.found && model.refused);
  }
}

}  // namespace
}  // namespace ringroad::client
