#include "bench/macro/yardstick.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bench/macro/yardstick_words.h"

namespace ringroad::bench {

Result<Audience> gather_audience(const Tcp& listener) {
  Audience audience;
  while (!audience.publisher.is_open()) {
    Tcp socket(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) return errno_status("accept");
    if (Status status = set_no_delay(socket); !status.ok()) return status;
    const Result<std::string> part = read_exactly(socket, 1);
    if (!part.ok()) return part.status();
    const Status answered = write_all(socket, std::string_view(&kYardstickAnswer, 1));
    if (!answered.ok()) return answered;
    if (Status status = set_nonblocking(socket); !status.ok()) return status;
    if ((*part)[0] == kYardstickPublisher) {
      audience.publisher = std::move(socket);
    } else {
      audience.subscribers.push_back(std::move(socket));
    }
  }
  return audience;
}

namespace {

Status serve(std::string_view kind, size_t frame_bytes) {
  Result<Tcp> listener = listen_on_loopback();
  if (!listener.ok()) return listener.status();
  const Result<uint16_t> port = port_of(*listener);
  if (!port.ok()) return port.status();
  fmt::print("serving {} at 127.0.0.1:{}\n", kind, *port);
  std::fflush(stdout);
  if (kind == "echo") return run_echo(*listener);
  Result<Audience> audience = gather_audience(*listener);
  if (!audience.ok()) return audience.status();
  if (kind == "limit-k1") return run_limit_k1(*audience, frame_bytes);
  if (kind == "relay-k1") return run_relay_k1(*audience, frame_bytes);
  return run_relay_limit(*audience);
}

}  // namespace
}  // namespace ringroad::bench

int main(int argc, char** argv) {
  const std::string_view kind = argc == 3 ? argv[1] : "";
  const size_t frame_bytes = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  constexpr std::array<std::string_view, 4> kKinds = {"limit-k1", "relay-limit", "relay-k1",
                                                      "echo"};
  const bool known = std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
  if (!known || frame_bytes == 0) {
    fmt::print(stderr, "usage: yardstick {} FRAME_BYTES\n", fmt::join(kKinds, "|"));
    return 2;
  }
  const ringroad::Status status = ringroad::bench::serve(kind, frame_bytes);
  if (status.ok()) return 0;
  fmt::print(stderr, "yardstick: {}\n", status.message());
  return 1;
}
