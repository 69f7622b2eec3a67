#include "tests/support/scripted_peer.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace ringroad::support {
namespace {

constexpr size_t kHeaderBytes = 20;
constexpr size_t kReadBytesMax = 65'536;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

bool ready(int descriptor, short events) {
  pollfd item = {.fd = descriptor, .events = events, .revents = 0};
  const auto patience = std::chrono::milliseconds(kPeerPatience).count();
  return ::poll(&item, 1, static_cast<int>(patience)) == 1;
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

uint16_t port_by(NameCall call, int descriptor) {
  sockaddr_in address = {};
  socklen_t length = sizeof(address);
  if (call(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.sin_port);
}

void put(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i > 0; --i) out += static_cast<char>(value >> (8 * (i - 1)));
}

uint64_t get(std::string_view bytes, size_t offset, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

}  // namespace

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::string WirePacket::bytes() const {
  const size_t payload = url.size() + param.size() + data.size();
  const size_t pad = (4 - payload % 4) % 4;
  std::string out;
  put(out, magic, 1);
  put(out, type, 1);
  put(out, flags | (pad << 6), 1);
  put(out, status, 1);
  put(out, seqno, 4);
  put(out, tunnel_id, 2);
  put(out, url.size(), 2);
  put(out, param.size(), 4);
  put(out, data.size(), 4);
  out.append(url).append(param).append(data).append(pad, '\0');
  return out;
}

size_t WirePacket::total_bytes(std::string_view header) {
  return kHeaderBytes + get(header, 10, 2) + get(header, 12, 4) + get(header, 16, 4) +
         (get(header, 2, 1) >> 6);
}

WirePacket WirePacket::parse(std::string_view bytes) {
  WirePacket packet;
  packet.magic = 0;
  if (bytes.size() < kHeaderBytes || bytes.size() < total_bytes(bytes)) return packet;
  packet.magic = static_cast<uint8_t>(get(bytes, 0, 1));
  packet.type = static_cast<uint8_t>(get(bytes, 1, 1));
  packet.flags = static_cast<uint8_t>(get(bytes, 2, 1));
  packet.status = static_cast<uint8_t>(get(bytes, 3, 1));
  packet.seqno = static_cast<uint32_t>(get(bytes, 4, 4));
  packet.tunnel_id = static_cast<uint16_t>(get(bytes, 8, 2));
  const size_t url_bytes = get(bytes, 10, 2);
  const size_t param_bytes = get(bytes, 12, 4);
  packet.url = bytes.substr(kHeaderBytes, url_bytes);
  packet.param = bytes.substr(kHeaderBytes + url_bytes, param_bytes);
  packet.data = bytes.substr(kHeaderBytes + url_bytes + param_bytes, get(bytes, 16, 4));
  return packet;
}

PeerSocket::PeerSocket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {
  const int on = 1;
  if (valid()) ::setsockopt(descriptor_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

std::string PeerSocket::read_exact(size_t count) {
  std::string bytes;
  std::array<char, kReadBytesMax> buffer;
  while (bytes.size() < count && ready(descriptor_.get(), POLLIN)) {
    const size_t wanted = std::min(count - bytes.size(), buffer.size());
    const ssize_t got = ::recv(descriptor_.get(), buffer.data(), wanted, 0);
    if (got <= 0) break;
    bytes.append(buffer.data(), static_cast<size_t>(got));
  }
  return bytes;
}

WirePacket PeerSocket::read_packet() {
  std::string bytes = read_exact(kHeaderBytes);
  if (bytes.size() == kHeaderBytes) {
    bytes += read_exact(WirePacket::total_bytes(bytes) - kHeaderBytes);
  }
  return WirePacket::parse(bytes);
}

std::string PeerSocket::read_to_end() {
  return read_exact(SIZE_MAX);
}

bool PeerSocket::wait_closed() {
  std::array<char, kReadBytesMax> buffer;
  while (ready(descriptor_.get(), POLLIN)) {
    if (::recv(descriptor_.get(), buffer.data(), buffer.size(), 0) <= 0) return true;
  }
  return false;
}

bool PeerSocket::silent() const {
  char byte = 0;
  return ::recv(descriptor_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

bool PeerSocket::wait_reset() const {
  return ready(descriptor_.get(), 0);  // an end alone is no hang-up while our direction is open
}

bool PeerSocket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!ready(descriptor_.get(), POLLOUT)) return false;
    const ssize_t sent =
        ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool PeerSocket::write_pieces(std::string_view bytes, size_t piece_bytes) {
  std::vector<std::string> pieces;
  for (size_t at = 0; at < bytes.size(); at += piece_bytes) {
    pieces.emplace_back(bytes.substr(at, piece_bytes));
  }
  return write_separately(pieces);
}

bool PeerSocket::write_separately(const std::vector<std::string>& pieces) {
  return std::all_of(pieces.begin(), pieces.end(), [this](const std::string& piece) {
    return write(piece) && wait_acknowledged();
  });
}

bool PeerSocket::wait_acknowledged() {
  const auto deadline = std::chrono::steady_clock::now() + kPeerPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    int queued = 0;
    if (::ioctl(descriptor_.get(), SIOCOUTQ, &queued) != 0) return false;
    if (queued == 0) return true;
    pollfd reset = {.fd = descriptor_.get(), .events = 0, .revents = 0};
    if (::poll(&reset, 1, 0) == 1) return false;  // nobody will acknowledge it any more
    std::this_thread::yield();
  }
  return false;
}

void PeerSocket::shutdown_write() {
  ::shutdown(descriptor_.get(), SHUT_WR);
}

void PeerSocket::reset() {
  const linger discard = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_LINGER, &discard, sizeof(discard));
  descriptor_.close();
}

uint16_t PeerSocket::local_port() const {
  return port_by(::getsockname, descriptor_.get());
}

uint16_t PeerSocket::remote_port() const {
  return port_by(::getpeername, descriptor_.get());
}

ScriptedPeer::ScriptedPeer()
    : holder_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;  // two sockets may have a port until one listens
  for (const Descriptor* socket : {&holder_, &descriptor_}) {
    ::setsockopt(socket->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  sockaddr_in address = loopback(0);
  if (::bind(holder_.get(), generic(address), sizeof(address)) != 0) return;
  address = loopback(port_by(::getsockname, holder_.get()));
  if (::bind(descriptor_.get(), generic(address), sizeof(address)) != 0) return;
  if (::listen(descriptor_.get(), 128) != 0) return;
  port_ = ntohs(address.sin_port);
}

PeerSocket ScriptedPeer::accept() {
  if (!ready(descriptor_.get(), POLLIN)) return PeerSocket(Descriptor());
  return PeerSocket(Descriptor(::accept4(descriptor_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
}

PeerSocket connect_peer(uint16_t port) {
  Descriptor descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(descriptor.get(), generic(address), sizeof(address)) != 0) descriptor.close();
  return PeerSocket(std::move(descriptor));
}

UdpPeer::UdpPeer(uint16_t port) : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in address = loopback(port);
  if (::bind(descriptor_.get(), generic(address), sizeof(address)) != 0) descriptor_.close();
  if (valid()) port_ = port_by(::getsockname, descriptor_.get());
}

bool UdpPeer::send_to(uint16_t port, std::string_view bytes) {
  const sockaddr_in address = loopback(port);
  const ssize_t sent =
      ::sendto(descriptor_.get(), bytes.data(), bytes.size(), 0, generic(address), sizeof(address));
  return sent == static_cast<ssize_t>(bytes.size());
}

// A connected socket gets nothing but what its peer sends, here itself.
void UdpPeer::stop_listening() {
  const sockaddr_in itself = loopback(port_);
  if (::connect(descriptor_.get(), generic(itself), sizeof(itself)) != 0) descriptor_.close();
}

void UdpPeer::listen_again() {
  const sockaddr nobody = {.sa_family = AF_UNSPEC, .sa_data = {}};
  if (::connect(descriptor_.get(), &nobody, sizeof(nobody)) != 0) descriptor_.close();
}

std::string UdpPeer::receive() {
  std::string bytes(kReadBytesMax, '\0');
  sockaddr_in from = {};
  socklen_t length = sizeof(from);
  if (!ready(descriptor_.get(), POLLIN)) return {};
  const ssize_t got = ::recvfrom(descriptor_.get(), bytes.data(), bytes.size(), 0,
                                 reinterpret_cast<sockaddr*>(&from), &length);
  bytes.resize(got < 0 ? 0 : static_cast<size_t>(got));
  sender_port_ = ntohs(from.sin_port);
  return bytes;
}

}  // namespace ringroad::support
