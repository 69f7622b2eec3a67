// zmq_forwarder.cc — what stands between publishers and subscribers of ZeroMQ: XSUB to XPUB.
//
// zmq_proxy() with one addition: whoever subscribes to kZmqMark gets it, so that a load knows when
// its subscriptions count; ZMTP 3.0 has no answer to them. Like zmq_proxy() it forwards bursts.
#include <fmt/format.h>
#include <zmq.h>

#include <cstdio>
#include <string_view>

#include "base/check.h"
#include "bench/macro/yardstick_words.h"

#ifdef __SANITIZE_THREAD__
// libzmq is Debian's, without instrumentation: its own locks are not seen, its system calls are.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libzmq.so\n";
}
#endif

namespace ringroad::bench {
namespace {

constexpr int kBurst = 1000;

/// Nothing is dropped, whatever waits. True: it has this port.
bool bind_unthrottled(void* socket, int port) {
  const int unlimited = 0;
  const int backlog = 4096;
  CHECK(zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited) == 0);
  CHECK(zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited) == 0);
  CHECK(zmq_setsockopt(socket, ZMQ_BACKLOG, &backlog, sizeof backlog) == 0);
  return zmq_bind(socket, fmt::format("tcp://127.0.0.1:{}", port).c_str()) == 0;
}

/// True: a message, or a part of one, has gone on.
bool forward_part(void* from, void* to, bool& more) {
  zmq_msg_t part;
  zmq_msg_init(&part);
  if (zmq_msg_recv(&part, from, ZMQ_DONTWAIT) < 0) return false;
  more = zmq_msg_more(&part) != 0;
  CHECK(zmq_msg_send(&part, to, more ? ZMQ_SNDMORE : 0) >= 0);
  return true;
}

void forward(void* from, void* to) {
  bool more = false;
  for (int i = 0; (i < kBurst || more) && forward_part(from, to, more); ++i) continue;
}

void take_subscription(void* subscribers, void* publishers) {
  char text[4096];
  const int bytes = zmq_recv(subscribers, text, sizeof text, 0);
  CHECK(bytes > 0 && bytes <= static_cast<int>(sizeof text));
  const std::string_view words(text, static_cast<size_t>(bytes));
  if (words.substr(1) != kZmqMark) {
    zmq_send(publishers, text, words.size(), 0);
  } else if (words[0] == 1) {
    zmq_send(subscribers, words.data() + 1, words.size() - 1, 0);
  }
}

int serve() {
  void* context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 1'000'000);
  void* subscribers = zmq_socket(context, ZMQ_XPUB);
  void* publishers = zmq_socket(context, ZMQ_XSUB);
  const int every_subscription = 1;
  zmq_setsockopt(subscribers, ZMQ_XPUB_VERBOSE, &every_subscription, sizeof every_subscription);
  int port = 20'000;  // two neighbours that nobody has
  while (!bind_unthrottled(subscribers, port) || !bind_unthrottled(publishers, port + 1)) {
    CHECK(port < 60'000);
    port += 2;
  }
  fmt::print("serving zmq at 127.0.0.1:{}\n", port);
  std::fflush(stdout);
  zmq_pollitem_t items[] = {{publishers, 0, ZMQ_POLLIN, 0}, {subscribers, 0, ZMQ_POLLIN, 0}};
  while (zmq_poll(items, 2, -1) >= 0) {
    if ((items[1].revents & ZMQ_POLLIN) != 0) take_subscription(subscribers, publishers);
    if ((items[0].revents & ZMQ_POLLIN) != 0) forward(publishers, subscribers);
  }
  return 1;
}

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** /*argv*/) {
  if (argc == 1) return ringroad::bench::serve();
  int major = 0, minor = 0, patch = 0;
  zmq_version(&major, &minor, &patch);
  fmt::print("libzmq {}.{}.{}\n", major, minor, patch);
  return 0;
}
