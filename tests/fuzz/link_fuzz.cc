// link_fuzz.cc — whatever a server sends, the client's protocol state ends no call twice and
// reports nothing out of order.
// Input:  first byte: how to cut the rest; with bit 7 the rest is a datagram behind a handshake.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "tests/client/link_recorder.h"

namespace {

constexpr std::string_view kWelcome("\x29\x00\x01\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\x07",
                                    24);
constexpr size_t kCalls = 4;

void check(const ringroad::client::LinkRecorder& recorder) {
  CHECK(recorder.handshakes.size() <= 1);
  CHECK(!recorder.link.ready() || recorder.handshakes.size() == 1);
  CHECK(recorder.handshakes.size() == 1 || recorder.events.empty());
  size_t replies = 0;
  for (const std::string& event : recorder.events) replies += event.starts_with("reply") ? 1 : 0;
  CHECK(replies + recorder.calls.size() == kCalls);
}

void feed_in_pieces(ringroad::client::LinkRecorder& recorder, std::string_view bytes,
                    size_t piece_bytes) {
  while (!bytes.empty()) {
    const std::string piece(bytes.substr(0, piece_bytes));
    const bool ok = recorder.feed(piece).ok();
    check(recorder);
    if (!ok) return;
    bytes.remove_prefix(piece.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ringroad::client::LinkRecorder recorder;
  for (size_t i = 0; i < kCalls; ++i) {
    (void)recorder.call(i % 2 == 0 ? ringroad::proto::PacketType::rpc
                                   : ringroad::proto::PacketType::pingecho);
  }
  if ((data[0] & 0x80) != 0) {
    CHECK(recorder.feed(kWelcome).ok());
    recorder.feed_datagram(bytes);
    check(recorder);
  } else {
    feed_in_pieces(recorder, bytes, 1 + (data[0] & 0x7f));
  }
  return 0;
}
