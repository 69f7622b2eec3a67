// tidy: long file: the ring and its verbs, which see the same private types.
#include "engine/uring_io.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

#include "base/check.h"
#include "engine/poison.h"
#include "engine/socket.h"
#include "engine/uring_setup.h"

static_assert(offsetof(io_uring_buf_ring, bufs) == 0, "provided buffers would go to wrong slots");

namespace ringroad::engine {
namespace {

// Of kernels that are newer than the headers of liburing 2.3.
constexpr uint32_t kNotificationCopied = 1U << 31;  // IORING_NOTIF_USAGE_ZC_COPIED
constexpr uint8_t kOpFixedFdInstall = 54;           // 6.8

constexpr uint16_t kReceiveGroup = 0;
constexpr uint16_t kDatagramGroup = 1;
constexpr size_t kSlackBytes = 64;  // readable behind each buffer, for SIMD readers

// user_data: a Completion*, or one of these in the low bits, which are 0 in a pointer.
constexpr unsigned kTagBits = 3;
constexpr uint64_t kTagMask = (1U << kTagBits) - 1;
constexpr uint64_t kTagCompletion = 0;
constexpr uint64_t kTagWake = 1;      // our eventfd was read
constexpr uint64_t kTagDoorbell = 2;  // a peer's MSG_RING
constexpr uint64_t kTagRing = 3;      // our MSG_RING failed; the peer's eventfd is above the tag
constexpr uint64_t kTagIgnored = 4;
constexpr uint64_t kTagInstall = 5;       // a direct socket has a descriptor for a moment
constexpr uint64_t kTagDirectAccept = 6;  // above the tag: its Completion
static_assert(alignof(Completion) > kTagMask);

// What recvmsg puts before the payload. The name is padded so that the control part is aligned.
constexpr size_t kDatagramNameBytes = 32;
constexpr size_t kDatagramControlBytes =
    CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t));  // and SO_RXQ_OVFL
