// spsc_ring.h — byte records from one thread to one other, without a lock.
// Thread: reserve() and commit() by the writer; front() and pop() by the reader; empty() by the
//         reader.
// Bound:  capacity_bytes with 8 bytes of header per record; records lie in one piece, the rest
//         before a wrap is skipped.
// Fails:  reserve() answers an empty span when the record does not fit now. Memory: taken
//         untouched: a ring that is never used costs address space and no pages.
// Why here: each side keeps its index in a cache line of its own and a copy of the other's, so that
//         a full or an empty look costs a line transfer only when the copy is used up.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::base {

class SpscRing {
 public:
  /// A power of two.
  explicit SpscRing(size_t capacity_bytes)
      : capacity_(capacity_bytes),
        lines_(std::make_unique_for_overwrite<Line[]>(capacity_bytes / sizeof(Line))) {
    CHECK(std::has_single_bit(capacity_bytes));
    CHECK(capacity_bytes >= sizeof(Line));
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  /// The largest record that an empty ring takes wherever its indices stand.
  size_t record_bytes_max() const { return capacity_ / 2 - kHeaderBytes; }

  /// Room for a record, 8-byte aligned. Replaces an earlier reservation that was not committed.
  std::span<std::byte> reserve(size_t bytes) {
    CHECK(bytes > 0);
    CHECK(bytes <= record_bytes_max());
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const size_t need = footprint(bytes);
    const size_t room = capacity_ - offset_of(tail);  // up to the wrap
    const size_t skipped = need <= room ? 0 : room;
    reserved_end_ = tail;
    if (tail + skipped + need - head_seen_ > capacity_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail + skipped + need - head_seen_ > capacity_) return {};
    }
    if (skipped > 0) write_header(tail, kSkip);
    write_header(tail + skipped, bytes);
    reserved_end_ = tail + skipped + need;
    return {at(tail + skipped) + kHeaderBytes, bytes};
  }

  /// Publishes what was reserved last.
  void commit() {
    CHECK(reserved_end_ != tail_.load(std::memory_order_relaxed));
    tail_.store(reserved_end_, std::memory_order_release);
  }

  /// The oldest record, valid until pop(); empty if there is none.
  std::span<const std::byte> front() {
    if (read_ == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (read_ == tail_seen_) return {};
    }
    if (read_header(read_) == kSkip) read_ += capacity_ - offset_of(read_);  // a record follows
    front_bytes_ = static_cast<size_t>(read_header(read_));
    return {at(read_) + kHeaderBytes, front_bytes_};
  }

  /// Drops what front() answered.
  void pop() {
    CHECK(front_bytes_ > 0);
    read_ += footprint(front_bytes_);
    front_bytes_ = 0;
    head_.store(read_, std::memory_order_release);
  }

  bool empty() const {
    return read_ == tail_seen_ && read_ == tail_.load(std::memory_order_acquire);
  }

 private:
  struct alignas(kCacheLineBytes) Line {
    std::byte bytes[kCacheLineBytes];
  };
  static constexpr size_t kHeaderBytes = sizeof(uint64_t);  // the record's size, or kSkip
  static constexpr uint64_t kSkip = UINT64_MAX;

  static size_t footprint(size_t bytes) { return (kHeaderBytes + bytes + 7) & ~size_t{7}; }
  size_t offset_of(uint64_t index) const { return static_cast<size_t>(index) & (capacity_ - 1); }
  std::byte* at(uint64_t index) const {
    return reinterpret_cast<std::byte*>(lines_.get()) + offset_of(index);
  }
  void write_header(uint64_t index, uint64_t value) {
    std::memcpy(at(index), &value, sizeof(value));
  }
  uint64_t read_header(uint64_t index) const {
    uint64_t value;
    std::memcpy(&value, at(index), sizeof(value));
    return value;
  }

  // Constant after construction. Indices below count bytes and never wrap.
  const size_t capacity_;
  const std::unique_ptr<Line[]> lines_;

  // Writer only.
  alignas(kCacheLineBytes) uint64_t reserved_end_ = 0;
  uint64_t head_seen_ = 0;
  std::atomic<uint64_t> tail_{
      0};  // release in commit() -> acquire in front(), empty(): the record is whole

  // Reader only.
  alignas(kCacheLineBytes) uint64_t read_ = 0;
  uint64_t tail_seen_ = 0;
  size_t front_bytes_ = 0;
  std::atomic<uint64_t> head_{0};  // release in pop() -> acquire in reserve(): the record was read
};

}  // namespace ringroad::base
