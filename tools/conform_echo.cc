#include <fmt/format.h>

#include <string>
#include <vector>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr std::string_view kEcho = "/echo";
constexpr size_t kPacketPayloadMax = 262'124;  // url, param and data of a packet of 262,144 bytes

/// Every byte value, over and over.
std::string bytes_of(size_t count) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>((i * 7 + (i >> 8)) & 0xff);
  return bytes;
}

size_t first_difference(std::string_view left, std::string_view right) {
  size_t i = 0;
  while (i < left.size() && i < right.size() && left[i] == right[i]) ++i;
  return i;
}

/// Param by value, data byte by byte.
Judgement expect_echo(Guest& guest, const CallRequest& request) {
  const Asked asked = ask_for_success(guest, kEcho, request);
  if (!asked.judgement.passed()) return asked.judgement;
  const Payload& got = asked.reply.payload;
  const bool same_param =
      request.param.empty() ? got.param.empty() : same_json(request.param, got.param);
  if (!same_param) {
    return failure(fmt::format("param {} came back as {}", shown(request.param), shown(got.param)));
  }
  if (got.data != request.data) {
    return failure(fmt::format("{} bytes of data came back as {}; they differ from byte {} on",
                               request.data.size(), got.data.size(),
                               first_difference(request.data, got.data)));
  }
  return pass();
}

/// One client, and each request echoed; the first that is not ends it.
Judgement expect_echoes(Examination& examination, const std::vector<CallRequest>& requests) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Judgement small = expect_echo(guest, {.param = R"({"is":"there"})"});
  if (!small.passed()) return small;
  for (const CallRequest& request : requests) {
    const Judgement judgement = not_skipped(expect_echo(guest, request));
    if (!judgement.passed()) return judgement;
  }
  return pass();
}

Judgement expect_echo_by(Examination& examination, Method method) {
  const std::string data = bytes_of(256);
  return expect_echoes(examination,
                       {{.method = method, .param = R"({"hello":"world","n":[1,2,3]})"},
                        {.method = method, .data = data},
                        {.method = method, .param = R"({"both":true})", .data = data},
                        {.method = method}});
}

// On top only what every implementation sends: objects, arrays, strings (A15).
constexpr const char* kShapes[] = {
    R"({})",
    R"([])",
    R"("text")",
    R"({"a":{"b":{"c":[[],[[]],{}]}}})",
    R"([1,"two",3.5,true,false,null,{"k":"v"},[0]])",
    R"({"int":9007199254740991,"negative":-9007199254740991,"zero":0})",
    R"({"fraction":0.1,"small":1.5e-300,"large":1.7e300,"negative":-273.15})",
    R"({"true":true,"false":false,"null":null,"empty":""})",
    "{\"\\u00e9t\\u00e9\":\"\xe8\xbb\x8a\xe4\xb8\xa1 \xf0\x9f\x9a\x97 \xc3\xbc\"}",
    R"({"escapes":"\" \\ \/ \b \f \n \r \t \u0001 \u001f"})",
    R"("\ud83d\ude97 astral, \u2028 separator")",
    R"(["<script>&amp;</script>", "' \u0027", "%00 %s {}"])",
    R"({"":"empty key"," ":"space","a.b/c":"punctuation"})",
};

}  // namespace

Judgement check_echo_get(Examination& examination) {
  return expect_echo_by(examination, Method::get);
}

Judgement check_echo_set(Examination& examination) {
  return expect_echo_by(examination, Method::set);
}

Judgement check_echo_json(Examination& examination) {
  std::vector<CallRequest> requests;
  for (const char* shape : kShapes) requests.push_back({.param = shape});
  return expect_echoes(examination, requests);
}

Judgement check_echo_60k(Examination& examination) {
  constexpr size_t kBytes = 60 * 1024;
  const std::string data = bytes_of(kBytes);
  const std::string param = fmt::format(R"({{"text":"{}"}})", std::string(kBytes, 'x'));
  return expect_echoes(examination,
                       {{.data = data}, {.param = param}, {.param = R"({"k":60})", .data = data}});
}

/// A request of 262,144 bytes; the answer is shorter by the URL that answers do not have.
Judgement check_echo_largest(Examination& examination) {
  constexpr std::string_view kParam = R"({"largest":true})";
  const std::string data = bytes_of(kPacketPayloadMax - kEcho.size() - kParam.size());
  const std::string only_data = bytes_of(kPacketPayloadMax - kEcho.size());
  return expect_echoes(examination, {{.param = kParam, .data = data}, {.data = only_data}});
}

}  // namespace ringroad::tools
