#include "bench/macro/echo_load.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "proto/packet.h"

namespace ringroad::bench {
namespace {

constexpr size_t kReceiveBytes = size_t{256} << 10;
constexpr int kEventsMax = 512;

std::string vsoa_request(const std::string& payload) {
  return vsoa_packet({.type = proto::PacketType::rpc, .seqno = 7, .url = "/echo", .data = payload});
}

EchoDialect make_vsoa(const std::string& payload) {
  EchoDialect dialect;
  dialect.hello = {{vsoa_packet({.type = proto::PacketType::servinfo}), 0}};
  dialect.request = vsoa_request(payload);
  dialect.answer_bytes = proto::packet_bytes(
      {.type = proto::PacketType::rpc, .flags = proto::kFlagReply, .seqno = 7, .data = payload});
  return dialect;
}

EchoDialect make_resp(const std::string& payload) {
  EchoDialect dialect;
  dialect.request = fmt::format("*2\r\n$4\r\nECHO\r\n${}\r\n{}\r\n", payload.size(), payload);
  dialect.answer_bytes = fmt::format("${}\r\n{}\r\n", payload.size(), payload).size();
  return dialect;
}

/// As many bytes as a VSOA request, and the same back.
EchoDialect make_raw(const std::string& payload) {
  EchoDialect dialect;
  dialect.request = payload;
  dialect.request.resize(vsoa_request(payload).size(), '.');
  dialect.answer_bytes = dialect.request.size();
  return dialect;
}

}  // namespace

EchoDialect make_echo_dialect(Protocol protocol, size_t payload_bytes) {
  std::string payload(payload_bytes, '.');
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>('a' + i % 26);
  EchoDialect dialect = protocol == Protocol::vsoa   ? make_vsoa(payload)
                        : protocol == Protocol::resp ? make_resp(payload)
                                                     : make_raw(payload);
  dialect.payload = std::move(payload);
  return dialect;
}

EchoLoad::EchoLoad(EchoDialect dialect, EchoOptions options)
    : dialect_(std::move(dialect)),
      options_(options),
      check_(dialect_.answer_bytes, dialect_.payload),
      guests_(options.connections),
      buffer_(kReceiveBytes) {
  for (size_t i = 0; i < options.depth; ++i) burst_ += dialect_.request;
}

Status EchoLoad::connect(uint16_t port) {
  for (size_t i = 0; i < guests_.size(); ++i) {
    Result<Tcp> socket = join_server(port, dialect_.hello);
    if (!socket.ok()) return socket.status();
    if (Status status = watch_.add(*socket, i); !status.ok()) return status;
    guests_[i].socket = std::move(*socket);
    guests_[i].sent.resize(options_.depth);
  }
  for (Guest& guest : guests_) {
    if (Status status = send_requests(guest, options_.depth); !status.ok()) return status;
  }
  return {};
}

void EchoLoad::start_measuring() {
  measuring_ = true;
  answers_ = 0;
}

Status EchoLoad::run_until(Clock::time_point end) {
  std::array<epoll_event, kEventsMax> events;
  while (Clock::now() < end) {
    const int count = epoll_wait(watch_.fd(), events.data(), kEventsMax, 100);
    for (int i = 0; i < count; ++i) {
      const Status status = receive(guests_[events[static_cast<size_t>(i)].data.u64]);
      if (!status.ok()) return status;
    }
  }
  return {};
}

/// The next `count` requests, in one send. They belong to the slots that were answered last.
Status EchoLoad::send_requests(Guest& guest, size_t count) {
  const size_t bytes = count * dialect_.request.size();
  const Clock::time_point now = Clock::now();
  for (size_t i = 0; i < count; ++i) {
    guest.sent[(guest.oldest + options_.depth - count + i) % options_.depth] = now;
  }
  const ssize_t sent = send(guest.socket.fd(), burst_.data(), bytes, MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(bytes)) return {};
  if (sent < 0 && errno != EAGAIN) return errno_status("send");
  return Status(StatusCode::overloaded,
                "--depth: so many requests do not fit into the socket's buffer");
}

Status EchoLoad::receive(Guest& guest) {
  const ssize_t got = recv(guest.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return {};
  if (got <= 0) return Status(StatusCode::gone, "the server closed a connection");
  const auto bytes = static_cast<size_t>(got);
  const uint64_t before = std::exchange(guest.answered, guest.answered + bytes);
  if (!check_.check(before, {buffer_.data(), bytes})) {
    return Status(StatusCode::bad_response, "an answer without the payload of its request");
  }
  const size_t whole = guest.answered / dialect_.answer_bytes - before / dialect_.answer_bytes;
  if (whole > options_.depth) {
    return Status(StatusCode::bad_response, "more answers than requests");
  }
  if (measuring_) {
    const Clock::time_point now = Clock::now();
    for (size_t i = 0; i < whole; ++i) {
      const Clock::duration taken = now - guest.sent[(guest.oldest + i) % options_.depth];
      round_trip_.record(static_cast<uint64_t>(taken / std::chrono::nanoseconds(1)));
    }
    answers_ += whole;
  }
  guest.oldest = (guest.oldest + whole) % options_.depth;
  return whole == 0 ? Status() : send_requests(guest, whole);
}

}  // namespace ringroad::bench
