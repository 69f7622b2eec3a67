// Property: the readers accept JSON and nothing else and find what is there; the writer's output is
//           valid JSON with the same text in it.
// Method: examples by rule; random documents, half of them damaged, against another library.
#include "proto/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/limits.h"

namespace ringroad::proto {
namespace {

std::string repeated(std::string_view text, size_t count) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

std::string as_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(Json, AcceptsEveryKindOfValue) {
  for (const std::string_view text :
       {"{}", "[]", "0", "-1.5e+3", "true", "null", R"("")", R"("A\n")", " { \"a\" : [ ] } ",
        "\"\xc3\xa9\"", R"({"a":1,"a":2})"}) {
    EXPECT_TRUE(json_valid(text)) << text;
  }
}

TEST(Json, A14_RefusesWhatIsNotJson) {
  for (const std::string_view text :
       {"",        " ",    "{",          "[1,]",     "{\"a\":}", "{a:1}",
        "'a'",     "NaN",  "[Infinity]", "01",       "1.",       "+1",
        "nul",     "[1]x", "{} {}",      "\"\x01\"", "\"\xff\"", "\xef\xbb\xbf{}",
        R"("\x")", "\"",   R"(["a)"}) {
    EXPECT_FALSE(json_valid(text)) << text;
  }
  EXPECT_FALSE(json_valid(std::string_view("[]\0", 3)));
}

TEST(Json, NumbersBeyondEveryTypeAreStillJson) {
  const std::string_view object =
      R"({"x":"12345678901234567890123","big":123456789012345678901234567890,"far":-1e999,"s":"\"1e999","n":7})";
  EXPECT_TRUE(json_valid(object));
  EXPECT_TRUE(json_valid("[1e400]"));
  EXPECT_TRUE(json_valid("-99999999999999999999"));
  EXPECT_EQ(json_string_field(object, "x"), "12345678901234567890123");
  EXPECT_EQ(json_string_field(object, "s"), "\"1e999");
  EXPECT_EQ(json_integer_field(object, "n"), 7);
  EXPECT_EQ(json_integer_field(object, "big"), std::nullopt);
  EXPECT_DOUBLE_EQ(json_number_field(object, "big").value_or(0), 123456789012345678901234567890.0);
  EXPECT_EQ(json_number_field(object, "far"), std::nullopt);
  for (const std::string_view text :
       {"[099999999999999999999]", "[1e999x]", "[1.e999999]", "[-]", "[1e999 1]", "[1e999, 01]",
        "{1e999:1}", "[--1e999]", "[1-1e-999]", "[01e-999]", "[1e999.5]", "[1e9999", "[\"1e999]"}) {
    EXPECT_FALSE(json_valid(text)) << text;
  }
}

// Found by the fuzzer: the big number made the whole text be read again, and the tiny one null.
TEST(Json, NumbersTooSmallForADoubleAreZeroBesideOnesTooLarge) {
  const std::string zeros(400, '0');
  for (const std::string& tiny :
       {std::string("0.5e-789032"), std::string("-1E-400"), std::string("1e-99999999999999999999"),
        "0." + zeros + "1", "0." + zeros + "1e+10", "1" + zeros + "e-900"}) {
    EXPECT_EQ(json_number_field("{\"big\":1e999,\"a\":" + tiny + "}", "a"), 0.0) << tiny;
  }
  for (const std::string& large : {std::string("1e+400"), std::string("1e99999999999999999999"),
                                   "1" + zeros, "-1" + zeros + "e-10", std::string("0.01e999")}) {
    EXPECT_EQ(json_number_field("{\"a\":" + large + "}", "a"), std::nullopt) << large;
  }
}

