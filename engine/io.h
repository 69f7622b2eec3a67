// io.h — the verbs of the kernel that the engine uses.
// Owner:  one Io per loop.
// Thread: the loop's thread only, except wake().
// Lives:  a Completion that is submitted must not move or die until its last event was run
//         (`more` false); memory handed to send() or lend() stays untouched until that event.
// Fails:  set-up verbs answer a Status; operations answer -errno in IoEvent::result.
// Why here: io_uring (uring_io), a seeded simulator (tests/sim) and later epoll behind one set of
//         words, one suite for all.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/address.h"
#include "engine/zero_copy.h"
#include "ringroad/status.h"

namespace ringroad::engine {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// A socket of one Io. Opaque: a descriptor for io_uring, an index for the simulator.
struct Socket {
  int32_t handle = -1;

  bool valid() const { return handle >= 0; }
  bool operator==(const Socket&) const = default;
};

enum class Transport : uint8_t { tcp, udp };

/// Socket options, set before use. Value 1/0 unless said otherwise.
enum class SocketOption : uint8_t {
  reuse_address,
  reuse_port,
  no_delay,
  v6_only,
  packet_info,     ///< UDP: tell the local address of each datagram
  drop_count,      ///< UDP: tell how many datagrams found the socket full
  reset_on_close,  ///< TCP: close() discards what the peer has not taken and resets (for peers that
                   ///< do not read)
  traffic_class,  ///< value = the TOS byte (0..255) of what it sends, IPv4 and IPv6; its upper three
                  ///< bits are the queueing priority inside this machine, too
  keepalive,  ///< TCP: value = idle seconds until the kernel probes the peer, and between probes;
              ///< three without an answer end the connection. 0 = off. At most 32,767
};

/// A kernel receive buffer on loan. Gives it back when destroyed. Move-only. 64 readable bytes
/// follow the span.
class RecvLease {
 public:
  class Owner {
   public:
    virtual void give_back(uint32_t buffer) = 0;

   protected:
    ~Owner() = default;
  };

  RecvLease() = default;
  RecvLease(Owner& owner, uint32_t buffer, std::span<const std::byte> bytes)
      : owner_(&owner), buffer_(buffer), bytes_(bytes) {}
  RecvLease(RecvLease&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)),
        buffer_(other.buffer_),
        bytes_(std::exchange(other.bytes_, {})) {}
  RecvLease& operator=(RecvLease&& other) noexcept {
    if (this == &other) return *this;
    reset();
    owner_ = std::exchange(other.owner_, nullptr);
    buffer_ = other.buffer_;
    bytes_ = std::exchange(other.bytes_, {});
    return *this;
  }
  ~RecvLease() { reset(); }

  std::span<const std::byte> bytes() const { return bytes_; }
  void reset() {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->give_back(buffer_);
    bytes_ = {};
  }

 private:
  Owner* owner_ = nullptr;
  uint32_t buffer_ = 0;
  std::span<const std::byte> bytes_;
};

/// What came of an operation.
struct IoEvent {
  int32_t result = 0;  ///< >= 0: bytes, or the accepted socket's handle; < 0: -errno
  bool more = false;   ///< The operation is still submitted; further events follow (accept, recv,
                       ///< recv_from, lend).
  RecvLease lease;     ///< recv, recv_from: the bytes. Empty at end of stream and on errors.
  Release released = Release::none;  ///< lend(): not none = the kernel reads the memory no more
  Address from;                      ///< recv_from: the sender
  Address to;  ///< recv_from with packet_info: the local address (its port is not filled in)
  uint32_t dropped = 0;  ///< recv_from with drop_count: datagrams that found the socket full before
                         ///< this one, of all its life; 0 if it was not told
};

/// Where an operation's events go: a member function of its owner, bound at compile time. A member
/// of that owner.
class Completion {
 public:
  /// input: brings bytes that a turn takes only so many of. work: everything else, run in the turn it
  /// is collected in.
  enum class Kind : uint8_t { work, input };

  Completion() = default;
  /// Method is `void Owner::method(IoEvent& event)`.
  template <auto Method, typename Owner>
  static Completion bind(Owner* owner, Kind kind = Kind::work) {
    Completion completion;
    completion.kind_ = kind;
    completion.owner_ = owner;
    completion.invoke_ = [](void* self, IoEvent& event) {
      (static_cast<Owner*>(self)->*Method)(event);
    };
    return completion;
  }
  ~Completion() { CHECK(!submitted_); }

  /// The kernel may still touch what the operation was given.
  bool submitted() const { return submitted_; }
  Kind kind() const { return kind_; }

