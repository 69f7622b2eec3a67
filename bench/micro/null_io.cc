#include "bench/micro/null_io.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace ringroad::bench {
namespace {

size_t index_of(engine::Socket socket) {
  return static_cast<size_t>(socket.handle);
}

}  // namespace

engine::Socket NullIo::connect_peer() {
  const engine::Socket socket{static_cast<int32_t>(armed_.size())};
  armed_.push_back(nullptr);
  engine::Completion* accept = armed_[index_of(kListener)];
  CHECK(accept != nullptr);
  happened_.push_back({accept, socket.handle, true, {}});
  return socket;
}

void NullIo::deliver(engine::Socket socket, std::span<const std::byte> bytes) {
  engine::Completion* receive = armed_[index_of(socket)];
  CHECK(receive != nullptr);
  happened_.push_back({receive, static_cast<int32_t>(bytes.size()), true, bytes});
}

void NullIo::accept(engine::Socket listener, engine::Completion& completion) {
  arm(listener, completion);
}

void NullIo::connect(engine::Socket, const engine::Address&, engine::Completion&) {
  CHECK(false);
}

void NullIo::recv(engine::Socket socket, engine::Completion& completion) {
  arm(socket, completion);
}

void NullIo::recv_from(engine::Socket socket, engine::Completion& completion) {
  arm(socket, completion);
}

void NullIo::arm(engine::Socket socket, engine::Completion& completion) {
  CHECK(armed_[index_of(socket)] == nullptr);
  completion.mark_submitted();
  armed_[index_of(socket)] = &completion;
}

void NullIo::send(engine::Socket, std::span<const iovec> parts, engine::Completion& completion) {
  completion.mark_submitted();
  size_t bytes = 0;
  for (const iovec& part : parts) bytes += part.iov_len;
  ++sends_;
  sent_bytes_ += bytes;
  happened_.push_back({&completion, static_cast<int32_t>(bytes), false, {}});
}

int NullIo::send_to(engine::Socket, std::span<const std::byte> bytes, const engine::Address&,
                    const engine::Address*) {
  ++datagrams_;
  return static_cast<int>(bytes.size());
}

void NullIo::end(engine::Socket socket) {
  engine::Completion*& receive = armed_[index_of(socket)];
  if (receive == nullptr) return;
  happened_.push_back({receive, 0, false, {}});
  receive = nullptr;
}

void NullIo::close(engine::Socket socket) {
  CHECK(armed_[index_of(socket)] == nullptr);
}

void NullIo::cancel(engine::Completion& completion) {
  const auto armed = std::find(armed_.begin(), armed_.end(), &completion);
  if (armed == armed_.end()) return;
  happened_.push_back({&completion, -ECANCELED, false, {}});
  *armed = nullptr;
}

void NullIo::wait(engine::Duration timeout, std::vector<engine::Completed>& completed) {
  idle_ = happened_.empty() && timeout > engine::Duration::zero();
  for (const Happened& item : happened_) {
    engine::Completed& event = completed.emplace_back();
    event.completion = item.completion;
    event.event.result = item.result;
    event.event.more = item.more;
    if (!item.bytes.empty()) event.event.lease = engine::RecvLease(*this, 0, item.bytes);
  }
  happened_.clear();
}

}  // namespace ringroad::bench
