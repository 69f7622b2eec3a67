// status.h — how an operation ended, as a value.
// Shape:  Status = code + one sentence that names the cause and the cure; Result<T> = a value or
//         a Status.
// Thread: values; copy and move freely.
// Fails:  nothing here fails. The library throws no exceptions; std::bad_alloc ends the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ringroad {

/// What kind of end it was. The numbers are not part of the contract; use the names.
enum class StatusCode : uint8_t {
  ok = 0,
  invalid_argument,    ///< A value you passed is out of range or malformed (V11, V20, V30).
  not_running,         ///< The server is not listening, or the client is not connected.
  overloaded,          ///< A bounded queue is full; nothing was sent. Try again later.
  gone,                ///< The client this was for has disconnected.
  timed_out,           ///< No answer within the time you allowed.
  unreachable,         ///< No route, connection refused, no position server to ask.
  not_found,           ///< No server has this name, as far as could be found out (V74).
  address_in_use,      ///< Another server has this address and port.
  wrong_password,      ///< The server refused the handshake (wire status 1).
  bad_response,        ///< The peer answered with something that is not VSOA.
  no_permission,       ///< The system refused (seccomp, sysctl, file permissions).
  unsupported,         ///< This kernel or build lacks a feature that is needed.
  resource_exhausted,  ///< Descriptors, memory or locked memory ran out; the text names the limit.
  cancelled,           ///< Closed by this side before it could finish.
  internal,  ///< The system call failed in a way nobody expected; the text has its name and errno.
};

/// The code's name in snake_case, for logs ("timed_out").
std::string_view to_string(StatusCode code);

class Status {
 public:
  Status() = default;  ///< ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::ok; }
  StatusCode code() const { return code_; }
  /// The cause and the cure in one sentence; empty when ok.
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::ok;
  std::string message_;
};

/// A T, or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: implicit on purpose

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace ringroad