static_assert(kDatagramNameBytes >= Address::kCapacity);
static_assert((sizeof(io_uring_recvmsg_out) + kDatagramNameBytes) % alignof(cmsghdr) == 0);
static_assert(base::kDatagramBufferBytes >=
              sizeof(io_uring_recvmsg_out) + kDatagramNameBytes + kDatagramControlBytes + 65'507);

constexpr int kSendFlags = MSG_WAITALL | MSG_NOSIGNAL;
constexpr size_t kRoundsMax = 64;                        // of running deferred work in one wait
constexpr Duration kTimeoutMax = std::chrono::hours(1);  // a longer wait just ends early

// Where the kernel puts what it reads from eventfds. Shared by all rings and never read: a read
// that is still armed when its ring goes must not point into it.
uint64_t wake_sink = 0;

void ring_doorbell(int wake_descriptor) {
  const uint64_t one = 1;
  // It can only fail when 2^64 - 1 wake-ups are pending, and then one is.
  [[maybe_unused]] const ssize_t written = ::write(wake_descriptor, &one, sizeof one);
}

/// The machine broke after start-up: nothing sensible can follow.
[[noreturn]] void ring_broken(const char* call, int error) {
  std::fprintf(stderr, "io_uring: %s: %s\n", call, std::strerror(error));
  base::check_failed("io_uring works once it has been set up", __FILE__, __LINE__);
}

/// Receive buffers of one size that the kernel picks from. Ids start at `first_id`, so that an id
/// tells its group.
class BufferRing final : public RecvLease::Owner {
 public:
  BufferRing(uint16_t first_id, uint16_t count, size_t buffer_bytes)
      : first_id_(first_id),
        count_(count),
        buffer_bytes_(buffer_bytes),
        stride_((buffer_bytes + kSlackBytes + 63) / 64 * 64) {
    CHECK(count > 0);
    CHECK((count & (count - 1)) == 0);
  }
  ~BufferRing() {
    CHECK(on_loan_ == 0);
    if (memory_ == nullptr) return;
    unpoison(buffers_, count_ * stride_);
    ::munmap(memory_, memory_bytes());
  }
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;

  /// 0 or errno.
  int open(int ring_descriptor, uint16_t group) {
    void* memory =
        ::mmap(nullptr, memory_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    memory_ = memory;
    ring_ = static_cast<io_uring_buf_ring*>(memory);
    buffers_ = static_cast<std::byte*>(memory) + entries_bytes();
    io_uring_buf_reg registration = {};
    registration.ring_addr = reinterpret_cast<uintptr_t>(memory);
    registration.ring_entries = count_;
    registration.bgid = group;
    const int result =
        ::io_uring_register(ring_descriptor, IORING_REGISTER_PBUF_RING, &registration, 1);
    if (result < 0) return -result;
    io_uring_buf_ring_init(ring_);
    for (uint16_t i = 0; i < count_; ++i) put(i);
    publish();
    return 0;
  }

  bool owns(uint16_t id) const { return id >= first_id_ && id - first_id_ < count_; }
  /// Less than a quarter is left.
  bool scarce() const { return on_loan_ > count_ - count_ / 4; }

  /// The kernel has filled it; ours until give_back().
  std::byte* take(uint16_t id) {
    CHECK(owns(id));
    CHECK(on_loan_ < count_);
    ++on_loan_;
    std::byte* data = buffers_ + (id - first_id_) * stride_;
    unpoison(data, stride_);
    return data;
  }
  void give_back(uint32_t id) override {
    CHECK(on_loan_ > 0);
    --on_loan_;
    put(static_cast<uint16_t>(id - first_id_));
  }
  /// Shows the kernel what was given back; it looks only while we are in a system call.
  void publish() {
    if (returned_ == 0) return;
    io_uring_buf_ring_advance(ring_, returned_);
    returned_ = 0;
  }

 private:
  size_t entries_bytes() const { return (count_ * sizeof(io_uring_buf) + 4'095) / 4'096 * 4'096; }
  size_t memory_bytes() const { return entries_bytes() + count_ * stride_; }
  void put(uint16_t index) {
    std::byte* buffer = buffers_ + index * stride_;
    poison(buffer, stride_);
    io_uring_buf_ring_add(ring_, buffer, static_cast<unsigned>(buffer_bytes_),
                          static_cast<uint16_t>(first_id_ + index), io_uring_buf_ring_mask(count_),
                          returned_);
    ++returned_;
  }

  const uint16_t first_id_;
  const uint16_t count_;
  const size_t buffer_bytes_;
  const size_t stride_;
  void* memory_ = nullptr;  // entries, then buffers
  io_uring_buf_ring* ring_ = nullptr;
  std::byte* buffers_ = nullptr;
  int returned_ = 0;  // put, not yet published
  uint16_t on_loan_ = 0;
};

}  // namespace

/// The mapped ring: getting entries, entering the kernel, reading completions.
class UringIo::Ring {
 public:
  Ring(const UringOptions& options, UringCounters& counters)
      : counters_(counters),
        receive_buffers_(0, options.receive_buffers, base::kReceiveBufferBytes),
        datagram_buffers_(options.receive_buffers, options.datagram_buffers,
                          base::kDatagramBufferBytes) {
    datagram_header_.msg_namelen = kDatagramNameBytes;
    datagram_header_.msg_controllen = kDatagramControlBytes;
  }
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  Status open(const UringOptions& options);
  Status open_direct_table(uint32_t slots);
  io_uring_sqe& next(uint64_t user_data);
  io_uring_sqe& next(Completion& completion) {
    completion.mark_submitted();
    return next(reinterpret_cast<uintptr_t>(&completion));
  }
  /// Memory that lives until `sqe` is submitted; the kernel copies it then
  /// (IORING_FEAT_SUBMIT_STABLE).
  msghdr& header_of(const io_uring_sqe& sqe, std::span<const iovec> parts) {
    msghdr& header = extras_[slot_of(sqe)].header;
    header = {};
    header.msg_iov = const_cast<iovec*>(parts.data());  // the kernel only reads them
    header.msg_iovlen = parts.size();
    return header;
  }
  Address& address_of(const io_uring_sqe& sqe) { return extras_[slot_of(sqe)].address; }
  msghdr& datagram_header() { return datagram_header_; }

  bool accepts_direct() const { return accepts_direct_; }
  int install(Socket socket);
  void give_back(int descriptor);
  /// What has been prepared for `socket.handle` as a descriptor becomes right for direct ones, too.
  static void aim(io_uring_sqe& sqe, Socket socket) {
    if (!is_direct(socket)) return;
    sqe.fd = socket.handle & ~kDirectBit;
    sqe.flags |= IOSQE_FIXED_FILE;
  }

  void wake() const;
  void wake_peer(const Ring& peer);
  void wait(Duration timeout, std::vector<Completed>& completed);
  bool ready() const { return completions_ready() || kernel_has_work(); }

 private:
  struct Extra {
    msghdr header;
    Address address;
  };

  size_t slot_of(const io_uring_sqe& sqe) const {
    return static_cast<size_t>(&sqe - ring_.sq.sqes);
  }
  void bind_to_thread();
  int try_install(Socket socket);
  void arm_wake();
  unsigned queued() const;
  bool completions_ready() const;
  bool kernel_has_work() const;
  void submit_full();
  int enter(unsigned min_complete, unsigned flags, Duration timeout);
  void collect(std::vector<Completed>& completed);
  void deliver(const io_uring_cqe& cqe, std::vector<Completed>& completed);
  bool take_buffer(const io_uring_cqe& cqe, IoEvent& event);
  bool take_datagram(uint16_t id, IoEvent& event);
  void on_internal(const io_uring_cqe& cqe);

  UringCounters& counters_;
  io_uring ring_ = {};
  bool mapped_ = false;
  int wake_descriptor_ = -1;
  bool accepts_direct_ = false;
  int installed_ = 0;               // what install() waits for
  int reserve_ = -1;                // a descriptor to give up when the process has no other left
  bool wake_due_ = false;           // the read of the eventfd is to be armed again
  std::atomic<bool> bound_{false};  // bind_to_thread() release -> a peer's wake_peer() acquire
  BufferRing receive_buffers_;
  BufferRing datagram_buffers_;
  msghdr datagram_header_ = {};   // of every recv_from: the sizes before the payload
  std::vector<Extra> extras_;     // one per submission slot
  std::vector<Completed> early_;  // collected while submitting, handed out by the next wait()
};

Status UringIo::Ring::open(const UringOptions& options) {
  if (Status status = open_ring(options.submissions, options.completions, ring_); !status.ok()) {
    return status;
  }
  mapped_ = true;
  extras_.resize(ring_.sq.ring_entries);
  int error = receive_buffers_.open(ring_.ring_fd, kReceiveGroup);
  if (error == 0) error = datagram_buffers_.open(ring_.ring_fd, kDatagramGroup);
  if (error != 0) return refusal_status("registering buffers", error, refusal_facts());
  if (options.direct_slots > 0) {
    if (Status status = open_direct_table(options.direct_slots); !status.ok()) return status;
  }
  wake_descriptor_ = ::eventfd(0, EFD_CLOEXEC);
  if (wake_descriptor_ < 0) return system_status("eventfd", errno);
  arm_wake();
  return {};
}

Status UringIo::Ring::open_direct_table(uint32_t slots) {
  // Before 6.13 a ring lets go of its closed files strictly in order: one idle client, whose receive
  // is armed, would keep the sockets of all who left after it.
  const std::string kernel = refusal_facts().kernel;
  if (!is_at_least(kernel, 6, 13)) {
    return {StatusCode::unsupported, "direct descriptors need Linux 6.13, and this is " + kernel};
  }
  const int error = -::io_uring_register_files_sparse(&ring_, slots);
  if (error != 0) return system_status("a table of direct descriptors", error);
  reserve_ = ::eventfd(0, EFD_CLOEXEC);
  if (reserve_ < 0) return system_status("eventfd", errno);
  accepts_direct_ = true;
  return {};
}

UringIo::Ring::~Ring() {
  CHECK(early_.empty());
  if (mapped_) ::io_uring_queue_exit(&ring_);
  if (wake_descriptor_ >= 0) ::close(wake_descriptor_);
  if (reserve_ >= 0) ::close(reserve_);
}

void UringIo::Ring::bind_to_thread() {
  const int result = ::io_uring_register(ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (result < 0) ring_broken("enabling the ring", -result);
  bound_.store(true, std::memory_order_release);
}

unsigned UringIo::Ring::queued() const {
  return ring_.sq.sqe_tail - io_uring_smp_load_acquire(ring_.sq.khead);
}

bool UringIo::Ring::completions_ready() const {
  return *ring_.cq.khead != io_uring_smp_load_acquire(ring_.cq.ktail);
}

bool UringIo::Ring::kernel_has_work() const {
  const unsigned flags =
      reinterpret_cast<std::atomic<unsigned>*>(ring_.sq.kflags)->load(std::memory_order_relaxed);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

io_uring_sqe& UringIo::Ring::next(uint64_t user_data) {
  if (queued() == ring_.sq.ring_entries) submit_full();
  io_uring_sqe& sqe = ring_.sq.sqes[ring_.sq.sqe_tail & ring_.sq.ring_mask];
  ++ring_.sq.sqe_tail;
  std::memset(&sqe, 0, sizeof sqe);
  sqe.user_data = user_data;  // the prep functions leave it alone
  counters_.sqes.add();
  return sqe;
}

/// Makes room in the submission queue. Runs no completion: what comes meanwhile is kept for wait().
void UringIo::Ring::submit_full() {
  while (queued() == ring_.sq.ring_entries) {
    if (enter(0, 0, Duration::zero()) > 0) continue;
    // The kernel wants its completions taken first, or is short of memory.
    enter(0, IORING_ENTER_GETEVENTS, Duration::zero());
    collect(early_);
  }
}

/// Submits what is queued; entries the kernel took, or -errno of what goes away by itself.
int UringIo::Ring::enter(unsigned min_complete, unsigned flags, Duration timeout) {
  if (!bound_.load(std::memory_order_relaxed)) bind_to_thread();
  receive_buffers_.publish();
  datagram_buffers_.publish();
  io_uring_smp_store_release(ring_.sq.ktail, ring_.sq.sqe_tail);
  timeout = std::min(timeout, kTimeoutMax);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  __kernel_timespec time = {.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
  io_uring_getevents_arg argument = {};
  if (min_complete > 0) argument.ts = reinterpret_cast<uintptr_t>(&time);
  counters_.enters.add();
  const int result = ::io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), queued(), min_complete,
                                       flags | IORING_ENTER_EXT_ARG,
                                       reinterpret_cast<sigset_t*>(&argument), sizeof argument);
  const bool passing =
      result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN;
  if (result < 0 && !passing) ring_broken("io_uring_enter", -result);
  return result;
}

void UringIo::Ring::wait(Duration timeout, std::vector<Completed>& completed) {
  if (wake_due_) arm_wake();
  const bool sleep = timeout > Duration::zero() && early_.empty() && !completions_ready();
  std::move(early_.begin(), early_.end(), std::back_inserter(completed));
  early_.clear();
  if (sleep || queued() > 0 || kernel_has_work()) {
    enter(sleep ? 1 : 0, IORING_ENTER_GETEVENTS, timeout);
  }
  collect(completed);
  // One call runs about 20 items of deferred work. Go on while there are more, but not so far that
  // receives run out of buffers: nothing gives them back before we return.
  for (size_t round = 0; round < kRoundsMax; ++round) {
    if (!kernel_has_work() || completed.size() >= base::kCompletionsPerTurn) break;
    if (receive_buffers_.scarce() || datagram_buffers_.scarce()) break;
    enter(0, IORING_ENTER_GETEVENTS, Duration::zero());
    collect(completed);
  }
}

void UringIo::Ring::collect(std::vector<Completed>& completed) {
  const unsigned begin = *ring_.cq.khead;
  const unsigned end = io_uring_smp_load_acquire(ring_.cq.ktail);
  if (begin == end) return;
  for (unsigned head = begin; head != end; ++head) {
    deliver(ring_.cq.cqes[head & ring_.cq.ring_mask], completed);
  }
  io_uring_smp_store_release(ring_.cq.khead, end);
  counters_.cqes.add(end - begin);
}

void UringIo::Ring::deliver(const io_uring_cqe& cqe, std::vector<Completed>& completed) {
  const uint64_t tag = cqe.user_data & kTagMask;
  if (tag != kTagCompletion && tag != kTagDirectAccept) return on_internal(cqe);
  IoEvent event;
  event.result = cqe.res;
  if (tag == kTagDirectAccept && cqe.res >= 0) event.result |= kDirectBit;
  event.more = (cqe.flags & IORING_CQE_F_MORE) != 0;
  if ((cqe.flags & IORING_CQE_F_NOTIF) != 0) {
    const bool copied = (static_cast<uint32_t>(cqe.res) & kNotificationCopied) != 0;
    event.released = copied ? Release::copied : Release::uncopied;
    event.result = 0;
  }
  if (!take_buffer(cqe, event)) return;
  auto* completion = reinterpret_cast<Completion*>(static_cast<uintptr_t>(cqe.user_data - tag));
  completed.push_back({completion, std::move(event)});
}

/// Turns the buffer of `cqe`, if it has one, into the event's lease. False: nothing to tell the
/// owner.
bool UringIo::Ring::take_buffer(const io_uring_cqe& cqe, IoEvent& event) {
  if ((cqe.flags & IORING_CQE_F_BUFFER) == 0) {
    if (cqe.res == -ENOBUFS) counters_.recv_buffers_exhausted.add();
    return true;
  }
  const auto id = static_cast<uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
  if (datagram_buffers_.owns(id)) return take_datagram(id, event);
  const std::byte* data = receive_buffers_.take(id);
  RecvLease lease(receive_buffers_, id, {data, static_cast<size_t>(std::max(cqe.res, 0))});
  if (cqe.res > 0) event.lease = std::move(lease);
  return true;
}

bool UringIo::Ring::take_datagram(uint16_t id, IoEvent& event) {
  std::byte* data = datagram_buffers_.take(id);
  if (event.result < 0) {
    datagram_buffers_.give_back(id);
    return true;
  }
  io_uring_recvmsg_out* out = io_uring_recvmsg_validate(data, event.result, &datagram_header_);
  if (out == nullptr || (out->flags & MSG_TRUNC) != 0) {
    counters_.datagrams_truncated.add();
    datagram_buffers_.give_back(id);
    event.result = -ENOBUFS;  // which makes the owner arm again
    return !event.more;
  }
  const auto bytes = io_uring_recvmsg_payload_length(out, event.result, &datagram_header_);
  const auto* payload = static_cast<std::byte*>(io_uring_recvmsg_payload(out, &datagram_header_));
  event.result = static_cast<int32_t>(bytes);
  event.lease = RecvLease(datagram_buffers_, id, {payload, bytes});
  event.from =
      Address::from_sockaddr(static_cast<sockaddr*>(io_uring_recvmsg_name(out)), out->namelen);
  for (cmsghdr* message = io_uring_recvmsg_cmsg_firsthdr(out, &datagram_header_);
       message != nullptr;
       message = io_uring_recvmsg_cmsg_nexthdr(out, &datagram_header_, message)) {
    if (const Address to = local_address_in(*message); to.valid()) event.to = to;
    if (const uint32_t dropped = drop_count_in(*message); dropped > 0) event.dropped = dropped;
  }
  return true;
}

void UringIo::Ring::on_internal(const io_uring_cqe& cqe) {
  switch (cqe.user_data & kTagMask) {
    case kTagWake:
      wake_due_ = true;
      break;
    case kTagRing:  // only failures come here: the peer has to be woken in another way
      ring_doorbell(static_cast<int>(cqe.user_data >> kTagBits));
      break;
    case kTagInstall:
      installed_ = cqe.res;
      break;
    default:
      break;  // being awake is all a doorbell is for; a cancel that found nothing is fine
  }
}

/// A descriptor for a direct socket, to be handed to give_back(), or -errno. When the process has none
/// left, the reserve is used: without one an end could not be made a reset, and what was lent to the
/// kernel would stay with it until TCP gives up.
int UringIo::Ring::install(Socket socket) {
  const int descriptor = try_install(socket);
  if ((descriptor != -EMFILE && descriptor != -ENFILE) || reserve_ < 0) return descriptor;
  ::close(std::exchange(reserve_, -1));
  return try_install(socket);
}

void UringIo::Ring::give_back(int descriptor) {
  if (reserve_ >= 0) {
    ::close(descriptor);
    return;
  }
  // Becomes the new reserve, but must not keep the socket open.
  if (::dup3(wake_descriptor_, descriptor, O_CLOEXEC) == descriptor) {
    reserve_ = descriptor;
  } else {
    ::close(descriptor);
  }
}

/// It is there as soon as it was submitted; what completed meanwhile is kept for wait().
int UringIo::Ring::try_install(Socket socket) {
  constexpr int kPending = INT_MIN;
  installed_ = kPending;
  io_uring_sqe& sqe = next(kTagInstall);
  sqe.opcode = kOpFixedFdInstall;
  aim(sqe, socket);
  while (installed_ == kPending) {
    const bool submitted = queued() > 0 && enter(0, 0, Duration::zero()) > 0;
    // Nothing taken: the kernel wants its completions taken first, or is short of memory.
    if (!submitted) enter(0, IORING_ENTER_GETEVENTS, Duration::zero());
    collect(early_);
  }
  return installed_;
}

void UringIo::Ring::arm_wake() {
  wake_due_ = false;
  io_uring_sqe& sqe = next(kTagWake);
  io_uring_prep_read(&sqe, wake_descriptor_, &wake_sink, sizeof wake_sink, 0);
}

void UringIo::Ring::wake() const {
  ring_doorbell(wake_descriptor_);
}

void UringIo::Ring::wake_peer(const Ring& peer) {
  // A ring that is not enabled yet takes no messages; its eventfd keeps ours.
  if (!peer.bound_.load(std::memory_order_acquire)) return peer.wake();
  const uint64_t user_data = kTagRing | static_cast<uint64_t>(peer.wake_descriptor_) << kTagBits;
  io_uring_sqe& sqe = next(user_data);
  io_uring_prep_msg_ring(&sqe, peer.ring_.ring_fd, 0, kTagDoorbell, 0);
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

UringIo::UringIo() = default;
UringIo::~UringIo() = default;

Result<std::unique_ptr<UringIo>> UringIo::create(const UringOptions& options) {
  std::unique_ptr<UringIo> io(new UringIo());
  io->ring_ = std::make_unique<Ring>(options, io->counters_);
  if (Status status = io->ring_->open(options); !status.ok()) return status;
  return io;
}

void UringIo::accept(Socket listener, Completion& completion) {
  CHECK(!is_direct(listener));
  if (ring_->accepts_direct()) {
    completion.mark_submitted();
    io_uring_sqe& direct = ring_->next(reinterpret_cast<uintptr_t>(&completion) | kTagDirectAccept);
    return io_uring_prep_multishot_accept_direct(&direct, listener.handle, nullptr, nullptr, 0);
  }
  io_uring_sqe& sqe = ring_->next(completion);
  // Blocking sockets: io_uring waits for them without blocking us; on non-blocking ones it would
  // answer -EAGAIN.
  io_uring_prep_multishot_accept(&sqe, listener.handle, nullptr, nullptr, SOCK_CLOEXEC);
}

void UringIo::connect(Socket socket, const Address& peer, Completion& completion) {
  CHECK(!is_direct(socket));
  io_uring_sqe& sqe = ring_->next(completion);
  Address& address = ring_->address_of(sqe);
  address = peer;
  io_uring_prep_connect(&sqe, socket.handle, address.data(), address.size());
}

void UringIo::recv(Socket socket, Completion& completion) {
  io_uring_sqe& sqe = ring_->next(completion);
  io_uring_prep_recv_multishot(&sqe, socket.handle, nullptr, 0, 0);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = kReceiveGroup;
  ring_->aim(sqe, socket);
}

void UringIo::recv_from(Socket socket, Completion& completion) {
  CHECK(!is_direct(socket));
  io_uring_sqe& sqe = ring_->next(completion);
  io_uring_prep_recvmsg_multishot(&sqe, socket.handle, &ring_->datagram_header(), 0);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = kDatagramGroup;
}

void UringIo::send(Socket socket, std::span<const iovec> parts, Completion& completion) {
  CHECK(!parts.empty());
  io_uring_sqe& sqe = ring_->next(completion);
  counters_.sends.add();
  if (parts.size() == 1) {
    io_uring_prep_send(&sqe, socket.handle, parts[0].iov_base, parts[0].iov_len, kSendFlags);
  } else {
    io_uring_prep_sendmsg(&sqe, socket.handle, &ring_->header_of(sqe, parts), kSendFlags);
  }
  ring_->aim(sqe, socket);
}

void UringIo::lend(Socket socket, std::span<const iovec> parts, Completion& completion) {
  CHECK(!parts.empty());
  const bool reports = zero_copy_support() == ZeroCopySupport::reporting;
  io_uring_sqe& sqe = ring_->next(completion);
  counters_.sends.add();
  if (parts.size() == 1) {
    io_uring_prep_send_zc(&sqe, socket.handle, parts[0].iov_base, parts[0].iov_len, kSendFlags, 0);
  } else {
    io_uring_prep_sendmsg_zc(&sqe, socket.handle, &ring_->header_of(sqe, parts), kSendFlags);
  }
  if (reports) sqe.ioprio |= kSendReportUsage;
  ring_->aim(sqe, socket);
}

ZeroCopySupport UringIo::zero_copy_support() {
  if (!zero_copy_support_.has_value()) zero_copy_support_ = probe_zero_copy();
  return *zero_copy_support_;
}

void UringIo::cancel_all(Socket socket) {
  io_uring_sqe& sqe = ring_->next(kTagIgnored);
  const unsigned fixed = is_direct(socket) ? IORING_ASYNC_CANCEL_FD_FIXED : 0U;
  io_uring_prep_cancel_fd(&sqe, socket.handle & ~kDirectBit, IORING_ASYNC_CANCEL_ALL | fixed);
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void UringIo::close(Socket socket) {
  CHECK(socket.valid());
  if (!is_direct(socket)) {
    ::close(socket.handle);
    return;
  }
  io_uring_sqe& sqe = ring_->next(kTagIgnored);
  io_uring_prep_close_direct(&sqe, static_cast<unsigned>(socket.handle & ~kDirectBit));
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void UringIo::cancel(Completion& completion) {
  if (!completion.submitted()) return;
  const auto name = reinterpret_cast<uintptr_t>(&completion);
  for (const uint64_t tag : {kTagCompletion, kTagDirectAccept}) {  // whichever it was
    if (tag == kTagDirectAccept && !ring_->accepts_direct()) break;
    io_uring_sqe& sqe = ring_->next(kTagIgnored);
    io_uring_prep_cancel64(&sqe, name | tag, 0);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
}

int UringIo::install(Socket socket) {
  return ring_->install(socket);
}

void UringIo::give_back(int descriptor) {
  ring_->give_back(descriptor);
}

void UringIo::wake() {
  ring_->wake();
}

void UringIo::wake_peer(Io& peer) {
  if (auto* other = dynamic_cast<UringIo*>(&peer); other != nullptr) {
    ring_->wake_peer(*other->ring_);
  } else {
    peer.wake();
  }
}

void UringIo::wait(Duration timeout, std::vector<Completed>& completed) {
  ring_->wait(timeout, completed);
}

bool UringIo::ready() const {
  return ring_->ready();
}

}  // namespace ringroad::engine
