#include "bench/macro/join.h"

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

}  // namespace

Result<Tcp> join_server(uint16_t port, const std::vector<Exchange>& exchanges) {
  Result<Tcp> socket = connect_to(port);
  if (!socket.ok()) return socket;
  for (const Exchange& exchange : exchanges) {
    if (Status status = write_all(*socket, exchange.request); !status.ok()) return status;
    const Status answered = exchange.answer_bytes == 0
                                ? read_packet(*socket)
                                : read_exactly(*socket, exchange.answer_bytes).status();
    if (!answered.ok()) return answered;
  }
  if (Status status = set_nonblocking(*socket); !status.ok()) return status;
  return socket;
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
