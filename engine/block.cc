#include "engine/block.h"

#include <algorithm>
#include <limits>

#include "engine/shared_packet.h"

namespace ringroad::engine {
namespace {

Block* make_block(BlockPool& pool, size_t bytes) {
  CHECK(bytes <= std::numeric_limits<uint32_t>::max());
  auto* block = new Block;
  block->pool = &pool;
  block->data = new std::byte[bytes];  // not initialised
  block->capacity = static_cast<uint32_t>(bytes);
  return block;
}

void free_block(Block* block) {
  CHECK(block->references == 0);
  delete[] block->data;
  delete block;
}

}  // namespace

void Slice::release() {
  block_->pool->drop_reference(*block_);
  block_ = nullptr;
}

BlockPool::~BlockPool() {
  CHECK(bytes_live_.get() == 0);
  for (Block* block : free_) free_block(block);
}

Block& BlockPool::take(size_t bytes) {
  Block* block = nullptr;
  if (bytes <= base::kBlockBytes && !free_.empty()) {
    block = free_.back();
    free_.pop_back();
  } else {
    block = make_block(*this, std::max(bytes, base::kBlockBytes));
  }
  CHECK(block->references == 0);
  block->references = 1;
  bytes_live_.add(block->capacity);
  return *block;
}

Slice BlockPool::gather(std::span<const Slice> pieces) {
  size_t bytes = 0;
  for (const Slice& piece : pieces) bytes += piece.size();
  if (bytes == 0) return {};
  Block* block = make_block(*this, bytes);
  bytes_live_.add(block->capacity);
  std::byte* end = block->data;
  for (const Slice& piece : pieces) {
    end = std::copy(piece.bytes().begin(), piece.bytes().end(), end);
  }
  return Slice(*block, 0, block->capacity);
}

Slice BlockPool::wrap(SharedPacket& packet) {
  const std::span<std::byte> bytes = packet.bytes();
  CHECK(bytes.size() <= std::numeric_limits<uint32_t>::max());
  auto* block = new Block;
  block->pool = this;
  block->data = bytes.data();
  block->capacity = static_cast<uint32_t>(bytes.size());
  block->shared = &packet;
  bytes_live_.add(block->capacity);
  return Slice(*block, 0, block->capacity);
}

void BlockPool::drop_reference(Block& block) {
  CHECK(block.pool == this);
  CHECK(block.references > 0);
  if (--block.references == 0) recycle(block);
}

void BlockPool::recycle(Block& block) {
  bytes_live_.sub(block.capacity);
  if (block.shared != nullptr) {
    block.shared->release();
    delete &block;
  } else if (block.capacity == base::kBlockBytes && free_.size() < kFreeBlocksMax) {
    free_.push_back(&block);
  } else {
    free_block(&block);
  }
}

std::span<std::byte> BlockWriter::prepare(size_t bytes) {
  // Every slice is gone, so nobody reads what was written: start over.
  if (block_ != nullptr && block_->references == 1) used_ = 0;
  if (block_ == nullptr || block_->capacity - used_ < bytes) {
    reset();
    block_ = &pool_.take(bytes);
  }
  return {block_->data + used_, bytes};
}

Slice BlockWriter::commit(size_t bytes) {
  CHECK(block_ != nullptr);
  CHECK(bytes <= block_->capacity - used_);
  if (bytes == 0) return {};
  Slice slice(*block_, used_, static_cast<uint32_t>(bytes));
  used_ += static_cast<uint32_t>(bytes);
  // A large packet has its block to itself; kept, it would pin that much until the next packet.
  if (block_->capacity > base::kBlockBytes) reset();
  return slice;
}

Slice BlockWriter::copy(std::span<const std::byte> bytes) {
  // Not std::ranges::copy(): that of g++ 12 goes byte by byte from const to non-const.
  std::copy(bytes.begin(), bytes.end(), prepare(bytes.size()).begin());
  return commit(bytes.size());
}

void BlockWriter::reset() {
  if (block_ != nullptr) pool_.drop_reference(*std::exchange(block_, nullptr));
  used_ = 0;
}

}  // namespace ringroad::engine