  // For Io implementations and the loop.
  void mark_submitted() {
    CHECK(invoke_ != nullptr);
    CHECK(!submitted_);
    submitted_ = true;
  }
  void run(IoEvent& event) {
    CHECK(submitted_);
    if (!event.more) submitted_ = false;
    invoke_(owner_, event);
  }

 private:
  void* owner_ = nullptr;
  void (*invoke_)(void*, IoEvent&) = nullptr;
  bool submitted_ = false;
  Kind kind_ = Kind::work;
};

/// A completion and its event, collected by wait() and run later by the loop.
struct Completed {
  Completion* completion;
  IoEvent event;
};

class Io {
 public:
  virtual ~Io() = default;

  // Set-up: synchronous.
  virtual Result<Socket> open(Transport transport, int family) = 0;
  virtual Status set_option(Socket socket, SocketOption option, int value) = 0;
  /// Datagrams of this reuse-port group go to member (big-endian u32 at `offset` of the payload) %
  /// `members`.
  virtual Status steer(Socket socket, uint32_t offset, uint32_t members) = 0;
  virtual Status bind(Socket socket, const Address& address) = 0;
  virtual Status listen(Socket socket, int backlog) = 0;
  /// UDP only: fixes the peer.
  virtual Status connect_datagram(Socket socket, const Address& peer) = 0;
  virtual Result<Address> local_address(Socket socket) = 0;
  virtual Result<Address> peer_address(Socket socket) = 0;
  /// Only what comes and goes by this network interface. Before bind().
  virtual Status bind_to_interface(Socket, std::string_view) {
    return {StatusCode::unsupported, "this Io knows no network interfaces"};
  }

  /// TCP: bytes that the peer has acknowledged, ever; nullopt: not known (now).
  virtual std::optional<uint64_t> acknowledged_bytes(Socket /*socket*/) { return std::nullopt; }

  // Operations: `completion` hears of it. accept, recv and recv_from go on until an event without
  // `more` (then arm again, unless it says end of stream or the socket is broken; -ENOBUFS: arm
  // again).
  virtual void accept(Socket listener, Completion& completion) = 0;
  virtual void connect(Socket socket, const Address& peer, Completion& completion) = 0;
  virtual void recv(Socket socket, Completion& completion) = 0;
  virtual void recv_from(Socket socket, Completion& completion) = 0;
  /// Sends all parts in order; the result may be short. `parts` and what they point at stay valid
  /// until the event.
  virtual void send(Socket socket, std::span<const iovec> parts, Completion& completion) = 0;
  /// send() without a copy, as far as the kernel can. The first event has the result; if it says
  /// `more`, a second one (`released`) follows when the peer has taken the bytes or the connection
  /// is gone, which may be long after: shutdown() does not hasten it, close() after a reset_on_close
  /// does, and that may come before it. An Io without zero copy just sends.
  virtual void lend(Socket socket, std::span<const iovec> parts, Completion& completion) {
    send(socket, parts, completion);
  }
  /// What lend() does here. May cost a system call the first time.
  virtual ZeroCopySupport zero_copy_support() { return ZeroCopySupport::none; }
  /// One datagram, now or never: bytes sent or -errno (-EAGAIN: the socket is full). `from` may be
  /// null.
  virtual int send_to(Socket socket, std::span<const std::byte> bytes, const Address& to,
                      const Address* from) = 0;

  /// Ends both directions: what is submitted on the socket completes soon.
  virtual void shutdown(Socket socket) = 0;
  /// Tells the peer that nothing more will come; receiving goes on.
  virtual void shutdown_send(Socket socket) = 0;
  /// Nothing may be submitted on it any more, but for releases that are still to come.
  virtual void close(Socket socket) = 0;
  /// Asks for an early end; the event still comes (perhaps -ECANCELED). Nothing if not submitted.
  virtual void cancel(Completion& completion) = 0;

  /// Ends a wait() of this Io early. Any thread.
  virtual void wake() = 0;
  /// Ends a wait() of another loop's Io; may be cheaper than its wake(). Takes effect at our next
  /// wait().
  virtual void wake_peer(Io& peer) = 0;
  /// Submits what is queued, waits until something completed or `timeout` has passed (zero: does
  /// not wait), and appends what completed. Runs no completion.
  virtual void wait(Duration timeout, std::vector<Completed>& completed) = 0;
  /// A wait() of zero would probably find something. Costs no system call.
  virtual bool ready() const = 0;
  virtual TimePoint now() = 0;
};

}  // namespace ringroad::engine
