#include "tests/conform/meddler.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace ringroad::conform {
namespace {

using support::Descriptor;

constexpr size_t kHeaderBytes = 20;
constexpr uint8_t kPadBits = 0xc0;
constexpr uint8_t kTunnelFlag = 0x02;
constexpr int kBindTries = 50;
constexpr int kBacklog = 128;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool bind_to(const Descriptor& socket, uint16_t port) {
  const sockaddr_in address = loopback(port);
  return bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

uint16_t port_of(const Descriptor& socket) {
  sockaddr_in address = {};
  socklen_t bytes = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &bytes);
  return ntohs(address.sin_port);
}

Descriptor open_socket(int type) {
  return Descriptor(socket(AF_INET, type | SOCK_CLOEXEC, 0));
}

Descriptor connect_to(uint16_t port, int type) {
  Descriptor socket = open_socket(type);
  const sockaddr_in address = loopback(port);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (connect(socket.get(), generic, sizeof address) != 0) socket.close();
  return socket;
}

void send_promptly(const Descriptor& socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void write_all(const Descriptor& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the other direction will see that it has ended
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

/// The packet at the front, taken away; magic 0 while it is not whole.
WirePacket take_packet(std::string& bytes) {
  if (bytes.size() < kHeaderBytes) return {.magic = 0};
  const size_t total = WirePacket::total_bytes(bytes);
  if (bytes.size() < total) return {.magic = 0};
  WirePacket packet = WirePacket::parse(bytes);
  packet.flags = static_cast<uint8_t>(packet.flags & ~kPadBits);
  bytes.erase(0, total);
  return packet;
}

std::vector<std::string> urls_of(const WirePacket& packet) {
  if (!packet.url.empty()) return {packet.url};
  std::vector<std::string> urls;  // a list as our client writes it: no escapes in these URLs
  for (size_t at = packet.param.find('"'); at != std::string::npos;) {
    const size_t end = packet.param.find('"', at + 1);
    if (end == std::string::npos) break;
    urls.push_back(packet.param.substr(at + 1, end - at - 1));
    at = packet.param.find('"', end + 1);
  }
  return urls;
}

}  // namespace

Meddler::Meddler(uint16_t server_port, std::string password, const Fault* fault)
    : server_port_(server_port), memory_{.password = std::move(password)}, fault_(fault) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) == 0) {
    stop_read_ = Descriptor(ends[0]);
    stop_write_ = Descriptor(ends[1]);
  }
  open_listeners();
}

/// TCP and UDP on one port, as a VSOA server has them.
void Meddler::open_listeners() {
  for (int i = 0; i < kBindTries; ++i) {
    Descriptor tcp = open_socket(SOCK_STREAM);
    Descriptor udp = open_socket(SOCK_DGRAM);
    if (!bind_to(tcp, 0) || !bind_to(udp, port_of(tcp))) continue;
    if (listen(tcp.get(), kBacklog) != 0) continue;
    port_ = port_of(tcp);
    listener_ = std::move(tcp);
    udp_ = std::move(udp);
    return;
  }
}

void Meddler::stop() {
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = write(stop_write_.get(), &byte, 1);
}

std::vector<pollfd> Meddler::watched() const {
  std::vector<pollfd> entries;
  const auto watch = [&entries](const Descriptor& descriptor) {
    entries.push_back({.fd = descriptor.get(), .events = POLLIN, .revents = 0});
  };
  watch(stop_read_);
  watch(listener_);
  watch(udp_);
  for (const Link& link : links_) {
    watch(link.client);
    watch(link.server);
    watch(link.server_udp);
  }
  return entries;
}

void Meddler::run() {
  while (true) {
    std::vector<pollfd> events = watched();
    if (poll(events.data(), events.size(), -1) < 0) continue;
    if (events[0].revents != 0) return;
    serve(events);
    links_.remove_if([](const Link& link) { return link.ended; });
  }
}

void Meddler::serve(const std::vector<pollfd>& events) {
  size_t at = 3;
  for (Link& link : links_) {
    if (events[at].revents != 0) read_stream(link, Direction::to_server);
    if (events[at + 1].revents != 0) read_stream(link, Direction::to_client);
    if (events[at + 2].revents != 0) read_server_datagram(link);
    at += 3;
  }
  if (events[2].revents != 0) read_client_datagram();
  if (events[1].revents != 0) accept_client();  // last: the entries above are of the old links
}

