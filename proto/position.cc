#include "proto/position.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include "proto/json.h"
#include "proto/wire.h"

namespace ringroad::proto {
namespace {

Status invalid(std::string text) {
  return {StatusCode::invalid_argument, std::move(text)};
}

std::string quoted(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

bool is_ip(const std::string& text, AddressFamily family) {
  in6_addr ignored = {};
  if (text.find('\0') != std::string::npos) return false;
  return inet_pton(family == AddressFamily::ipv6 ? AF_INET6 : AF_INET, text.c_str(), &ignored) == 1;
}

int64_t domain_of(AddressFamily family) {
  return family == AddressFamily::ipv6 ? kDomainIpv6 : kDomainIpv4;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view without_brackets(std::string_view addr) {
  if (addr.size() > 2 && addr.front() == '[' && addr.back() == ']') {
    return addr.substr(1, addr.size() - 2);
  }
  return addr;
}

}  // namespace

std::string lower_case(std::string_view name) {
  std::string lowered(name);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

Status check_position_name(std::string_view name) {
  if (name.empty()) return invalid("the name is empty");
  if (name.size() > kPositionNameBytesMax) {
    return invalid("the name has " + std::to_string(name.size()) + " bytes, at most " +
                   std::to_string(kPositionNameBytesMax) + " are allowed");
  }
  return {};
}

Status check_position(const ServerPosition& position) {
  if (!is_ip(position.addr, position.family())) {
    return invalid("addr " + quoted(position.addr) +
                   " is no IP address; expected one like 10.0.0.7 or fd00::7");
  }
  if (position.port == 0) return invalid("port is 0, must be 1..65535");
  return {};
}

std::optional<WireQuery> parse_position_query(std::string_view text) {
  if (text.size() > kPositionTextBytesMax) return std::nullopt;
  std::optional<std::string> name = json_string_field(text, "name");
  if (!name || name->empty()) return std::nullopt;
  if (json_string_field(text, "addr")) return std::nullopt;
  WireQuery wire;
  wire.query.name = std::move(*name);
  const int64_t domain = json_integer_field(text, "domain").value_or(kDomainAny);
  if (domain == kDomainIpv4) {
    wire.query.family = AddressFamily::ipv4;
  } else if (domain == kDomainIpv6) {
    wire.query.family = AddressFamily::ipv6;
  } else {
    wire.unknown_family = domain != kDomainAny && domain != 0;
  }
  return wire;
}

std::string position_answer_text(std::string_view name, const ServerPosition& position) {
  std::string text = "{\"name\":" + quoted(name) + ",\"addr\":" + quoted(position.addr) +
                     ",\"port\":" + std::to_string(position.port) +
                     ",\"domain\":" + std::to_string(domain_of(position.family()));
  if (position.security) text += *position.security ? ",\"security\":true" : ",\"security\":false";
  return text + "}";
}

std::string position_query_text(std::string_view name, AddressFamily family) {
  std::string text = "{\"name\":" + quoted(name);
  if (family != AddressFamily::any) text += ",\"domain\":" + std::to_string(domain_of(family));
  return text + "}";
}

PositionAnswer parse_position_answer(std::string_view text) {
  PositionAnswer answer;
  if (text.size() > kPositionTextBytesMax) return answer;
  const auto members = json_elements(text, kPositionTextBytesMax);
  const std::optional<std::string> addr = json_string_field(text, "addr");
  if (text.empty() || (members && members->empty()) || (addr && addr->empty())) {
    answer.kind = PositionAnswer::Kind::unknown;
    return answer;
  }
  const std::optional<double> port = json_number_field(text, "port");
  if (!addr || !port || !(*port >= 1 && *port <= 65'535)) return answer;
  answer.position = {.addr = std::string(without_brackets(*addr)),
                     .port = static_cast<uint16_t>(*port),
                     .security = json_boolean_field(text, "security")};
  if (static_cast<double>(answer.position.port) != *port) return answer;
  if (!check_position(answer.position).ok()) return answer;
  answer.name = json_string_field(text, "name").value_or("");
  answer.kind = PositionAnswer::Kind::found;
  return answer;
}

}  // namespace ringroad::proto
