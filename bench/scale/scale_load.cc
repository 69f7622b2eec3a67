// scale_load.cc — one process of tools/scale.sh: many idle subscribers, or the publisher.
// Usage: scale_load PORT SOURCE_IP CLIENTS    connects from that address and subscribes; says
//        "clients N" on the way, then "ready SECONDS"; "got NS N" (CLOCK_MONOTONIC of the last)
//        when the publish is with all of them; stays until it is killed
//        scale_load PORT SOURCE_IP publish    "published NS", and ends
// Why here: a process may have fewer descriptors than the server under test has clients.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bench/macro/dialect.h"
#include "bench/macro/tcp.h"
#include "proto/packet_reader.h"

namespace ringroad::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kConnectingMax = 64;  // at a time: a listener's backlog is limited
constexpr int kPatienceMs = 60'000;
constexpr size_t kPayloadBytes = 128;
constexpr size_t kProgressStep = 5'000;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "scale_load: {}\n", why);
  std::exit(1);
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

sockaddr_in address_of(const char* ip, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) give_up(fmt::format("not an IP: {}", ip));
  return address;
}

/// A socket that is on its way to 127.0.0.1:port.
Tcp start_connecting(const sockaddr_in& source, uint16_t port, int flags) {
  Tcp socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket.is_open()) give_up(errno_status("socket").message());
  const int on = 1;
  // The port is chosen when the peer is known: each peer has all of them.
  ::setsockopt(socket.fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
    give_up(errno_status("bind").message());
  }
  const sockaddr_in server = address_of("127.0.0.1", port);
  const int result =
      ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&server), sizeof server);
  if (result != 0 && errno != EINPROGRESS) give_up(errno_status("connect").message());
  return socket;
}

/// What it sends next, and how many packets it has had.
struct Subscriber {
  Tcp socket;
  proto::PacketReader reader;
  size_t packets = 0;
  bool greeted = false;
};

class Subscribers {
 public:
  Subscribers(uint16_t port, const char* source, size_t count)
      : port_(port), source_(address_of(source, 0)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    subscribers_.resize(count);
  }

  void connect_all() {
    const auto begin = Clock::now();
    while (ready_ < subscribers_.size()) {
      while (next_ < subscribers_.size() && next_ - ready_ < kConnectingMax) open_one();
      turn(kPatienceMs);
    }
    say(fmt::format("ready {:.3f}", seconds_since(begin)));
  }
  void await_publish() {
    while (got_ < subscribers_.size()) turn(-1);  // idle is what they are here for
    const auto now = Clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    say(fmt::format("got {} {}", now, got_));
  }

 private:
  void open_one() {
    Subscriber& one = subscribers_[next_];
    one.socket = start_connecting(source_, port_, SOCK_NONBLOCK);
    epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = next_}};
    if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, one.socket.fd(), &event) != 0) {
      give_up(errno_status("epoll_ctl").message());
    }
    ++next_;
  }
  void turn(int patience_ms) {
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(epoll_.fd(), events.data(), events.size(), patience_ms);
    if (count < 0 && errno != EINTR) give_up(errno_status("epoll_wait").message());
    if (count == 0) give_up(fmt::format("nothing for 60 s, {} are ready", ready_));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      Subscriber& one = subscribers_[event.data.u64];
      if (!one.greeted && (event.events & EPOLLOUT) != 0) {
        one.greeted = true;
        send(one, 0);
      }
      if ((event.events & EPOLLIN) != 0) receive(one);
    }
  }
  void send(Subscriber& one, size_t step) {
    const std::string& text = dialect_.subscribe.at(step).request;
    if (::send(one.socket.fd(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
      give_up(errno_status("send").message());
    }
  }
  void receive(Subscriber& one) {
    std::array<std::byte, 4'096> buffer;
    while (true) {
      const ssize_t bytes = ::recv(one.socket.fd(), buffer.data(), buffer.size(), 0);
      if (bytes < 0 && errno == EAGAIN) return;
      if (bytes < 0) give_up(errno_status("recv").message());
      if (bytes == 0) give_up("the server has closed a connection");
      one.reader.feed({buffer.data(), static_cast<size_t>(bytes)});
      proto::PacketView packet;
      while (one.reader.next(packet) == proto::PacketReader::Outcome::packet) on_packet(one);
    }
  }
  void on_packet(Subscriber& one) {
    ++one.packets;
    if (one.packets < dialect_.subscribe.size()) {
      send(one, one.packets);
    } else if (one.packets == dialect_.subscribe.size()) {
      if (++ready_ % kProgressStep == 0) say(fmt::format("clients {}", ready_));
    } else {
      ++got_;
    }
  }

  const Dialect dialect_ = make_dialect(Protocol::vsoa, kPayloadBytes);
  const uint16_t port_;
  const sockaddr_in source_;
  Tcp epoll_;
  std::vector<Subscriber> subscribers_;
  size_t next_ = 0;   // so many are connecting or connected
  size_t ready_ = 0;  // so many have subscribed
  size_t got_ = 0;    // publishes that arrived
};

void publish(uint16_t port, const char* source) {
  const Dialect dialect = make_dialect(Protocol::vsoa, kPayloadBytes);
  const Tcp socket = start_connecting(address_of(source, 0), port, 0);
  if (!write_all(socket, dialect.publisher.at(0).request).ok()) give_up("the handshake");
  std::array<char, 512> answer;
  if (::recv(socket.fd(), answer.data(), answer.size(), 0) <= 0) give_up("no handshake");
  const auto now = Clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  if (!write_all(socket, dialect.publish).ok()) give_up("the publish");
  say(fmt::format("published {}", now));
  ::shutdown(socket.fd(), SHUT_WR);
  while (::recv(socket.fd(), answer.data(), answer.size(), 0) > 0) continue;
}

void raise_descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  if (argc != 4) give_up("usage: scale_load PORT SOURCE_IP CLIENTS|publish");
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  if (std::string_view(argv[3]) == "publish") {
    publish(port, argv[2]);
    return 0;
  }
  raise_descriptor_limit();
  Subscribers subscribers(port, argv[2], static_cast<size_t>(std::atoll(argv[3])));
  subscribers.connect_all();
  subscribers.await_publish();
  while (true) ::pause();
}

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  return ringroad::bench::run(argc, argv);
}
