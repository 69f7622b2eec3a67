// payload.h — what a VSOA packet carries beside its URL, and the words that go with it.
// Shape:  param = JSON text (any JSON value; empty = absent), data = raw bytes (empty = absent).
// Limits: url + param + data <= 262,124 bytes; on the quick channel <= 65,484 bytes (W5). url <=
//         65,535 bytes (V1).
// Lives:  PayloadView borrows; it is valid until the call it was passed to returns. Payload owns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringroad {

/// Borrowed payload. To send: `{.param = R"({"on":true})", .data = bytes}`.
struct PayloadView {
  std::string_view param =
      {};  ///< JSON text. Not validated by the library: what is not JSON belongs in data (A13).
  std::string_view data = {};  ///< Raw bytes.
};

/// Owned payload, for what outlives a call.
struct Payload {
  std::string param = {};
  std::string data = {};

  PayloadView view() const { return {param, data}; }
};

/// How a message travels. normal = TCP: ordered, whole, once. quick = UDP: may be lost or reordered
/// (V4).
enum class Channel : uint8_t { normal, quick };

/// RPC method (V12).
enum class Method : uint8_t { get = 0, set = 1 };

/// "set" in any case is Method::set, everything else Method::get (V12).
constexpr Method method_from(std::string_view text) {
  constexpr std::string_view kSet = "set";
  if (text.size() != kSet.size()) return Method::get;
  for (size_t i = 0; i < kSet.size(); ++i) {
    if ((text[i] | 0x20) != kSet[i]) return Method::get;  // lower case
  }
  return Method::set;
}

/// Reply status on the wire (V35). 128..254 belong to applications; any other value is passed
/// through.
enum class ReplyStatus : uint8_t {
  success = 0,
  password = 1,
  arguments = 2,
  invalid_url = 3,
  no_responding = 4,
  no_permissions = 5,
  no_memory = 6,
  proxy = 7,
};

/// What a handler answers with: `call.reply({.param = "{}"})`, `call.reply({.status =
/// ReplyStatus::arguments})`.
struct ReplyContent {
  ReplyStatus status = ReplyStatus::success;
  std::string_view param = {};
  std::string_view data = {};
  uint16_t tunnel_id = 0;  ///< Non-zero: offers a stream (Call::create_stream, W23).
};

/// What a call got back. A non-success status may carry a payload.
struct Reply {
  ReplyStatus status = ReplyStatus::success;
  Payload payload = {};
  uint16_t tunnel_id =
      0;  ///< Non-zero: the server offers a stream, see Client::create_stream (W23).
};

/// What to ask for: `client.fetch("/lamp", {.method = Method::set, .param = "{}"})`.
struct CallRequest {
  Method method = Method::get;
  std::string_view param = {};
  std::string_view data = {};
  std::chrono::milliseconds timeout = std::chrono::seconds(60);  ///< >= 1 ms (V55).
};

}  // namespace ringroad
