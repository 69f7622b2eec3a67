#include "ringroad/status.h"

namespace ringroad {

std::string_view to_string(StatusCode code) {
  switch (code) {
    case StatusCode::ok:
      return "ok";
    case StatusCode::invalid_argument:
      return "invalid_argument";
    case StatusCode::not_running:
      return "not_running";
    case StatusCode::overloaded:
      return "overloaded";
    case StatusCode::gone:
      return "gone";
    case StatusCode::timed_out:
      return "timed_out";
    case StatusCode::unreachable:
      return "unreachable";
    case StatusCode::not_found:
      return "not_found";
    case StatusCode::address_in_use:
      return "address_in_use";
    case StatusCode::wrong_password:
      return "wrong_password";
    case StatusCode::bad_response:
      return "bad_response";
    case StatusCode::no_permission:
      return "no_permission";
    case StatusCode::unsupported:
      return "unsupported";
    case StatusCode::resource_exhausted:
      return "resource_exhausted";
    case StatusCode::cancelled:
      return "cancelled";
    case StatusCode::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace ringroad
