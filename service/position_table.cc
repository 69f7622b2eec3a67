#include "service/position_table.h"

#include <utility>

#include "proto/json.h"
#include "proto/position.h"
#include "proto/wire.h"

namespace ringroad {
namespace {

Status wrong(size_t index, const Status& cause) {
  return {StatusCode::invalid_argument,
          "entry " + std::to_string(index + 1) + ": " + cause.message()};
}

Status wrong(size_t index, std::string cause) {
  return wrong(index, Status(StatusCode::invalid_argument, std::move(cause)));
}

AddressFamily family_of_domain(int64_t domain) {
  if (domain == proto::kDomainIpv4) return AddressFamily::ipv4;
  return domain == proto::kDomainIpv6 ? AddressFamily::ipv6 : AddressFamily::any;
}

Result<PositionEntry> parse_entry(size_t index, const proto::JsonElement& element) {
  const std::string& text = element.text;
  PositionEntry entry;
  entry.name =
      element.key.empty() ? proto::json_string_field(text, "name").value_or("") : element.key;
  const auto addr = proto::json_string_field(text, "addr");
  const auto port = proto::json_integer_field(text, "port");
  if (!addr) return wrong(index, "it has no \"addr\", an IP address as a string");
  if (!port || *port < 1 || *port > 65'535) {
    return wrong(index, "it has no \"port\", a number 1..65535");
  }
  entry.position = {.addr = *addr,
                    .port = static_cast<uint16_t>(*port),
                    .security = proto::json_boolean_field(text, "security")};
  const auto domain = proto::json_integer_field(text, "domain");
  if (domain && family_of_domain(*domain) != entry.position.family()) {
    return wrong(index, "\"domain\" is " + std::to_string(*domain) +
                            ", which is not the family of its addr (2 IPv4, 10 IPv6)");
  }
  return entry;
}

}  // namespace

Result<std::vector<PositionEntry>> parse_position_table(std::string_view json) {
  const auto elements = proto::json_elements(json, proto::kPositionTableBytesMax);
  if (!elements) {
    return Status(
        StatusCode::invalid_argument,
        "the table is no JSON array of entries, nor an object of them, of at most 64 MiB");
  }
  std::vector<PositionEntry> entries;
  for (size_t i = 0; i < elements->size(); ++i) {
    Result<PositionEntry> entry = parse_entry(i, (*elements)[i]);
    if (!entry.ok()) return entry.status();
    entries.push_back(std::move(*entry));
  }
  const Result<PositionTable> valid = PositionTable::make(entries);
  if (!valid.ok()) return valid.status();
  return entries;
}

Result<PositionTable> PositionTable::make(const std::vector<PositionEntry>& entries) {
  PositionTable table;
  for (size_t i = 0; i < entries.size(); ++i) {
    const PositionEntry& entry = entries[i];
    if (Status status = proto::check_position_name(entry.name); !status.ok()) {
      return wrong(i, status);
    }
    if (Status status = proto::check_position(entry.position); !status.ok()) {
      return wrong(i, status);
    }
    if (table.find(entry.name, entry.position.family()) != nullptr) {
      return wrong(i, "the name \"" + entry.name +
                          "\" is there already with this address family, and would never be found");
    }
    table.positions_[proto::lower_case(entry.name)].push_back(entry.position);
  }
  return table;
}

const ServerPosition* PositionTable::find(std::string_view name, AddressFamily family) const {
  const auto found = positions_.find(proto::lower_case(name));
  if (found == positions_.end()) return nullptr;
  for (const ServerPosition& position : found->second) {
    if (family == AddressFamily::any || family == position.family()) return &position;
  }
  return nullptr;
}

}  // namespace ringroad
