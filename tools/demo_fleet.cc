#include "tools/demo_fleet.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tools/crowd.h"

namespace ringroad::tools {
namespace {

constexpr size_t kSharedConnectionsMax = 200;
constexpr size_t kPendingBytesMax = 262'144;

}  // namespace

DemoFleet::DemoFleet(ClientLoop& loop, const std::vector<std::string>& vehicles,
                     Connections connections)
    : vehicles_(vehicles), sent_(vehicles.size()) {
  for (const std::string& vehicle : vehicles) urls_.push_back(position_url(vehicle));
  const bool shared = connections == Connections::shared;
  clients_.resize(shared ? std::min(vehicles.size(), kSharedConnectionsMax) : vehicles.size());
  for (auto& client : clients_) {
    client = std::make_unique<Client>(loop);
    // A server that cannot take more holds producers back, for as long as it needs.
    (void)client->set_send_timeout(std::chrono::milliseconds(0));
  }
}

Status DemoFleet::connect(const std::string& server, WaitPoint& wait_point) {
  const auto start = [this, &server](size_t i, Client::DoneCallback done) {
    return clients_[i]->connect_async(server, {.quick = false}, std::move(done));
  };
  return for_each_in_crowd(clients_.size(), start, wait_point);
}

Status DemoFleet::try_send(const FleetRow& row) {
  // A vehicle keeps to one connection: that is what keeps its positions in order.
  Client& client = *clients_[row.vehicle % clients_.size()];
  if (client.pending_bytes() > kPendingBytesMax) return Status(StatusCode::overloaded, "");
  const std::string_view param = text_.write(vehicles_[row.vehicle], sent_[row.vehicle] + 1, row);
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::array<char, 8> time = time_bytes(static_cast<uint64_t>(now.count()));
  const Status status =
      client.datagram(urls_[row.vehicle], {.param = param, .data = {time.data(), time.size()}});
  if (!status.ok()) return status;
  ++sent_[row.vehicle];
  ++sent_total_;
  return status;
}

}  // namespace ringroad::tools
