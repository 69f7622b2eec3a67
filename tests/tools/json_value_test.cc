// Property: equal values are equal whatever their spelling, and no text from a peer is too much.
// Method: pairs of texts; hostile nesting; every byte through json_string() and back.
#include "tools/json_value.h"

#include <gtest/gtest.h>

#include <string>

namespace ringroad::tools {
namespace {

TEST(JsonValue, ComparesByValue) {
  EXPECT_TRUE(same_json(R"({"a":1,"b":[2,null]})", R"( { "b" : [ 2.0, null ], "a" : 1e0 } )"));
  EXPECT_TRUE(same_json(R"("é\n")", R"("\u00e9\u000a")"));
  EXPECT_TRUE(same_json("9007199254740993", "9007199254740993"));
  EXPECT_FALSE(same_json("9007199254740993", "9007199254740992"));
  EXPECT_TRUE(same_json("18446744073709551615", "18446744073709551615"));
  EXPECT_TRUE(same_json("-0", "0"));
  EXPECT_FALSE(same_json("[1,2]", "[2,1]"));
  EXPECT_FALSE(same_json("[1,2]", "[1]"));
  EXPECT_FALSE(same_json("[]", "{}"));
  EXPECT_FALSE(same_json(R"({"a":1})", R"({"a":1,"b":null})"));
  EXPECT_FALSE(same_json("1", R"("1")"));
  EXPECT_FALSE(same_json("null", "false"));
}

TEST(JsonValue, SignsAreNotLost) {
  // The same 64 bits, alone and inside.
  for (const char* frame : {"%", "[1,%]", R"({"a":{"b":[%]}})"}) {
    const std::string text = frame;
    const auto with = [&](const char* number) {
      return std::string(text).replace(text.find('%'), 1, number);
    };
    EXPECT_FALSE(same_json(with("-1"), with("18446744073709551615"))) << text;
    EXPECT_FALSE(same_json(with("18446744073709551615"), with("-1"))) << text;
    EXPECT_FALSE(same_json(with("9223372036854775808"), with("-9223372036854775808"))) << text;
    EXPECT_TRUE(same_json(with("-1"), with("-1.0"))) << text;
  }
}

TEST(JsonValue, WhatIsNotOneValueIsNothing) {
  for (const char* text : {"", " ", "{", "[1,]", "1 2", "NaN", "nul", R"({"a":1)", "\"\xff\""}) {
    EXPECT_FALSE(JsonValue::parse(text)) << text;
    EXPECT_FALSE(same_json(text, text)) << text;
    EXPECT_FALSE(is_json(text)) << text;
  }
}

TEST(JsonValue, DepthIsBounded) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(JsonValue::parse(nested(kJsonDepthMax)));
  EXPECT_FALSE(JsonValue::parse(nested(kJsonDepthMax + 1)));
  EXPECT_FALSE(JsonValue::parse(nested(130'000)));
  EXPECT_FALSE(JsonValue::parse(std::string(262'000, '[')));
  EXPECT_TRUE(is_json(nested(130'000)));
  EXPECT_FALSE(is_json(std::string(262'000, '[')));
  // Brackets in a string have no depth.
  const std::string text = '"' + std::string(1'000, '[') + "\\\"" + std::string(1'000, '{') + '"';
  EXPECT_TRUE(JsonValue::parse(text));
}

TEST(JsonValue, ReadsMembers) {
  const auto value = JsonValue::parse(R"({"i":-7,"r":2.5,"w":3.0,"b":true,"s":"x","big":1e300})");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->member("i")->integer(), -7);
  EXPECT_EQ(value->member("w")->integer(), 3);
  EXPECT_FALSE(value->member("r")->integer());
  EXPECT_FALSE(value->member("big")->integer());
  EXPECT_EQ(value->member("r")->number(), 2.5);
  EXPECT_EQ(value->member("b")->boolean(), true);
  EXPECT_EQ(value->member("s")->string(), "x");
  EXPECT_FALSE(value->member("s")->number());
  EXPECT_FALSE(value->member("none"));
  EXPECT_FALSE(JsonValue::parse("[1]")->member("i"));
  EXPECT_FALSE(JsonValue::parse("18446744073709551615")->integer());
}

TEST(JsonValue, StringsSurviveEveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "z";
    const auto value = JsonValue::parse(json_string(text));
    ASSERT_TRUE(value) << byte;
    const std::string want = byte < 128 ? text : "a\uFFFDz";
    EXPECT_EQ(value->string(), want) << byte;
  }
}

}  // namespace
}  // namespace ringroad::tools
