// Property: what the fleet writes is JSON of the promised shape, and the audience reads it back.
// Method: random rows written, parsed by a full JSON library, and scanned.
#include "tools/demo_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace ringroad::tools {
namespace {

TEST(DemoMessage, IsJsonAndScansBack) {
  std::mt19937_64 random(7);
  PositionText text;
  for (int i = 0; i < 1000; ++i) {
    const FleetRow row = {.lat = static_cast<double>(random() % 180'000'000) / 1e6 - 90,
                          .lon = static_cast<double>(random() % 360'000'000) / 1e6 - 180,
                          .kmh = static_cast<double>(random() % 2000) / 10};
    const uint64_t seq = random() >> (random() % 64);
    const std::string_view param = text.write("17", seq, row);
    const nlohmann::json json = nlohmann::json::parse(param);
    EXPECT_EQ(json["vehicle"], 17);
    EXPECT_EQ(json["seq"], seq);
    EXPECT_NEAR(json["lat"].get<double>(), row.lat, 1e-6);
    EXPECT_NEAR(json["lon"].get<double>(), row.lon, 1e-6);
    EXPECT_NEAR(json["kmh"].get<double>(), row.kmh, 0.051);
    EXPECT_EQ(scan_seq(param), seq);
  }
}

TEST(DemoMessage, NamesThatAreNoJsonNumbersAreQuoted) {
  PositionText text;
  const auto vehicle = [&text](std::string_view name) {
    return nlohmann::json::parse(text.write(name, 1, {}))["vehicle"];
  };
  EXPECT_EQ(vehicle("0"), 0);
  EXPECT_EQ(vehicle("007"), "007");
  EXPECT_EQ(vehicle("bus-2"), "bus-2");
  EXPECT_EQ(vehicle("1.5"), "1.5");
  EXPECT_EQ(vehicle(std::string(64, '9')), std::string(64, '9'));  // the longest name fits
}

TEST(DemoMessage, UrlsAndTimesScanBackAndOthersDoNot) {
  EXPECT_EQ(vehicle_of(position_url("bus-2")), "bus-2");
  EXPECT_EQ(vehicle_of("/fleet/pos"), "");
  EXPECT_EQ(vehicle_of("/fleet//pos"), "");
  EXPECT_EQ(vehicle_of("/flee/7/pos"), "");
  EXPECT_EQ(vehicle_of("/fleet/7"), "");
  const auto bytes = time_bytes(0x0123456789abcdef);
  EXPECT_EQ(time_of({bytes.data(), bytes.size()}), 0x0123456789abcdefu);
  EXPECT_EQ(time_of("1234567"), std::nullopt);
  EXPECT_EQ(scan_seq(R"({"seq":})"), std::nullopt);
  EXPECT_EQ(scan_seq(R"({"seq":-1})"), std::nullopt);
  EXPECT_EQ(scan_seq(R"({})"), std::nullopt);
}

}  // namespace
}  // namespace ringroad::tools