void Meddler::accept_client() {
  Link link;
  link.client = Descriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  link.server = connect_to(server_port_, SOCK_STREAM);
  link.server_udp = connect_to(server_port_, SOCK_DGRAM);
  if (!link.client.valid() || !link.server.valid() || !link.server_udp.valid()) return;
  send_promptly(link.client);
  send_promptly(link.server);
  link.memory.ordinal = connections_++;
  links_.push_back(std::move(link));
}

void Meddler::read_stream(Link& link, Direction direction) {
  if (link.ended) return;
  const bool in = direction == Direction::to_server;
  char bytes[65'536];
  const ssize_t got = recv((in ? link.client : link.server).get(), bytes, sizeof bytes, 0);
  if (got <= 0) {
    link.ended = true;
    return;
  }
  std::string& stream = in ? link.from_client : link.from_server;
  stream.append(bytes, static_cast<size_t>(got));
  for (WirePacket packet = take_packet(stream); packet.magic != 0; packet = take_packet(stream)) {
    if (link.ended) return;
    pass(link, direction, std::move(packet), false);
  }
}

void Meddler::read_client_datagram() {
  char bytes[65'536];
  sockaddr_in from = {};
  socklen_t from_bytes = sizeof from;
  const ssize_t got =
      recvfrom(udp_.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &from_bytes);
  std::string datagram(bytes, got > 0 ? static_cast<size_t>(got) : 0);
  WirePacket packet = take_packet(datagram);
  if (packet.magic == 0) return;
  for (Link& link : links_) {
    if (link.ended || link.client_udp_port != ntohs(from.sin_port)) continue;
    return pass(link, Direction::to_server, std::move(packet), true);
  }
}

void Meddler::read_server_datagram(Link& link) {
  char bytes[65'536];
  const ssize_t got = recv(link.server_udp.get(), bytes, sizeof bytes, 0);
  std::string datagram(bytes, got > 0 ? static_cast<size_t>(got) : 0);
  WirePacket packet = take_packet(datagram);
  if (packet.magic != 0) pass(link, Direction::to_client, std::move(packet), true);
}

void Meddler::pass(Link& link, Direction direction, WirePacket packet, bool quick) {
  Passing passing{.direction = direction,
                  .quick = quick,
                  .packet = std::move(packet),
                  .memory = link.memory,
                  .server = memory_};
  WirePacket request;
  note(link, passing);
  const auto asked = link.memory.requests.find(passing.packet.seqno);
  const bool is_reply = direction == Direction::to_client && (passing.packet.flags & kReply) != 0;
  if (is_reply && asked != link.memory.requests.end()) {
    request = asked->second;
    passing.request = &request;
    link.memory.requests.erase(asked);
  }
  if (fault_ != nullptr) fault_->apply(passing);
  if (passing.close_first) {
    for (Link& other : links_) other.ended = other.ended || other.memory.ordinal == 0;
  }
  if (passing.fate == Fate::close) {
    link.ended = true;
    return;
  }
  if (passing.fate == Fate::forward) send(link, direction, passing.packet, passing.quick);
  for (const WirePacket& more : passing.more_to_client) {
    send(link, Direction::to_client, more, false);
  }
  for (const WirePacket& more : passing.more_to_server) {
    send(link, Direction::to_server, more, false);
  }
}

/// What the client asks for, as it asks for it; and its quick port becomes ours.
void Meddler::note(Link& link, const Passing& passing) {
  if (passing.direction != Direction::to_server || passing.quick) return;
  const WirePacket& packet = passing.packet;
  link.memory.requests[packet.seqno] = packet;
  if (packet.type == kSubscribe) {
    for (const std::string& url : urls_of(packet)) link.memory.subscriptions.insert(url);
  }
}

void Meddler::announce_own_port(Link& link, WirePacket& packet) {
  if ((packet.flags & kTunnelFlag) == 0) return;
  link.client_udp_port = packet.tunnel_id;
  packet.tunnel_id = port_of(link.server_udp);
}

void Meddler::send(Link& link, Direction direction, const WirePacket& packet, bool quick) {
  if (direction == Direction::to_server) {
    WirePacket changed = packet;
    if (changed.type == kServinfo) announce_own_port(link, changed);
    return write_all(quick ? link.server_udp : link.server, changed.bytes());
  }
  if (!quick) return write_all(link.client, packet.bytes());
  if (link.client_udp_port == 0) return;
  const sockaddr_in to = loopback(link.client_udp_port);
  const std::string bytes = packet.bytes();
  sendto(udp_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to),
         sizeof to);
}

}  // namespace ringroad::conform
