// scripted_peer.h — the other end of a TCP or UDP conversation, written out by a test.
// Owner:  the test.   Thread: one at a time per object; often one beside the test's (PeerThread).
// Bound:  every step waits kPeerPatience at most; then it answers "no" and the test says so.
// Lives:  destructors close; reset() discards and sends RST instead.
// Why here: peers that misbehave on purpose: pieces of a packet, silence, garbage, early ends.
//         Plain POSIX, nothing of the code under test.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ringroad::support {

inline constexpr auto kPeerPatience = std::chrono::seconds(10);

/// A descriptor that is closed once.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  bool valid() const { return number_ >= 0; }
  int get() const { return number_; }
  void close();

 private:
  int number_;
};

/// The fixed header of a VSOA packet, and what it announces. No checks: tests look at the fields.
struct WirePacket {
  uint8_t magic = 0x29;
  uint8_t type = 0;
  uint8_t flags = 0;  // as on the wire, pad bits included
  uint8_t status = 0;
  uint32_t seqno = 0;
  uint16_t tunnel_id = 0;
  std::string url = {};
  std::string param = {};
  std::string data = {};

  /// Aligned to four with zero pad; the pad bits are set for you.
  std::string bytes() const;
  /// The packet at the front; empty type 0 packet with magic 0 if `bytes` are too few.
  static WirePacket parse(std::string_view bytes);
  /// Bytes of the packet whose 20 header bytes these are.
  static size_t total_bytes(std::string_view header);
};

/// One end of a TCP connection.
class PeerSocket {
 public:
  explicit PeerSocket(Descriptor descriptor);

  bool valid() const { return descriptor_.valid(); }
  /// Exactly `count` bytes; fewer if the other end stopped or time ran out.
  std::string read_exact(size_t count);
  /// One whole packet; magic 0 if none came.
  WirePacket read_packet();
  /// What comes until the other end closes.
  std::string read_to_end();
  /// The other end has closed or reset; what came before is discarded.
  bool wait_closed();
  /// Nothing has come that was not read. Says nothing about what is still under way.
  bool silent() const;
  /// The other end has reset; with or without an orderly end before.
  bool wait_reset() const;

  bool write(std::string_view bytes);
  bool write(const WirePacket& packet) { return write(std::string_view(packet.bytes())); }
  /// Each piece in a segment of its own: the next leaves when the other kernel has the one before.
  bool write_pieces(std::string_view bytes, size_t piece_bytes);
  bool write_separately(const std::vector<std::string>& pieces);

  void shutdown_write();
  void close() { descriptor_.close(); }
  void reset();
  uint16_t local_port() const;
  uint16_t remote_port() const;

 private:
  bool wait_acknowledged();

  Descriptor descriptor_;
};

/// Listens on a free port of 127.0.0.1, which is nobody else's as long as this lives.
class ScriptedPeer {
 public:
  ScriptedPeer();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The next connection; not valid if none came.
  PeerSocket accept();
  /// Later connections are refused. Those accepted stay.
  void stop_listening() { descriptor_.close(); }

 private:
  Descriptor holder_;  // has the port, too, and never listens
  Descriptor descriptor_;
  uint16_t port_ = 0;
};

/// Connects to a server under test.
PeerSocket connect_peer(uint16_t port);

/// A UDP socket on 127.0.0.1.
class UdpPeer {
 public:
  /// 0: any free port.
  explicit UdpPeer(uint16_t port = 0);

  bool valid() const { return descriptor_.valid(); }
  uint16_t port() const { return port_; }
  bool send_to(uint16_t port, std::string_view bytes);
  /// From now on its port is one where nobody listens: the kernel says so to those who send to it.
  void stop_listening();
  void listen_again();
  /// Empty if none came.
  std::string receive();
  /// Where the last one came from.
  uint16_t sender_port() const { return sender_port_; }

 private:
  Descriptor descriptor_;
  uint16_t port_ = 0;
  uint16_t sender_port_ = 0;
};

/// Runs a script beside the test and joins.
class PeerThread {
 public:
  explicit PeerThread(std::function<void()> script) : thread_(std::move(script)) {}
  ~PeerThread() { join(); }
  PeerThread(const PeerThread&) = delete;
  PeerThread& operator=(const PeerThread&) = delete;

  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace ringroad::support