TEST(Json, SizeAndDepthAreBounded) {
  const std::string longest = '"' + std::string(base::kPayloadBytesMax - 2, 'x') + '"';
  EXPECT_TRUE(json_valid(longest));
  EXPECT_FALSE(json_valid(longest + " "));
  EXPECT_TRUE(json_valid(repeated("[", kJsonDepthMax - 1) + repeated("]", kJsonDepthMax - 1)));
  EXPECT_FALSE(json_valid(repeated("[", kJsonDepthMax + 1) + repeated("]", kJsonDepthMax + 1)));
  EXPECT_FALSE(json_valid(repeated("[", base::kPayloadBytesMax)));
  EXPECT_FALSE(json_valid(repeated("{\"a\":", 50'000)));
}

TEST(Json, B9_StringFieldTakesStringsOnly) {
  EXPECT_EQ(json_string_field(R"({"passwd":"123456"})", "passwd"), "123456");
  EXPECT_EQ(json_string_field(R"({"passwd":""})", "passwd"), "");
  EXPECT_EQ(json_string_field(R"({"passwd":"é\u4e2d\"\u0000x"})", "passwd"),
            std::string("é中\"\0x", 8));
  for (const std::string_view text :
       {R"({"passwd":123456})", R"({"passwd":null})", R"({"passwd":["1"]})", R"({"passwd":true})",
        R"({"passwd":{"passwd":"1"}})"}) {
    EXPECT_EQ(json_string_field(text, "passwd"), std::nullopt) << text;
  }
}

TEST(Json, B8_B17_FieldsOfWhatIsNoObject) {
  for (const std::string_view text : {"", "{", "[]", "\"passwd\"", "12", "{\"passwd\":\"1\""}) {
    EXPECT_EQ(json_string_field(text, "passwd"), std::nullopt) << text;
  }
  const std::string_view extra = R"({"pingInterval":3,"passwd":"p","x":{"passwd":"q"},"z":[1]})";
  EXPECT_EQ(json_string_field(extra, "passwd"), "p");
  EXPECT_EQ(json_string_field(extra, "password"), std::nullopt);
  EXPECT_EQ(json_string_field(R"({"passwd":"1","passwd":"2"})", "passwd"), "2");
  EXPECT_EQ(json_string_field("\xef\xbb\xbf{\"passwd\":\"p\"}", "passwd"), "p");  // A14
}

TEST(Json, IntegerField) {
  const std::string_view object =
      R"({"a":3005,"b":-1,"c":2.0,"d":"7","e":9223372036854775807,"f":9223372036854775808,"g":1e2})";
  EXPECT_EQ(json_integer_field(object, "a"), 3005);
  EXPECT_EQ(json_integer_field(object, "b"), -1);
  EXPECT_EQ(json_integer_field(object, "c"), std::nullopt);
  EXPECT_EQ(json_integer_field(object, "d"), std::nullopt);
  EXPECT_EQ(json_integer_field(object, "e"), INT64_MAX);
  EXPECT_EQ(json_integer_field(object, "f"), std::nullopt);
  EXPECT_EQ(json_integer_field(object, "g"), std::nullopt);
  EXPECT_EQ(json_integer_field(object, "h"), std::nullopt);
}

TEST(Json, NumberField) {
  const std::string_view object = R"({"a":1.5,"b":-3,"c":18446744073709551615,"d":"1","e":1e-3})";
  EXPECT_EQ(json_number_field(object, "a"), 1.5);
  EXPECT_EQ(json_number_field(object, "b"), -3.0);
  EXPECT_EQ(json_number_field(object, "c"), 18446744073709551615.0);
  EXPECT_EQ(json_number_field(object, "d"), std::nullopt);
  EXPECT_EQ(json_number_field(object, "e"), 0.001);
}

TEST(Json, D3_D4_StringList) {
  std::vector<std::string> good;
  size_t bad = 0;
  EXPECT_TRUE(json_string_list("[]", good, bad));
  EXPECT_TRUE(good.empty());
  EXPECT_EQ(bad, 0U);
  EXPECT_TRUE(json_string_list(R"(["/a",1,"/b/",null,["/c"],{"d":"/d"},""])", good, bad));
  EXPECT_EQ(good, (std::vector<std::string>{"/a", "/b/", ""}));
  EXPECT_EQ(bad, 4U);
}

TEST(Json, D20_NoListLeavesTheResultsAlone) {
  std::vector<std::string> good = {"before"};
  size_t bad = 3;
  for (const std::string_view text : {"", "{}", "\"/a\"", "[\"/a\"", "[\"/a\",]", "7", "null"}) {
    EXPECT_FALSE(json_string_list(text, good, bad)) << text;
  }
  EXPECT_EQ(good, (std::vector<std::string>{"before"}));
  EXPECT_EQ(bad, 3U);
}

TEST(Json, WriterEscapes) {
  EXPECT_EQ(as_json(""), R"("")");
  EXPECT_EQ(as_json("/a\"b\\c"), R"("/a\"b\\c")");
  EXPECT_EQ(as_json("\n\r\t\x01\x1f\x7f"), "\"\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(as_json(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(as_json("é中😀"), "\"é中😀\"");
}

TEST(Json, WriterReplacesWhatIsNotUtf8) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  const std::vector<std::pair<std::string_view, size_t>> cases = {{"\xff", 1},
                                                                  {"\x80", 1},
                                                                  {"\xc3", 1},
                                                                  {"\xc0\xaf", 2},
                                                                  {"\xe0\x9f\xbf", 3},
                                                                  {"\xed\xa0\x80", 3},
                                                                  {"\xf0\x8f\xbf\xbf", 4},
                                                                  {"\xf4\x90\x80\x80", 4},
                                                                  {"\xf5", 1},
                                                                  {"\xe4\xb8", 2}};
  for (const auto& [text, count] : cases) {
    const std::string inner = repeated(kReplacement, count);
    EXPECT_EQ(as_json("a" + std::string(text) + "b"), "\"a" + inner + "b\"");
  }
}

TEST(Json, WriterAgreesWithTheReaders) {
  for (uint64_t seed = 1; seed <= 5000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::string text(random() % 24, '\0');
    const bool bytes = random() % 2 == 0;
    for (char& c : text) c = static_cast<char>(bytes ? random() : random() % 128);
    const std::string out = as_json(text);
    ASSERT_TRUE(json_valid(out));
    const auto read = nlohmann::json::parse(out);
    if (!bytes) {
      EXPECT_EQ(read.get<std::string>(), text);
    }
    EXPECT_EQ(json_string_field("{\"k\":" + out + "}", "k"), read.get<std::string>());
  }
}

// ---- Random documents -------------------------------------------------------------------------

class Documents {
 public:
  explicit Documents(uint64_t seed) : random_(seed) {}

  nlohmann::json make(size_t depth) {
    switch (below(depth == 0 ? 6 : 9)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<int64_t>(random_());
      case 3:
        return static_cast<int64_t>(below(1000)) - 500;
      case 4:
        return static_cast<double>(static_cast<int64_t>(random_())) / 1024.0;
      case 5:
      case 6:
        return std::string("/té\"x\\\n").substr(0, below(3));
      case 7:
        return make_array(depth - 1);
      default:
        return make_object(depth - 1);
    }
  }

  void damage(std::string& text) {
    constexpr std::string_view kBytes = "{}[]\":,\\0123456789.eE+-ntu /\xc3";
    for (size_t count = 1 + below(3); count > 0 && !text.empty(); --count) {
      const size_t at = below(text.size());
      if (below(3) == 0) {
        text.erase(at, 1 + below(3));
      } else {
        text.insert(at, 1, kBytes[below(kBytes.size())]);
      }
    }
  }

 private:
  size_t below(size_t bound) { return static_cast<size_t>(random_() % bound); }
  nlohmann::json make_array(size_t depth) {
    auto array = nlohmann::json::array();
    for (size_t count = below(4); count > 0; --count) array.push_back(make(depth));
    return array;
  }
  nlohmann::json make_object(size_t depth) {
    auto object = nlohmann::json::object();
    for (size_t count = below(4); count > 0; --count) {
      object[std::string(1, static_cast<char>('a' + below(4)))] = make(depth);
    }
    return object;
  }

  std::mt19937_64 random_;
};

// The other library calls a number beyond a double an error; it is one of range, not of grammar.
enum class Verdict { valid, invalid, out_of_range };

Verdict verdict_of(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    return json.is_discarded() ? Verdict::invalid : Verdict::valid;
  } catch (const nlohmann::json::out_of_range&) {
    return Verdict::out_of_range;
  } catch (const nlohmann::json::exception&) {
    return Verdict::invalid;
  }
}

