#include "client/position_servers.h"

#include <algorithm>
#include <fstream>

#include "base/log.h"
#include "proto/wire.h"

namespace ringroad::client {
namespace {

constexpr size_t kFileBytesMax = 65'536;
constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void add(std::vector<engine::Address>& servers, std::optional<engine::Address> server,
         std::string_view text, std::string_view source) {
  if (!server) {
    LOG(warn, "event=position_server_ignored source={} entry={} expected=ip[:port]", source, text);
  } else if (servers.size() == kPositionServersMax) {
    LOG(warn, "event=position_server_ignored source={} entry={} limit={}", source, text,
        kPositionServersMax);
  } else {
    servers.push_back(*server);
  }
}

/// Calls visit() for each part, trimmed; empty ones are left out.
template <typename Visit>
void for_each_part(std::string_view text, char separator, Visit visit) {
  while (true) {
    const size_t end = text.find(separator);
    if (const std::string_view part = trimmed(text.substr(0, end)); !part.empty()) visit(part);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<engine::Address> position_server_at(std::string_view host, std::string_view port) {
  std::string text(host);
  if (!host.starts_with('[') && host.find(':') != std::string_view::npos) text = "[" + text + "]";
  text += ":";
  text += port;
  const Result<engine::Address> address = engine::Address::parse(text);
  if (!address.ok() || address->port() == 0) return std::nullopt;
  return *address;
}

std::optional<engine::Address> parse_position_server(std::string_view text) {
  const std::string standard = std::to_string(proto::kPositionPort);
  const size_t colon = text.rfind(':');
  const bool one_colon = colon != std::string_view::npos && text.find(':') == colon;
  const size_t bracket = text.find(']');
  const bool has_port = bracket == std::string_view::npos ? one_colon : bracket + 1 == colon;
  if (!has_port) return position_server_at(text, standard);
  return position_server_at(text.substr(0, colon), text.substr(colon + 1));
}

std::vector<engine::Address> parse_position_list(std::string_view text) {
  std::vector<engine::Address> servers;
  for_each_part(text, ',', [&](std::string_view part) {
    add(servers, parse_position_server(part), part, "VSOA_POS_SERVER");
  });
  return servers;
}

std::vector<engine::Address> parse_position_lines(std::string_view text) {
  std::vector<engine::Address> servers;
  for_each_part(text, '\n', [&](std::string_view line) {
    const std::string_view entry = trimmed(line.substr(0, line.find('#')));
    if (entry.empty()) return;
    const size_t blank = entry.find_first_of(kBlanks);
    add(servers,
        blank == std::string_view::npos
            ? parse_position_server(entry)
            : position_server_at(entry.substr(0, blank), trimmed(entry.substr(blank))),
        entry, "file");
  });
  return servers;
}

std::vector<engine::Address> read_position_servers(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  std::string text(kFileBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (text.size() == kFileBytesMax) {
    LOG(warn, "event=position_file_cut file={} limit={}", path, kFileBytesMax);
  }
  return parse_position_lines(text);
}

}  // namespace ringroad::client
