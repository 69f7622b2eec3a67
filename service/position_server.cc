#include <utility>

#include "ringroad/position.h"
#include "service/position_server_core.h"

namespace ringroad {

PositionServer::PositionServer() : core_(std::make_shared<PositionServerCore>()) {
}

PositionServer::~PositionServer() {
  stop();
}

Status PositionServer::set_table(std::vector<PositionEntry> table) {
  return core_->set_table(table);
}

void PositionServer::on_query(QueryHandler handler) {
  core_->set_query_handler(std::move(handler));
}

Status PositionServer::listen(std::string_view address) {
  return core_->listen(address);
}

void PositionServer::stop() {
  core_->stop();
}

std::string PositionServer::address() const {
  const engine::Address address = core_->address();
  return address.valid() ? address.to_string() : std::string();
}

uint16_t PositionServer::port() const {
  const engine::Address address = core_->address();
  return address.valid() ? address.port() : uint16_t{0};
}

PositionStats PositionServer::stats() const {
  return core_->stats();
}

Status PositionReply::answer(const ServerPosition& position) {
  return state_->answer(&position);
}

Status PositionReply::not_found() {
  return state_->answer(nullptr);
}

}  // namespace ringroad
