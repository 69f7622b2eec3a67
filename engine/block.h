// block.h — memory that can be sent, and the counted slices of it.
// Owner:  a BlockPool per shard; Slices keep a Block alive.   Thread: the shard's (plain counts).
// Bound:  the queues that hold slices are bounded; bytes_live() tells what they pin.
// Lives:  a Slice is immutable and may outlive everything but its pool.
// Why here: io_uring reads memory after the call has returned; a Slice is the only thing that can
// be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/counter.h"
#include "base/limits.h"

namespace ringroad::engine {

class BlockPool;
class SharedPacket;  // shared_packet.h: bytes that several shards send

/// Memory and its count. Made by a BlockPool only.
struct Block {
  BlockPool* pool = nullptr;
  std::byte* data = nullptr;
  uint32_t capacity = 0;
  uint32_t references = 0;         // slices, and the writer that fills it
  SharedPacket* shared = nullptr;  // not null: `data` belongs to it
};

class Slice {
 public:
  Slice() = default;
  Slice(Block& block, uint32_t offset, uint32_t size)
      : block_(&block), offset_(offset), size_(size) {
    ++block.references;
  }
  Slice(const Slice& other) : block_(other.block_), offset_(other.offset_), size_(other.size_) {
    if (block_ != nullptr) ++block_->references;
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        offset_(other.offset_),
        size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() {
    if (block_ != nullptr) release();
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  std::span<const std::byte> bytes() const {
    return block_ == nullptr ? std::span<const std::byte>()
                             : std::span<const std::byte>(block_->data + offset_, size_);
  }
  /// The part from `begin` on.
  Slice from(size_t begin) const {
    CHECK(begin <= size_);
    return part(begin, size_ - begin);
  }
  /// `size` bytes from `begin` on.
  Slice part(size_t begin, size_t size) const {
    CHECK(begin <= size_ && size <= size_ - begin);
    return Slice(*block_, offset_ + static_cast<uint32_t>(begin), static_cast<uint32_t>(size));
  }
  /// What it keeps alive: its whole block.
  size_t pinned_bytes() const { return block_ == nullptr ? 0 : block_->capacity; }
  /// It pins so much more than it holds that a copy is better to keep.
  bool wasteful() const { return pinned_bytes() - size_ > size_ / base::kPinnedWasteShare; }
  /// What it keeps alive beside `other`: nothing more if they share a block.
  size_t pinned_bytes_beside(const Slice& other) const {
    return block_ == other.block_ ? 0 : pinned_bytes();
  }
  /// Grows by `next` if that lies right behind us in the same block. False: nothing changed.
  bool extend(const Slice& next) {
    if (block_ == nullptr || next.block_ != block_ || next.offset_ != offset_ + size_) return false;
    size_ += next.size_;
    return true;
  }

 private:
  void release();

  Block* block_ = nullptr;
  uint32_t offset_ = 0;
  uint32_t size_ = 0;
};

/// Blocks of kBlockBytes from a free list; larger ones on their own.
class BlockPool {
 public:
  BlockPool() = default;
  ~BlockPool();  ///< Every slice must be gone.
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A block with one reference (the caller's). capacity >= bytes.
  Block& take(size_t bytes);
  /// The bytes of all pieces behind each other, in a block of just that size: what waits for long
  /// pins no more than it holds.
  Slice gather(std::span<const Slice> pieces);
  /// A slice over a packet that other shards share; takes over one of its references.
  Slice wrap(SharedPacket& packet);
  void drop_reference(Block& block);

  /// Bytes of blocks that somebody references, now.
  const base::Counter& bytes_live() const { return bytes_live_; }

 private:
  void recycle(Block& block);

  static constexpr size_t kFreeBlocksMax = 256;
  std::vector<Block*> free_;  // kBlockBytes each
  base::Counter bytes_live_;
};

/// Appends packets to blocks, one after the other, so that neighbours can be sent as one piece.
class BlockWriter {
 public:
  explicit BlockWriter(BlockPool& pool) : pool_(pool) {}
  ~BlockWriter() { reset(); }
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  /// Room for `bytes`; valid until the next call here.
  std::span<std::byte> prepare(size_t bytes);
  /// The first `bytes` of what prepare() gave, as a slice.
  Slice commit(size_t bytes);
  Slice copy(std::span<const std::byte> bytes);
  /// Lets go of the block.
  void reset();

 private:
  BlockPool& pool_;
  Block* block_ = nullptr;
  uint32_t used_ = 0;
};

}  // namespace ringroad::engine
