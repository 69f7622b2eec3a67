// Property: json_merge() changes one JSON text by another as the official syncer does.
// Method: named examples; random pairs against the plain recursion on nlohmann::json.
#include "proto/json_merge.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "base/limits.h"
#include "tests/support/seeds.h"

namespace ringroad::proto {
namespace {

using Json = nlohmann::ordered_json;

Json plain_merge(Json target, const Json& change) {
  if (change.is_object() && target.is_object()) {
    for (const auto& [key, value] : change.items()) target[key] = plain_merge(target[key], value);
    return target;
  }
  if (change.is_array() && target.is_array()) {
    for (size_t i = 0; i < change.size(); ++i) {
      if (i == target.size()) target.push_back(nullptr);
      target[i] = plain_merge(target[i], change[i]);
    }
    return target;
  }
  return change;
}

TEST(JsonMerge, X3_Examples) {
  struct Case {
    const char* target;
    const char* change;
    const char* merged;
  };
  for (const Case& each : {
           Case{"{}", R"({"a":1})", R"({"a":1})"},
           Case{R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":4}})", R"({"a":1,"b":{"c":2,"d":4}})"},
           Case{R"({"a":[1,2,3]})", R"({"a":[9]})", R"({"a":[9,2,3]})"},
           Case{R"({"a":[1]})", R"({"a":[{"x":1},5]})", R"({"a":[{"x":1},5]})"},
           Case{R"({"a":{"b":1}})", R"({"a":null})", R"({"a":null})"},
           Case{R"({"a":1})", R"({"a":{"b":[2]}})", R"({"a":{"b":[2]}})"},
           Case{R"({"a":[1]})", R"({"a":{}})", R"({"a":{}})"},
           Case{"[1,2]", "[3]", "[3,2]"},
           Case{R"( { "a" : 1.50 , "b" : "x\"}" } )", " {} ", R"({"a":1.50,"b":"x\"}"})"},
           Case{R"({"a":1})", R"({"\u0061":2})", R"({"a":2})"},
           Case{R"({"a":1,"b":2,"a":3})", "{}", R"({"a":3,"b":2})"},
       }) {
    EXPECT_EQ(json_merge(each.target, each.change), each.merged) << each.target << each.change;
  }
}

TEST(JsonMerge, X3_WhatCannotBeMergedIsRefused) {
  for (const auto& [target, change] :
       {std::pair{"{}", "[]"}, std::pair{"[]", "{}"}, std::pair{"{}", "1"}, std::pair{"1", "2"},
        std::pair{"{}", ""}, std::pair{"", "{}"}, std::pair{"{}", "{"},
        std::pair{"{}", "{\"a\":NaN}"}}) {
    EXPECT_EQ(json_merge(target, change), std::nullopt) << target << change;
  }
}

/// Deeper ones are shallower in kinds.
Json random_json(std::mt19937_64& random, int depth) {
  switch (random() % (depth > 0 ? 6 : 4)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 100;
    case 2:
      return "t\"\\" + std::to_string(random() % 10);
    case 3:
      return random() % 2 == 0;
    case 4: {
      Json array = Json::array();
      for (uint64_t i = random() % 4; i > 0; --i) array.push_back(random_json(random, depth - 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (uint64_t i = random() % 4; i > 0; --i)
        object[std::string(1, static_cast<char>('a' + random() % 4)) + "\n"] =
            random_json(random, depth - 1);
      return object;
    }
  }
}

TEST(JsonMerge, X3_AgreesWithThePlainRecursion) {
  const test::Seeds seeds = test::seeds(5'000);
  for (uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const Json target = random_json(random, 4);
    const Json change = random_json(random, 4);
    const bool possible =
        (target.is_object() && change.is_object()) || (target.is_array() && change.is_array());
    const auto merged = json_merge(target.dump(2), change.dump());
    ASSERT_EQ(merged.has_value(), possible);
    if (possible) {
      ASSERT_EQ(Json::parse(*merged), plain_merge(target, change));
    }
  }
}

TEST(JsonMerge, X3_ManyKeysAreNotSquared) {
  std::string text = "{";
  for (int i = 0; text.size() < 200'000; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  text += "}";
  EXPECT_EQ(json_merge(text, text), text);
}

}  // namespace
}  // namespace ringroad::proto
