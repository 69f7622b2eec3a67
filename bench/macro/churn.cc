#include "bench/macro/churn.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <span>

#include "base/check.h"

namespace ringroad::bench {
namespace {

constexpr size_t kReceiveBytes = size_t{1} << 18;

}  // namespace

Churn::Churn(const Dialect& dialect, double per_second)
    : dialect_(dialect),
      per_second_(per_second),
      churners_(kChurners),
      buffer_(kReceiveBytes),
      schedule_(per_second, Clock::now()) {
  CHECK(dialect.protocol == Protocol::vsoa);
}

Status Churn::connect(uint16_t port, const std::string& host, const Watch& watch,
                      uint64_t first_key) {
  for (size_t i = 0; i < churners_.size(); ++i) {
    Churner& churner = churners_[i];
    // The set-up of a publisher is the handshake alone.
    Result<Tcp> socket = join_server(port, dialect_.publisher, host);
    if (!socket.ok()) return socket.status();
    if (Status status = watch.add(*socket, first_key + i); !status.ok()) return status;
    churner.socket = std::move(*socket);
    churner.url = i % 2 == 0 ? dialect_.topic : fmt::format("/churn/{}/pos", i);
  }
  schedule_ = Schedule(per_second_, Clock::now());
  return {};
}

Status Churn::run(Clock::time_point now) {
  while (schedule_.next() <= now) {
    Churner& churner = churners_[next_];
    if (churner.state == State::asking) return {};  // its turn waits, and with it all the others
    CHECK(schedule_.take_due(now));
    next_ = (next_ + 1) % churners_.size();
    const std::string request = vsoa_packet(
        {.type = churner.subscribed ? proto::PacketType::unsubscribe : proto::PacketType::subscribe,
         .seqno = 2,
         .url = churner.url});
    if (Status status = write_all(churner.socket, request); !status.ok()) return status;
    churner.state = State::asking;
  }
  return {};
}

Status Churn::receive(size_t index) {
  Churner& churner = churners_[index];
  const ssize_t got = recv(churner.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return {};
  if (got <= 0) return Status(StatusCode::gone, "the server closed a connection that subscribes");
  churner.reader.feed(std::as_bytes(std::span(buffer_.data(), static_cast<size_t>(got))));
  proto::PacketView packet;
  while (true) {
    const proto::PacketReader::Outcome outcome = churner.reader.next(packet);
    if (outcome == proto::PacketReader::Outcome::need_more) return {};
    if (outcome == proto::PacketReader::Outcome::bad) {
      return Status(StatusCode::bad_response, "what came is not VSOA");
    }
    if (Status status = take(churner, packet); !status.ok()) return status;
  }
}

Status Churn::take(Churner& churner, const proto::PacketView& packet) {
  if (packet.header.type == proto::PacketType::publish) return {};
  if (churner.state != State::asking || packet.header.status != 0) {
    return Status(StatusCode::bad_response, "a change of subscriptions was refused");
  }
  churner.state = State::idle;
  churner.subscribed = !churner.subscribed;
  ++changes_;
  return {};
}

}  // namespace ringroad::bench