void expect_same_fields(const nlohmann::json& json, const std::string& text) {
  for (const std::string key : {"a", "b", "c"}) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    const bool there = json.is_object() && found != json.end();
    const auto string = json_string_field(text, key);
    EXPECT_EQ(string.has_value(), there && found->is_string());
    if (string) {
      EXPECT_EQ(*string, found->get<std::string>());
    }
    const auto number = json_number_field(text, key);
    EXPECT_EQ(number.has_value(), there && found->is_number());
    if (number) {
      EXPECT_DOUBLE_EQ(*number, found->get<double>());
    }
    const auto integer = json_integer_field(text, key);
    if (integer) {
      EXPECT_EQ(*integer, found->get<int64_t>());
    }
  }
  std::vector<std::string> good;
  size_t bad = 0;
  EXPECT_EQ(json_string_list(text, good, bad), json.is_array());
  EXPECT_EQ(good.size() + bad, json.is_array() ? json.size() : 0);
}

TEST(Json, RandomDocumentsReadAsTheOtherLibraryReadsThem) {
  size_t valid = 0;
  size_t invalid = 0;
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Documents documents(seed);
    std::string text = documents.make(4).dump();
    if (seed % 2 == 0) documents.damage(text);
    SCOPED_TRACE(text);
    const Verdict verdict = verdict_of(text);
    if (verdict == Verdict::out_of_range) continue;
    ASSERT_EQ(json_valid(text), verdict == Verdict::valid);
    (verdict == Verdict::valid ? valid : invalid) += 1;
    if (verdict == Verdict::valid) expect_same_fields(nlohmann::json::parse(text), text);
  }
  EXPECT_GT(valid, 8000U);  // or the test has lost its point
  EXPECT_GT(invalid, 2000U);
}

}  // namespace
}  // namespace ringroad::proto
