// Question: what do encoding, reading and the protocol's own JSON cost per packet?
// Method:   PUBLISH packets with the URL of a vehicle and 0 to 16,384 bytes of data; a stream of
//           them is fed whole, in the pieces a receive buffer holds, and with each packet cut.
#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "bench/micro/fleet_urls.h"
#include "bench/micro/per.h"
#include "proto/json.h"
#include "proto/packet_reader.h"

namespace ringroad::bench {
namespace {

constexpr std::string_view kUrl = "/fleet/north/KAB3DE/pos";
constexpr size_t kStreamBytes = 262'144;

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int bytes : {0, 128, 1'024, 16'384}) benchmark->Arg(bytes);
}

proto::PacketSpec publish_of(std::string_view data) {
  return {.type = proto::PacketType::publish, .url = kUrl, .data = data};
}

void report(benchmark::State& state, size_t packets, size_t bytes) {
  per(state, "per_packet", packets);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

void bm_encode(benchmark::State& state) {
  const std::string data(static_cast<size_t>(state.range(0)), 'd');
  proto::PacketSpec spec = publish_of(data);
  std::vector<std::byte> out(proto::packet_bytes(spec));
  for (auto _ : state) {
    ++spec.seqno;
    benchmark::DoNotOptimize(spec);
    benchmark::DoNotOptimize(proto::encode(spec, out));
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, 1, out.size());
}
BENCHMARK(bm_encode)->Apply(sizes);

/// A stream of equal packets, and how much of it a feed brings.
struct Stream {
  std::vector<std::byte> bytes;
  size_t packets = 0;
  size_t packet_bytes = 0;
};

Stream stream_of(size_t data_bytes) {
  Stream stream;
  const std::string data(data_bytes, 'd');
  stream.packet_bytes = proto::packet_bytes(publish_of(data));
  while (stream.bytes.size() < kStreamBytes || stream.packets < 64) {
    append(stream.bytes, publish_of(data));
    ++stream.packets;
  }
  return stream;
}

/// Reads all packets of what was fed; returns how many, and lets the compiler drop none.
size_t read_all(proto::PacketReader& reader, std::span<const std::byte> bytes) {
  reader.feed(bytes);
  size_t packets = 0;
  proto::PacketView packet;
  while (reader.next(packet) == proto::PacketReader::Outcome::packet) {
    benchmark::DoNotOptimize(packet);
    ++packets;
  }
  return packets;
}

void decode(benchmark::State& state, const Stream& stream, size_t first, size_t piece) {
  proto::PacketReader reader;
  size_t packets = 0;
  for (auto _ : state) {
    std::span<const std::byte> rest(stream.bytes);
    packets += read_all(reader, rest.first(first));
    for (rest = rest.subspan(first); !rest.empty();) {
      const size_t bytes = std::min(piece, rest.size());
      packets += read_all(reader, rest.first(bytes));
      rest = rest.subspan(bytes);
    }
  }
  CHECK(packets == stream.packets * static_cast<size_t>(state.iterations()));
  report(state, stream.packets, stream.bytes.size());
}

void bm_decode_whole(benchmark::State& state) {
  const Stream stream = stream_of(static_cast<size_t>(state.range(0)));
  decode(state, stream, stream.bytes.size(), stream.bytes.size());
}
BENCHMARK(bm_decode_whole)->Apply(sizes);

// As the kernel gives them: a receive buffer ends where it ends.
void bm_decode_buffers(benchmark::State& state) {
  const Stream stream = stream_of(static_cast<size_t>(state.range(0)));
  decode(state, stream, base::kReceiveBufferBytes, base::kReceiveBufferBytes);
}
BENCHMARK(bm_decode_buffers)->Apply(sizes);

// The worst there is: every packet comes in two halves, so that each is copied aside.
void bm_decode_split(benchmark::State& state) {
  const Stream stream = stream_of(static_cast<size_t>(state.range(0)));
  decode(state, stream, stream.packet_bytes / 2, stream.packet_bytes);
}
BENCHMARK(bm_decode_split)->Apply(sizes);

void bm_json_login(benchmark::State& state) {
  const std::string login = R"({"passwd":"123456","pingInterval":10000,"pingTimeout":5000})";
  for (auto _ : state) {
    const auto password = proto::json_string_field(login, "passwd");
    CHECK(password.has_value());
    benchmark::DoNotOptimize(password->data());
  }
  report(state, 1, login.size());
}
BENCHMARK(bm_json_login);

// The param of a SUBSCRIBE to a list.
void bm_json_url_list(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  std::string list = "[";
  for (const std::string& url : vehicle_urls(count, 1)) list += '"' + url + "\",";
  list.back() = ']';
  for (auto _ : state) {
    std::vector<std::string> urls;
    size_t bad = 0;
    CHECK(proto::json_string_list(list, urls, bad));
    CHECK(urls.size() == count);
    benchmark::DoNotOptimize(urls.data());
  }
  per(state, "per_url", count);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(list.size()));
}
BENCHMARK(bm_json_url_list)->Arg(1)->Arg(100);

}  // namespace
}  // namespace ringroad::bench
