// mpsc_ring.h — byte records from any number of threads to one, without a lock.
// Thread: reserve(), commit(), abandon() by any; front(), pop(), empty() by the reader.
// Bound:  capacity_bytes, in cells of 64; a record lies in one piece, the cells before a wrap are
//         skipped.
// Fails:  reserve() answers an empty span when the record does not fit now.
// Order:  as reserved. A writer that holds a reservation holds up the reader, never another
//         writer.
// Why here: a cell's stamp (committed or not) has a place of its own, so that payload bytes can
//         never look like one.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/check.h"
#include "base/limits.h"

namespace ringroad::base {

class MpscRing {
 public:
  /// Must be committed or abandoned, by the thread that reserved, if bytes is not empty.
  struct Reservation {
    std::span<std::byte> bytes;
    uint64_t ticket = 0;  // its first cell

    bool empty() const { return bytes.empty(); }
  };

  /// A power of two.
  explicit MpscRing(size_t capacity_bytes)
      : cell_count_(capacity_bytes / sizeof(Cell)),
        cells_(std::make_unique_for_overwrite<Cell[]>(cell_count_)),
        stamps_(std::make_unique<std::atomic<uint64_t>[]>(cell_count_)) {
    CHECK(std::has_single_bit(capacity_bytes));
    CHECK(cell_count_ >= 2);
  }
  MpscRing(const MpscRing&) = delete;
  MpscRing& operator=(const MpscRing&) = delete;

  /// The largest record that an empty ring takes wherever its indices stand.
  size_t record_bytes_max() const { return cell_count_ / 2 * sizeof(Cell); }

  Reservation reserve(size_t bytes) {
    CHECK(bytes > 0);
    CHECK(bytes <= record_bytes_max());
    const uint64_t need = cells_for(bytes);
    uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (;;) {
      const uint64_t room = cell_count_ - index_of(tail);  // up to the wrap
      const uint64_t skipped = need <= room ? 0 : room;
      const uint64_t head = head_.load(std::memory_order_acquire);
      // Signed: `head` may be newer than `tail`; the exchange fails then.
      const auto used = static_cast<int64_t>(tail + skipped + need - head);
      if (used > static_cast<int64_t>(cell_count_)) return {};
      if (!tail_.compare_exchange_weak(tail, tail + skipped + need, std::memory_order_relaxed)) {
        continue;
      }
      if (skipped > 0) stamp(tail, skip_stamp(skipped));
      const uint64_t ticket = tail + skipped;
      return {{cells_[index_of(ticket)].bytes, bytes}, ticket};
    }
  }

  void commit(const Reservation& reservation) {
    CHECK(!reservation.empty());
    stamp(reservation.ticket, record_stamp(reservation.bytes.size()));
  }

  /// The reader will pass over it.
  void abandon(const Reservation& reservation) {
    CHECK(!reservation.empty());
    stamp(reservation.ticket, skip_stamp(cells_for(reservation.bytes.size())));
  }

  /// The oldest record, valid until pop(); empty if there is none or it is not committed yet.
  std::span<const std::byte> front() {
    for (;;) {
      const uint64_t value = stamps_[index_of(read_)].load(std::memory_order_acquire);
      if (value == 0) return {};
      if (is_record(value)) {
        front_bytes_ = static_cast<size_t>(value >> 1);
        return {cells_[index_of(read_)].bytes, front_bytes_};
      }
      advance(value >> 1);
    }
  }

  /// Drops what front() answered.
  void pop() {
    CHECK(front_bytes_ > 0);
    advance(cells_for(front_bytes_));
    front_bytes_ = 0;
  }

  /// True: front() has nothing to answer and nothing to pass over. (False may turn out to be an
  /// abandoned record.)
  bool empty() const { return stamps_[index_of(read_)].load(std::memory_order_acquire) == 0; }

 private:
  struct alignas(kCacheLineBytes) Cell {
    std::byte bytes[kCacheLineBytes];
  };

  // A stamp is 0 (not committed), or a record's bytes * 2 + 1, or a number of cells to pass over
  // * 2.
  static uint64_t record_stamp(size_t bytes) { return uint64_t{bytes} << 1 | 1; }
  static uint64_t skip_stamp(uint64_t cells) { return cells << 1; }
  static bool is_record(uint64_t stamp) { return (stamp & 1) != 0; }
  static uint64_t cells_for(size_t bytes) { return (bytes + sizeof(Cell) - 1) / sizeof(Cell); }

  size_t index_of(uint64_t ticket) const { return static_cast<size_t>(ticket) & (cell_count_ - 1); }
  void stamp(uint64_t ticket, uint64_t value) {
    stamps_[index_of(ticket)].store(value, std::memory_order_release);
  }
  /// Gives cells back. Only a first cell ever has a stamp, so all stamps of free cells are 0.
  void advance(uint64_t cells) {
    stamps_[index_of(read_)].store(0, std::memory_order_relaxed);
    read_ += cells;
    head_.store(read_, std::memory_order_release);
  }

  // Constant after construction. Tickets below count cells and never wrap.
  const size_t cell_count_;
  const std::unique_ptr<Cell[]> cells_;
  // One per cell: release in stamp() -> acquire in front(), empty(): the record is whole.
  // The 0 of advance() needs no order of its own: head_ carries it to the next writer.
  const std::unique_ptr<std::atomic<uint64_t>[]> stamps_;

  // Writers.
  alignas(kCacheLineBytes) std::atomic<uint64_t> tail_{
      0};  // relaxed: deals out cells, publishes nothing

  // Reader only.
  alignas(kCacheLineBytes) uint64_t read_ = 0;
  size_t front_bytes_ = 0;
  std::atomic<uint64_t> head_{
      0};  // release in advance() -> acquire in reserve(): the cells were read, their stamps are 0
};

}  // namespace ringroad::base
