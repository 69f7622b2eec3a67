// golden.h — packets recorded between the official implementations (tests/data/golden.json).
// Owner:  the caller.
// Fails:  a file that is missing or damaged ends the test program: nothing here may pass silently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/proto/naive_stream.h"

namespace ringroad::proto {

struct GoldenPacket {
  std::string name = {};
  std::string channel = {};  // "tcp" or "udp"
  std::vector<std::byte> bytes = {};
  OwnedPacket decoded = {};
};

inline std::vector<std::byte> from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::byte> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

inline std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::vector<GoldenPacket> load_golden() {
  std::ifstream file(RINGROAD_SOURCE_DIR "/tests/data/golden.json");
  const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) {
    std::fprintf(stderr, "tests/data/golden.json cannot be read\n");
    std::abort();
  }
  std::vector<GoldenPacket> packets;
  for (const auto& entry : json) {
    const auto& fields = entry.at("decoded");
    packets.push_back(
        {.name = entry.at("name").get<std::string>(),
         .channel = entry.at("channel").get<std::string>(),
         .bytes = from_hex(entry.at("hex").get<std::string>()),
         .decoded = {.type = fields.at("type").get<uint32_t>(),
                     .flags = fields.at("flags").get<uint32_t>(),
                     .status = fields.at("status").get<uint32_t>(),
                     .seqno = fields.at("seqno").get<uint32_t>(),
                     .tunnel_id = fields.at("tunid").get<uint32_t>(),
                     .pad = fields.at("pad").get<uint32_t>(),
                     .url = fields.at("url").get<std::string>(),
                     .param = fields.at("param_raw").get<std::string>(),
                     .data = as_text(from_hex(fields.at("data").get<std::string>()))}});
  }
  return packets;
}

}  // namespace ringroad::proto
