// Question: what does a message from one thread to another cost?
// Method:   records of a small publish through a Mailbox: one thread that writes and reads batches,
//           then writers and a reader on threads of their own, nobody asleep. Thread 0 reads; each
//           of the others writes one record per iteration.
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "base/check.h"
#include "bench/micro/null_io.h"
#include "bench/micro/per.h"
#include "engine/mailbox.h"

namespace ringroad::bench {
namespace {

constexpr size_t kRecordBytes = 208;  // the message's header and a packet of 128 bytes of data
constexpr size_t kLaneBytes = 1'048'576;
constexpr size_t kBatch = 64;

enum class LaneKind : uint8_t { loop, any };

bool write(engine::Mailbox& mailbox, LaneKind kind, uint32_t producer, engine::Io& mine) {
  if (kind == LaneKind::loop) {
    const std::span<std::byte> room = mailbox.reserve(producer, kRecordBytes);
    if (room.empty()) return false;
    std::memset(room.data(), 1, room.size());
    mailbox.commit(producer, mine);
    return true;
  }
  const auto reservation = mailbox.reserve_any(kRecordBytes);
  if (reservation.empty()) return false;
  std::memset(reservation.bytes.data(), 1, reservation.bytes.size());
  mailbox.commit_any(reservation);
  return true;
}

size_t read(engine::Mailbox& mailbox) {
  size_t records = 0;
  mailbox.drain(SIZE_MAX, [&records](std::span<const std::byte> record) {
    benchmark::DoNotOptimize(record.data());
    ++records;
    return record.size();
  });
  return records;
}

void one_thread(benchmark::State& state, LaneKind kind) {
  NullIo io;
  engine::Mailbox mailbox(io, 1, kLaneBytes);
  for (auto _ : state) {
    for (size_t i = 0; i < kBatch; ++i) CHECK(write(mailbox, kind, 0, io));
    CHECK(read(mailbox) == kBatch);
  }
  per(state, "per_message", kBatch);
}
void bm_mailbox_lane(benchmark::State& state) {
  one_thread(state, LaneKind::loop);
}
BENCHMARK(bm_mailbox_lane);
void bm_mailbox_any_lane(benchmark::State& state) {
  one_thread(state, LaneKind::any);
}
BENCHMARK(bm_mailbox_any_lane);

/// What the threads of one run share; made and destroyed by thread 0, outside of the timed loop.
struct Crossing {
  NullIo io;
  engine::Mailbox mailbox{io, 2, kLaneBytes};
};
// The loop's begin and end are barriers of all threads: they order these stores and loads.
std::unique_ptr<Crossing> crossing;

void two_threads(benchmark::State& state, LaneKind kind) {
  const bool reader = state.thread_index() == 0;
  const auto writers = static_cast<size_t>(state.threads() - 1);
  if (reader) crossing = std::make_unique<Crossing>();
  NullIo mine;
  size_t done = 0;  // records that this thread has written, or read
  size_t due = 0;
  for (auto _ : state) {
    if (reader) {
      for (due += writers; done < due;) {
        const size_t records = read(crossing->mailbox);
        done += records;
        if (records == 0) std::this_thread::yield();
      }
    } else {
      const auto producer = static_cast<uint32_t>(state.thread_index() - 1);
      while (!write(crossing->mailbox, kind, producer, mine)) std::this_thread::yield();
    }
  }
  if (reader) {
    CHECK(done == writers * static_cast<size_t>(state.iterations()));
    // Not per(): the library's iterations are those of all threads together.
    state.counters["per_message"] = benchmark::Counter(
        static_cast<double>(done), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    crossing.reset();
  }
}
void bm_mailbox_threads(benchmark::State& state) {
  two_threads(state, LaneKind::loop);
}
BENCHMARK(bm_mailbox_threads)->Threads(2)->Threads(3)->UseRealTime();
void bm_mailbox_any_threads(benchmark::State& state) {
  two_threads(state, LaneKind::any);
}
BENCHMARK(bm_mailbox_any_threads)->Threads(2)->Threads(3)->UseRealTime();

}  // namespace
}  // namespace ringroad::bench
