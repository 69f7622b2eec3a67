#include "tools/listening.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "tools/text.h"

namespace ringroad::tools {
namespace {

bool is_port(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stopped == end;
}

bool is_host(const std::string& host) {
  in6_addr ignored;
  if (host == "localhost" || inet_pton(AF_INET, host.c_str(), &ignored) == 1) return true;
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return false;
  return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &ignored) == 1;
}

std::string take_address(std::string& text) {
  const size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.empty() || host == "*") host = "0.0.0.0";
  if (colon == text.npos || !is_port(text.substr(colon + 1)) || !is_host(host)) {
    return fmt::format(
        "must be HOST:PORT with port 0 to 65535, as in 127.0.0.1:3005, [::1]:3005 or :3005 (all "
        "addresses), got {}",
        text.empty() ? "nothing" : text);
  }
  text = host + text.substr(colon);
  return "";
}

}  // namespace

void add_listen_option(CLI::App& app, std::string& address) {
  app.add_option("--listen", address, "Where to listen; port 0 takes a free one")
      ->capture_default_str()
      ->transform(CLI::Validator(take_address, ""))
      ->type_name("HOST:PORT");
}

ExitCode fail_to_listen(const Status& status) {
  if (status.code() == StatusCode::address_in_use) {
    return fail(exit_code_of(status, Stage::listen),
                status.message() +
                    "; or a closed connection still holds it for a minute (ss -tan shows it)");
  }
  if (status.code() == StatusCode::invalid_argument) {
    return fail(ExitCode::cannot_connect, status.message());
  }
  return fail(status, Stage::listen);
}

std::string room_line(const Limit& limit, size_t shards, ServerOptions::Descriptors descriptors) {
  const bool direct = descriptors == ServerOptions::Descriptors::direct;
  const uint64_t room =
      direct ? direct_client_room(limit.soft, shards) : client_room(limit.soft, shards);
  if (limit.soft >= kFilesEnough || room >= kFilesEnough) return "";
  return fmt::format("room for about {}: {} open files are allowed{} (ringroad doctor says more)\n",
                     plural(room, "client"), grouped(limit.soft), direct ? " per shard" : "");
}

}  // namespace ringroad::tools
