#include "client/session_robot.h"

#include <utility>

namespace ringroad::client {
namespace {

RobotTimes times_of(const RobotOptions& options) {
  return {
      .keepalive = options.keepalive,
      .delay = options.reconnect_delay,
      .delay_max = options.reconnect_delay_max,
      .jitter_percent = options.jitter_percent,
  };
}

}  // namespace

SessionRobot::SessionRobot(Host& host, RobotRequest request)
    : host_(host),
      server_(std::move(request.server)),
      options_(std::move(request.options)),
      robot_(*this, times_of(options_), request.seed) {
  robot_.set_turbo(options_.turbo, options_.turbo_count_max);
  (void)restorer_.remember(options_.subscriptions);  // few enough: they were checked
}

void SessionRobot::robot_connect() {
  auto request = std::make_unique<ConnectRequest>();
  request->server = server_;
  request->password = options_.password;
  request->timeout = options_.connect_timeout;
  request->quick = options_.quick;
  host_.robot_connect(std::move(request));
}

void SessionRobot::on_handshake(Restorer::ListForm form) {
  restorer_.begin(form);
}

void SessionRobot::on_restored(const Status& status) {
  if (status.ok()) return host_.robot_restored();
  host_.robot_cut({status.code(), "subscriptions could not be restored: " + status.message()});
}

void SessionRobot::on_announced() {
  robot_.on_up();
  if (options_.consistent) restorer_.make_consistent();
}

bool SessionRobot::robot_ping(engine::Duration timeout) {
  restorer_.retry();
  const proto::PacketSpec spec{.type = proto::PacketType::pingecho};
  return host_.robot_request(spec, timeout, [this](const Result<Reply>& reply) {
    // Whatever its status (F1). Other ends are not the server's silence.
    if (reply.ok()) return robot_.on_pong();
    if (reply.status().code() == StatusCode::timed_out) robot_.on_ping_lost();
  });
}

bool SessionRobot::restore_request(const proto::PacketSpec& spec, CallTable::Done done) {
  return host_.robot_request(spec, options_.connect_timeout, std::move(done));
}

Status SessionRobot::on_subscribed(proto::PacketType type, const std::vector<std::string>& urls) {
  if (!options_.resubscribe) return {};
  if (type == proto::PacketType::subscribe) return restorer_.remember(urls);
  urls.empty() ? restorer_.forget_all() : restorer_.forget(urls);
  return {};
}

}  // namespace ringroad::client
