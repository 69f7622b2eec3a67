// limits.h — every compile-time bound of the library, in one place.
// Run-time knobs are in ringroad/options.h. Relations between bounds are checked here, at compile
// time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ringroad::base {

// The wire (W1, W5).
inline constexpr size_t kHeaderBytes = 20;
inline constexpr size_t kPacketBytesMax = 262'144;
inline constexpr size_t kPayloadBytesMax = kPacketBytesMax - kHeaderBytes;  // url + param + data
inline constexpr size_t kQuickPacketBytesMax = 65'504;  // 65,507 rounded down to a multiple of 4
inline constexpr size_t kQuickPayloadBytesMax = kQuickPacketBytesMax - kHeaderBytes;
inline constexpr size_t kUrlBytesMax = 65'535;

// Memory that can be sent.
inline constexpr size_t kBlockBytes = 65'536;  // one pooled Block
inline constexpr size_t kInlinePacketBytesMax =
    4'096;  // larger packets are referenced, never copied into a log
static_assert(kBlockBytes >= kInlinePacketBytesMax * 4,
              "one block must hold several small packets");

// Receiving: the provided buffer ring of one shard.
inline constexpr size_t kReceiveBufferBytes = 16'384;
inline constexpr size_t kReceiveBufferCount = 256;  // power of two (io_uring)
inline constexpr size_t kDatagramBufferBytes =
    65'664;                                         // largest datagram + recvmsg header and name
inline constexpr size_t kDatagramBufferCount = 64;  // power of two

// One turn of the loop.
inline constexpr size_t kCompletionsPerTurn = 1'024;
inline constexpr size_t kDrainBytesPerTurn = 131'072;  // of mailboxes
inline constexpr size_t kInputBytesMin = 65'536;  // of connections, whatever the mailboxes brought
inline constexpr size_t kQuickSendsPerTurn = 4'096;  // UDP, each a system call; the rest is dropped
inline constexpr size_t kBytesPerTurn =
    262'144;  // received + drained from mailboxes; overshoots by one packet at most
inline constexpr size_t kSendsPerTurn =
    4'096;  // then the rest of a huge cohort waits for the next turn
inline constexpr size_t kConnectsPerTurn = 256;  // of a client loop: system calls

// One send.
inline constexpr size_t kSendSlicesMax = 16;  // iovecs
inline constexpr size_t kSendBytesMax =
    262'144;  // then the rest waits for the completion; overshoots by one slice

// Zero-copy sends (engine/zero_copy.h, docs/PERFORMANCE.md).
inline constexpr size_t kZeroCopyBytesMin =
    32'768;  // smaller sends are copied: pinning pages and a second completion cost more
inline constexpr size_t kLentSendsMax =
    16;  // per connection: sends whose memory the kernel still reads
inline constexpr uint32_t kZeroCopyProbesMax = 4;  // of one loop, without a report
inline constexpr uint32_t kZeroCopyPauseMin =
    1'024;  // large sends by copy after a "copied" report; then doubled
inline constexpr uint32_t kZeroCopyPauseMax = 1U << 20;

// Streams.
inline constexpr size_t kStreamChunkBytes = 65'536;  // copied at once from a program's send()

// Sessions.
inline constexpr auto kSessionGate =
    std::chrono::milliseconds(50);            // silence after the SERVINFO reply (B15)
inline constexpr uint8_t kLoginTriesMax = 3;  // of one connection (auth_retry)
inline constexpr size_t kSubscriptionsPerClientMax = 65'536;
inline constexpr size_t kDearSetPatterns = 1'024;  // changing such a set ends the client's turn
inline constexpr size_t kSubscriptionBytesPerClientMax = 4 * 1'048'576;  // sum of pattern lengths

// Fan-out.
inline constexpr size_t kLanePiecesMax =
    64;  // small slices in a row of one lane; then they are copied together
inline constexpr size_t kCopyMembersMin =
    8;  // smaller cohorts gather slices instead of copying into an own block

inline constexpr size_t kPinnedExcessMax =
    4 * kBlockBytes;  // what one lane, or a small cohort's log, may pin beyond what it holds
inline constexpr size_t kPinnedWasteShare =
    8;  // a slice whose block is larger by this part of it is copied out when too much is pinned
static_assert(kPinnedExcessMax <= 524'288, "no more than the smallest queue a client may have");

// Quality of service.
inline constexpr size_t kPriorities = 8;  // 0 (lowest, default) to 7 (V30)

// Between threads.
inline constexpr size_t kCacheLineBytes = 64;           // what two cores must not share by accident
inline constexpr size_t kMailboxQuantumBytes = 16'384;  // one lane's turn in a drain
inline constexpr size_t kMailboxChargePerLaneByte =
    4;  // by-pointer bytes a mailbox may hold per lane byte

inline constexpr uint32_t kShardsMax = 64;
inline constexpr size_t kQueueBytesMin = 524'288;
static_assert(kQueueBytesMin >= kBytesPerTurn + kPacketBytesMax,
              "a healthy client must survive one full turn");

}  // namespace ringroad::base
