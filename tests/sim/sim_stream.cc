// What bytes do once two sockets have met, and how receives are served: the other half of
// SimNetwork.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"

namespace ringroad::sim {
namespace {

using engine::Duration;
using engine::IoEvent;
using engine::Release;
using engine::Socket;
using engine::Transport;
using Kind = SimPipe::Segment::Kind;

/// Appends `bytes` of `parts`, from `offset` on.
void gather(std::span<const iovec> parts, size_t offset, size_t bytes, std::vector<std::byte>& to) {
  for (const iovec& part : parts) {
    const size_t skipped = std::min(offset, part.iov_len);
    offset -= skipped;
    const size_t size = std::min(bytes, part.iov_len - skipped);
    const auto* begin = static_cast<const std::byte*>(part.iov_base) + skipped;
    to.insert(to.end(), begin, begin + size);
    bytes -= size;
  }
}

void lose_flying(SimPipe& pipe) {
  pipe.flying.clear();
  pipe.flying_bytes = 0;
}

}  // namespace

// ---- Under way ----------------------------------------------------------------------------------

void SimNetwork::push(const std::shared_ptr<SimPipe>& pipe, SimPipe::Segment segment) {
  pipe->last_due = segment.due = std::max(pipe->last_due, now_ + delay());
  pipe->flying_bytes += segment.bytes.size();
  pipe->flying.push_back(std::move(segment));
  at_time(pipe->last_due, [this, pipe] { deliver(pipe); });
}

void SimNetwork::deliver(const std::shared_ptr<SimPipe>& pipe) {
  while (!pipe->stalled && !pipe->flying.empty() && pipe->flying.front().due <= now_) {
    SimPipe::Segment segment = std::move(pipe->flying.front());
    pipe->flying.pop_front();
    pipe->flying_bytes -= segment.bytes.size();
    pipe->acknowledged_bytes += segment.bytes.size();
    deliver_segment(*pipe, std::move(segment));
  }
  if (SimSocket* reader = find(pipe->reader); reader != nullptr) recv_progress(*reader);
}

void SimNetwork::deliver_segment(SimPipe& pipe, SimPipe::Segment segment) {
  SimSocket* reader = find(pipe.reader);
  SimSocket* writer = find(pipe.writer);
  switch (segment.kind) {
    case Kind::end:
      pipe.end_arrived = true;
      return;
    case Kind::reset:
      if (reader != nullptr) on_reset(*reader);
      return;
    case Kind::bytes:
      break;
  }
  if (reader == nullptr) {  // closed: it answers with a reset
    if (writer != nullptr) later(*writer, &SimNetwork::on_reset);
  } else if (reader->receive_shut) {
    if (writer != nullptr) later(*writer, &SimNetwork::send_progress);
  } else {
    pipe.arrived.insert(pipe.arrived.end(), segment.bytes.begin(), segment.bytes.end());
  }
}

void SimNetwork::on_reset(SimSocket& socket) {
  if (socket.in == nullptr) return;
  release_all(socket);
  lose_flying(*socket.in);
  lose_flying(*socket.out);
  socket.in->end_arrived = true;
  socket.out->end_sent = true;
  socket.error = ECONNRESET;
  // Whoever asks first hears of it, the other one sees a closed connection.
  if (!socket.sends.empty() && random_.percent(50)) {
    finish(socket, socket.sends.front(), -std::exchange(socket.error, 0));
    socket.sends.pop_front();
  }
  recv_progress(socket);
  end_sends(socket, -EPIPE);
}

void SimNetwork::reset(Socket socket) {
  SimSocket& one = at(socket);
  CHECK(one.in != nullptr);
  SimSocket* other = find(one.out->reader);
  on_reset(one);
  if (other != nullptr) on_reset(*other);
}

void SimNetwork::stall(Socket socket) {
  SimSocket& record = at(socket);
  CHECK(record.in != nullptr);
  record.in->stalled = true;
}

void SimNetwork::resume(Socket socket) {
  SimSocket& record = at(socket);
  CHECK(record.in != nullptr);
  record.in->stalled = false;
  deliver(record.in);
}

// ---- Receiving ----------------------------------------------------------------------------------

void SimNetwork::end_recv(SimSocket& socket, int result) {
  if (socket.recv != nullptr) finish(socket, std::exchange(socket.recv, nullptr), result);
}

void SimNetwork::recv_progress(SimSocket& socket) {
  if (socket.recv == nullptr) return;
  if (socket.transport == Transport::udp) return recv_datagrams(socket);
  if (socket.in == nullptr) return end_recv(socket, -ENOTCONN);
  if (socket.receive_shut) return end_recv(socket, 0);
  recv_stream(socket);
}

void SimNetwork::recv_stream(SimSocket& socket) {
  SimPipe& pipe = *socket.in;
  SimBuffers& buffers = socket.recv->io->stream_buffers();
  while (!pipe.arrived.empty()) {
    if (buffers.empty() || random_.percent(options_.no_buffer_percent)) {
      return end_recv(socket, -ENOBUFS);
    }
    size_t size = std::min(pipe.arrived.size(), buffers.buffer_bytes());
    const bool some = random_.percent(options_.short_read_percent);
    if (some) size = 1 + random_.below(size);
    const auto end = pipe.arrived.begin() + static_cast<ptrdiff_t>(size);
    const std::vector<std::byte> bytes(pipe.arrived.begin(), end);
    pipe.arrived.erase(pipe.arrived.begin(), end);
    IoEvent event;
    event.result = static_cast<int32_t>(size);
    event.more = true;
    event.lease = buffers.lend(bytes);
    socket.recv->io->post(socket.recv, std::move(event));
    if (SimSocket* writer = find(pipe.writer); writer != nullptr) {
      later(*writer, &SimNetwork::send_progress);
    }
    if (some) return later(socket, &SimNetwork::recv_progress);
  }
  if (socket.error != 0) return end_recv(socket, -std::exchange(socket.error, 0));
  if (pipe.end_arrived) end_recv(socket, 0);
}

// ---- Sending ------------------------------------------------------------------------------------

void SimNetwork::end_sends(SimSocket& socket, int result) {
  while (!socket.sends.empty()) {
    std::shared_ptr<SimOp> op = std::move(socket.sends.front());
    socket.sends.pop_front();
    const int done = static_cast<int>(op->done);
    finish(socket, std::move(op), done > 0 ? done : result);
  }
}

void SimNetwork::send_progress(SimSocket& socket) {
  while (!socket.sends.empty()) {
    SimOp& op = *socket.sends.front();
    if (!is_over(socket, op)) return;  // goes on when there is room
    finish(socket, socket.sends.front(), static_cast<int>(op.done));
    socket.sends.pop_front();
  }
}

/// Sends what can be sent now. False: the operation waits.
bool SimNetwork::is_over(SimSocket& socket, SimOp& op) {
  if (socket.transport == Transport::udp) {
    std::vector<std::byte> bytes;
    gather(op.parts, 0, op.bytes, bytes);
    const int result = send_datagram(socket, bytes, socket.peer, nullptr);
    if (result < 0) end_sends(socket, result);
    op.done = bytes.size();
    return result >= 0;
  }
  if (socket.out == nullptr || socket.out->end_sent) {
    const int error = std::exchange(socket.error, 0);
    end_sends(socket, error != 0 ? -error : -EPIPE);
    return false;
  }
  while (op.done < op.bytes) {
    if (socket.out->bytes() >= options_.pipe_bytes) return false;
    write_some(socket, op);
    if (random_.percent(options_.short_write_percent)) return true;
  }
  return true;
}

void SimNetwork::write_some(SimSocket& socket, SimOp& op) {
  size_t size = std::min(options_.pipe_bytes - socket.out->bytes(), op.bytes - op.done);
  if (random_.percent(25)) size = 1 + random_.below(size);
  SimPipe::Segment segment;
  gather(op.parts, op.done, size, segment.bytes);
  op.done += size;
  push(socket.out, std::move(segment));
}

// ---- Zero copy ----------------------------------------------------------------------------------

void SimNetwork::lend(SimSocket& socket, std::shared_ptr<SimOp> op) {
  CHECK(socket.transport == Transport::tcp);
  if (random_.percent(options_.refused_percent)) {
    op->lent = random_.percent(50);  // the kernel releases what it did not take, or says nothing
    return finish(socket, std::move(op), -ENOMEM);
  }
  op->lent = true;
  socket.sends.push_back(std::move(op));
  send_progress(socket);
}

void SimNetwork::release_some_time(SimSocket& socket, const std::shared_ptr<SimOp>& op) {
  if (random_.percent(options_.no_release_percent)) return socket.unreleased.push_back(op);
  if (!random_.percent(options_.late_release_percent)) return release(op, delay());
  const auto below = static_cast<uint64_t>(options_.release_delay_max.count());
  release(op, Duration(static_cast<int64_t>(random_.below(below))));
}

void SimNetwork::release(const std::shared_ptr<SimOp>& op, Duration delay) {
  const auto report =
      random_.percent(options_.copied_percent) ? Release::copied : Release::uncopied;
  at_time(std::max(now_, op->result_due) + delay, [op, report] {
    IoEvent event;
    event.released = report;
    op->io->post(op, std::move(event));
  });
}

void SimNetwork::release_all(SimSocket& socket) {
  for (const auto& op : socket.unreleased) release(op, delay());
  socket.unreleased.clear();
}

// ---- Ends ---------------------------------------------------------------------------------------

void SimNetwork::send_end(SimSocket& socket) {
  if (socket.out == nullptr || socket.out->end_sent) return;
  socket.out->end_sent = true;
  SimPipe::Segment segment;
  segment.kind = Kind::end;
  push(socket.out, std::move(segment));
}

void SimNetwork::shutdown_send(SimSocket& socket) {
  send_end(socket);
  end_sends(socket, -EPIPE);
}

void SimNetwork::shutdown(SimSocket& socket) {
  if (socket.accept != nullptr) finish(socket, std::exchange(socket.accept, nullptr), -EINVAL);
  if (socket.connect != nullptr)
    finish(socket, std::exchange(socket.connect, nullptr), -ECONNRESET);
  socket.backlog = 0;
  if (socket.transport == Transport::udp) return end_recv(socket, -ECANCELED);
  if (socket.in == nullptr) return;
  socket.receive_shut = true;
  socket.in->arrived.clear();
  end_recv(socket, 0);
  shutdown_send(socket);
}

void SimNetwork::close(SimSocket& socket) {
  CHECK(socket.outstanding == 0);
  release_all(socket);
  for (const int32_t handle : socket.pending) {
    SimSocket& never_accepted = at(Socket{handle});
    never_accepted.reset_on_close = true;
    close(never_accepted);
  }
  if (socket.in != nullptr) {
    const bool unread = !socket.in->arrived.empty();
    if (socket.reset_on_close || unread) {
      lose_flying(*socket.out);
      SimPipe::Segment segment;
      segment.kind = Kind::reset;
      push(socket.out, std::move(segment));
    } else {
      send_end(socket);
    }
    socket.in->reader = -1;
    socket.in->arrived.clear();
    socket.out->writer = -1;
  }
  sockets_[static_cast<size_t>(socket.handle)].reset();
}

}  // namespace ringroad::sim
