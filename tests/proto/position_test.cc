// Property: the texts of the position protocol are read as the implementations write them, and what
//           is neither a query nor an answer is told apart.
// Method:   the texts themselves, by rule; random ones go there and back.
#include "proto/position.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "proto/json.h"

namespace ringroad::proto {
namespace {

using Kind = PositionAnswer::Kind;

ServerPosition lamp() {
  return {.addr = "10.0.0.7", .port = 3'005};
}

TEST(PositionText, W24_QueriesOfEveryImplementation) {
  const auto of_python = parse_position_query(R"({"name": "lamp", "domain": 2})");
  ASSERT_TRUE(of_python);
  EXPECT_EQ(of_python->query.name, "lamp");
  EXPECT_EQ(of_python->query.family, AddressFamily::ipv4);
  const auto of_node = parse_position_query(R"({"name":"Lamp"})");
  ASSERT_TRUE(of_node);
  EXPECT_EQ(of_node->query.name, "Lamp");
  EXPECT_EQ(of_node->query.family, AddressFamily::any);
  const auto ipv6 = parse_position_query(R"({"domain":10,"name":"lamp","more":[1]})");
  ASSERT_TRUE(ipv6);
  EXPECT_EQ(ipv6->query.family, AddressFamily::ipv6);
}

TEST(PositionText, W24_ADomainThatSaysNothingIsAny) {
  for (const char* domain : {"null", "-1", "0", "\"2\"", "2.5", "true"}) {
    const auto wire =
        parse_position_query(R"({"name":"lamp","domain":)" + std::string(domain) + "}");
    ASSERT_TRUE(wire) << domain;
    EXPECT_EQ(wire->query.family, AddressFamily::any) << domain;
    EXPECT_FALSE(wire->unknown_family) << domain;
  }
  for (const char* domain : {"1", "23", "30", "-2", "4294967298"}) {
    const auto wire =
        parse_position_query(R"({"name":"lamp","domain":)" + std::string(domain) + "}");
    ASSERT_TRUE(wire) << domain;
    EXPECT_TRUE(wire->unknown_family) << domain;
  }
}

TEST(PositionText, V72_WhatIsNoQuery) {
  for (const char* text :
       {"", " ", "lamp", "{", "{}", "[]", "null", "7", R"("lamp")", R"(["lamp"])", R"({"name":""})",
        R"({"name":7})", R"({"name":null})", R"({"Name":"x"})", R"({"name":"lamp")",
        R"({"name":"lamp"}{)", R"({"domain":2})"}) {
    EXPECT_FALSE(parse_position_query(text)) << text;
  }
}

TEST(PositionText, V72_AnAnswerIsNoQueryOrTwoServersWouldTalkForEver) {
  EXPECT_FALSE(parse_position_query(position_answer_text("lamp", lamp())));
  EXPECT_FALSE(parse_position_query(kPositionUnknown));
  EXPECT_FALSE(parse_position_query(R"({"name":"lamp","addr":"","port":0})"));
}

TEST(PositionText, V72_OnlySoMuchIsLookedAt) {
  const std::string head = R"({"name":")";
  const std::string tail = R"("})";
  const std::string name(kPositionTextBytesMax - head.size() - tail.size(), 'n');
  EXPECT_TRUE(parse_position_query(head + name + tail));
  EXPECT_FALSE(parse_position_query(head + name + "n" + tail));
  EXPECT_FALSE(parse_position_query(head + std::string(65'507 - 11, 'n') + tail));
  EXPECT_FALSE(parse_position_query(std::string(4'000, '[')));
  EXPECT_EQ(parse_position_answer("{\"addr\":\"1.2.3.4\",\"port\":1,\"x\":\"" +
                                  std::string(65'000, 'x') + "\"}")
                .kind,
            Kind::malformed);
}

TEST(PositionText, W24_AnAnswerHasAddrPortAndDomain) {
  EXPECT_EQ(position_answer_text("lamp", lamp()),
            R"({"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2})");
  EXPECT_EQ(position_answer_text("\"", {.addr = "fd00::7", .port = 1, .security = true}),
            R"({"name":"\"","addr":"fd00::7","port":1,"domain":10,"security":true})");
  EXPECT_EQ(position_query_text("lamp", AddressFamily::any), R"({"name":"lamp"})");
  EXPECT_EQ(position_query_text("lamp", AddressFamily::ipv4), R"({"name":"lamp","domain":2})");
  EXPECT_EQ(position_query_text("lamp", AddressFamily::ipv6), R"({"name":"lamp","domain":10})");
}

TEST(PositionText, V71_AnswersOfEveryImplementation) {
  const PositionAnswer of_node = parse_position_answer(
      R"({"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2,"security":false})");
  EXPECT_EQ(of_node.kind, Kind::found);
  EXPECT_EQ(of_node.name, "lamp");
  EXPECT_EQ(of_node.position,
            (ServerPosition{.addr = "10.0.0.7", .port = 3'005, .security = false}));
  // Python sends what its callback says, also without a domain, or with that of something else.
  for (const char* text : {R"({"addr": "10.0.0.7", "port": 3005})",
                           R"({"addr": "10.0.0.7", "port": 3005, "domain": 10})"}) {
    const PositionAnswer of_python = parse_position_answer(text);
    EXPECT_EQ(of_python.kind, Kind::found);
    EXPECT_EQ(of_python.position, lamp());
    EXPECT_EQ(of_python.name, "");
  }
  EXPECT_EQ(parse_position_answer(R"({"addr":"[fd00::7]","port":3005,"domain":10})").position.addr,
            "fd00::7");
  EXPECT_EQ(parse_position_answer(R"({"addr":"10.0.0.7","port":65535})").position.port, 65'535);
}

TEST(PositionText, V71_UnknownInEveryImplementation) {
  for (const char* text : {"{}", " {} ", "", R"({"addr":"","port":0})", R"({"addr":""})"}) {
    EXPECT_EQ(parse_position_answer(text).kind, Kind::unknown) << text;
  }
}

TEST(PositionText, W24_WhatIsNoAnswer) {
  for (const char* text :
       {"x", "null", "7", R"({"port":3005})", R"({"addr":"10.0.0.7"})", R"({"addr":7,"port":7})",
        R"({"addr":"10.0.0.7","port":0})", R"({"addr":"10.0.0.7","port":65536})",
        R"({"addr":"10.0.0.7","port":-1})", R"({"addr":"10.0.0.7","port":1.5})",
        R"({"addr":"10.0.0.7","port":1e400})", R"({"addr":"10.0.0.7","port":"1"})",
        R"({"addr":"lamp","port":1})", R"({"addr":"10.0.0","port":1})",
        R"({"addr":"fd00::g","port":1})", R"({"addr":"10.0.0.7\u0000x","port":1})",
        R"({"error":"no"})"}) {
    EXPECT_EQ(parse_position_answer(text).kind, Kind::malformed) << text;
  }
}

TEST(PositionText, W24_RandomPositionsGoThereAndBack) {
  std::mt19937 random(1);
  for (int i = 0; i < 5'000; ++i) {
    std::string name;
    for (size_t bytes = 1 + random() % 40; bytes > 0; --bytes) {
      name += static_cast<char>(1 + random() % 127);
    }
    ServerPosition position{.port = static_cast<uint16_t>(1 + random() % 65'535)};
    position.addr = random() % 2 == 0 ? "10.0.0." + std::to_string(random() % 256)
                                      : "fd00::" + std::to_string(random() % 10'000);
    if (random() % 2 == 0) position.security = random() % 2 == 0;
    const PositionAnswer answer = parse_position_answer(position_answer_text(name, position));
    ASSERT_EQ(answer.kind, Kind::found);
    EXPECT_EQ(answer.name, name);
    EXPECT_EQ(answer.position, position);
    const AddressFamily family = static_cast<AddressFamily>(random() % 3);
    const auto wire = parse_position_query(position_query_text(name, family));
    ASSERT_TRUE(wire);
    EXPECT_EQ(wire->query.name, name);
    EXPECT_EQ(wire->query.family, family);
  }
}

TEST(Json, ElementsOfArraysAndObjects) {
  const auto array = json_elements(R"([1, {"a" : [true]}, "x\"y"])", 100);
  ASSERT_TRUE(array);
  ASSERT_EQ(array->size(), 3U);
  EXPECT_EQ((*array)[1].text, R"({"a":[true]})");
  EXPECT_EQ((*array)[2].text, R"("x\"y")");
  const auto object = json_elements(R"({"a":1,"b\n":{"c":null}})", 100);
  ASSERT_TRUE(object);
  ASSERT_EQ(object->size(), 2U);
  EXPECT_EQ((*object)[1].key, "b\n");
  EXPECT_EQ((*object)[1].text, R"({"c":null})");
  for (const char* text : {"1", "\"x\"", "[1", "", "[1]x"}) {
    EXPECT_FALSE(json_elements(text, 100)) << text;
  }
  EXPECT_FALSE(json_elements("[1, 2]", 5));
  EXPECT_EQ(json_boolean_field(R"({"a":true})", "a"), true);
  EXPECT_EQ(json_boolean_field(R"({"a":1})", "a"), std::nullopt);
}

}  // namespace
}  // namespace ringroad::proto
