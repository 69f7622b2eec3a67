#include "bench/macro/join.h"

#include <poll.h>
#include <sys/epoll.h>

#include <span>

#include "proto/packet.h"

namespace ringroad::bench {
namespace {

/// One whole VSOA packet.
Status read_packet(const Tcp& socket) {
  const Result<std::string> head = read_exactly(socket, base::kHeaderBytes);
  if (!head.ok()) return head.status();
  proto::PacketHeader header;
  const auto error = proto::decode_header(std::as_bytes(std::span(*head)), header);
  if (error != proto::DecodeError::none || !header.reply() || header.status != 0) {
    return Status(StatusCode::bad_response, "the server did not answer with success");
  }
  return read_exactly(socket, header.total_bytes() - base::kHeaderBytes).status();
}

Status read_line(const Tcp& socket) {
  while (true) {
    const Result<std::string> byte = read_exactly(socket, 1);
    if (!byte.ok()) return byte.status();
    if (*byte == "\n") return {};
  }
}

Status read_answer(const Tcp& socket, size_t answer_bytes) {
  if (answer_bytes == kNoAnswer) return {};
  if (answer_bytes == kAnswerIsLine) return read_line(socket);
  if (answer_bytes == kAnswerIsPacket) return read_packet(socket);
  return read_exactly(socket, answer_bytes).status();
}

}  // namespace

Result<Tcp> join_server(uint16_t port, const std::vector<Exchange>& exchanges,
                        const std::string& host) {
  Result<Tcp> socket = connect_to(port, host);
  if (!socket.ok()) return socket;
  for (const Exchange& exchange : exchanges) {
    if (Status status = write_all(*socket, exchange.request); !status.ok()) return status;
    const Status answered = read_answer(*socket, exchange.answer_bytes);
    if (!answered.ok()) return answered;
  }
  if (Status status = set_nonblocking(*socket); !status.ok()) return status;
  return socket;
}

Result<Tcp> join_publisher(uint16_t port, const Dialect& dialect, const std::string& host) {
  return join_server(static_cast<uint16_t>(port + dialect.publisher_port_offset), dialect.publisher,
                     host);
}

Status take_late_bytes(const Tcp& socket, size_t bytes) {
  const auto limit = std::chrono::milliseconds(kSetupTime).count();
  while (bytes > 0) {
    pollfd entry = {.fd = socket.fd(), .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, static_cast<int>(limit)) != 1) {
      return Status(StatusCode::timed_out, "the server did not say what it says unasked");
    }
    const Result<std::string> byte = read_exactly(socket, 1);
    if (!byte.ok()) return byte.status();
    --bytes;
  }
  return {};
}

Watch::Watch() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
}

Status Watch::add(const Tcp& socket, uint64_t key) const {
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = key}};
  if (epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, socket.fd(), &event) != 0) {
    return errno_status("epoll_ctl");
  }
  return {};
}

}  // namespace ringroad::bench
