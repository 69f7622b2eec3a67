#include "ringroad/connect_code.h"

namespace ringroad {

ConnectCode connect_code(const Status& status) {
  switch (status.code()) {
    case StatusCode::ok:
      return ConnectCode::ok;
    case StatusCode::unreachable:
      return ConnectCode::unreachable;
    case StatusCode::not_found:
      return ConnectCode::server_not_found;
    case StatusCode::timed_out:
      return ConnectCode::no_responding;
    case StatusCode::bad_response:
      return ConnectCode::invalid_responding;
    case StatusCode::wrong_password:
      return ConnectCode::invalid_password;
    default:
      return ConnectCode::error;
  }
}

std::string_view to_string(ConnectCode code) {
  switch (code) {
    case ConnectCode::ok:
      return "OK";
    case ConnectCode::error:
      return "ERROR";
    case ConnectCode::unreachable:
      return "UNREACHABLE";
    case ConnectCode::server_not_found:
      return "SERVER_NOT_FOUND";
    case ConnectCode::no_responding:
      return "NO_RESPONDING";
    case ConnectCode::invalid_responding:
      return "INVALID_RESPONDING";
    case ConnectCode::invalid_password:
      return "INVALID_PASSWD";
    case ConnectCode::ssl_handshake_failed:
      return "SSL_HS_FAILED";
  }
  return "ERROR";
}

}  // namespace ringroad
