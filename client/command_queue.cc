#include "client/command_queue.h"

#include <utility>

#include "base/check.h"

namespace ringroad::client {
namespace {

constexpr size_t kKeptBytesMax = 1'048'576;  // after a burst, memory goes back
constexpr size_t kKeptCommandsMax = 16'384;

template <typename T>
void empty(std::vector<T>& items, size_t kept_max) {
  if (items.capacity() > kept_max) {
    std::vector<T>().swap(items);
  } else {
    items.clear();
  }
}

}  // namespace

void CommandBatch::clear() {
  empty(commands, kKeptCommandsMax);
  empty(bytes, kKeptBytesMax);
}

bool CommandQueue::post(CommandSource& source, Command command, const proto::PacketSpec* packet,
                        Position position) {
  bool wanted = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || source.closed) return false;
    source.closed = position == Position::last;
    command.session = &source.session;
    if (packet != nullptr) {
      command.packet_offset = queued_.bytes.size();
      command.packet_bytes = proto::packet_bytes(*packet);
      queued_.bytes.resize(command.packet_offset + command.packet_bytes);
      proto::encode(*packet, queued_.packet(command));
    }
    queued_.commands.push_back(std::move(command));
    wanted = std::exchange(sleeping_, false);
  }
  if (wanted) wake();
  return true;
}

void CommandQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    sleeping_ = false;
  }
  wake();
}

void CommandQueue::set_io(engine::Io* io) {
  const std::lock_guard lock(io_mutex_);
  io_ = io;
}

void CommandQueue::wake() {
  const std::lock_guard lock(io_mutex_);
  if (io_ != nullptr) io_->wake();
}

CommandQueue::Taken CommandQueue::take(CommandBatch& batch) {
  CHECK(batch.commands.empty());
  CHECK(batch.bytes.empty());
  const std::lock_guard lock(mutex_);
  std::swap(queued_, batch);
  closed_taken_ = closed_;
  return closed_ ? Taken::closed : Taken::open;
}

bool CommandQueue::sleep() {
  const std::lock_guard lock(mutex_);
  sleeping_ = queued_.commands.empty() && closed_ == closed_taken_;
  return sleeping_;
}

void CommandQueue::awake() {
  const std::lock_guard lock(mutex_);
  sleeping_ = false;
}

}  // namespace ringroad::client
