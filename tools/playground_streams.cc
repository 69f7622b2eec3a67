#include "tools/playground_streams.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr size_t kPieceBytes = 65'536;

/// A client that has left by now needs no answer.
void answer(Call& call, const ReplyContent& content) {
  [[maybe_unused]] const Status replied = call.reply(content);
}

void refuse(Call& call, const Status& cause) {
  const std::string error = fmt::format(R"({{"error":{}}})", json_string(cause.message()));
  answer(call, {.status = ReplyStatus::no_memory, .param = error});
}

/// What there is room for; closes behind the last byte.
void send_more(Stream stream, size_t& sent) {
  while (sent < kPlaygroundStreamBytes) {
    const std::string piece =
        playground_bytes(sent, std::min(kPieceBytes, kPlaygroundStreamBytes - sent));
    const Result<size_t> taken = stream.send(piece);
    if (!taken.ok()) return;  // it has ended
    sent += *taken;
    if (*taken < piece.size()) return;  // on_writable goes on
  }
  stream.close();
}

}  // namespace

std::string playground_bytes(size_t begin, size_t count) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    const size_t at = begin + i;
    bytes[i] = static_cast<char>((at * 7 + (at >> 8)) & 0xff);
  }
  return bytes;
}

uint32_t crc32_of(uint32_t before, std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<uint32_t>(::crc32_z(before, data, bytes.size()));
}

void PlaygroundStreams::get_data(Call& call) {
  const auto sent = std::make_shared<size_t>(0);
  StreamOptions options;
  options.on_link = [sent](Stream stream, bool connected) {
    if (connected) send_more(std::move(stream), *sent);
  };
  options.on_writable = [sent](Stream stream) { send_more(std::move(stream), *sent); };
  const Result<Stream> stream = call.create_stream(std::move(options));
  if (!stream.ok()) return refuse(call, stream.status());
  const std::string param = fmt::format(R"({{"size":{}}})", kPlaygroundStreamBytes);
  answer(call, {.param = param, .tunnel_id = stream->tunnel_id()});
}

void PlaygroundStreams::put_data(Call& call) {
  const auto put = std::make_shared<Put>();
  StreamOptions options;
  options.on_data = [put](Stream, std::string_view bytes) {
    put->size += bytes.size();
    put->crc = crc32_of(put->crc, bytes);
  };
  options.on_link = [this, put, linked = false](Stream, bool connected) mutable {
    if (!connected && linked) {
      any_put_ = true;
      last_put_ = *put;
    }
    linked = connected;
  };
  const Result<Stream> stream = call.create_stream(std::move(options));
  if (!stream.ok()) return refuse(call, stream.status());
  answer(call, {.tunnel_id = stream->tunnel_id()});
}

void PlaygroundStreams::put_result(Call& call) {
  if (!any_put_) return answer(call, {.param = R"({"size":-1})"});
  const std::string param =
      fmt::format(R"({{"size":{},"crc32":{}}})", last_put_.size, last_put_.crc);
  answer(call, {.param = param});
}

}  // namespace ringroad::tools
