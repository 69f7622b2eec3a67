// Property: a trace yields the rows of its window in file order, and every malformed one is named
//         by line.
// Method: small files, plain and gzip, whole and damaged, against rows parsed by hand.
#include "tools/fleet_trace.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tools/fleet_recorder.h"

namespace ringroad::tools {
namespace {

class TraceFile {
 public:
  explicit TraceFile(const std::string& bytes, const std::string& suffix = ".csv")
      : path_(testing::TempDir() + "ringroad_trace_" + std::to_string(std::random_device()()) +
              suffix) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TraceFile() { std::filesystem::remove(path_); }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::string gzip(const std::string& text) {
  const TraceFile file("", ".gz");
  const gzFile out = gzopen(file.path().c_str(), "wb");
  gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  gzclose(out);
  std::ifstream in(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

const std::string kHeader = std::string(kTraceHeader) + "\n";
const std::string kRows =
    "10,7,48.1,11.5,0\n"
    "10.5,bus-2,48.2,-11.6,50.25\n"
    "12,7,48.3,11.7,3\n"
    "20,9,48.4,11.8,4\n";

std::vector<FleetRow> rows_of(TraceFleet fleet) {
  std::vector<FleetRow> rows;
  while (const auto row = fleet.next()) rows.push_back(*row);
  return rows;
}

std::string error_of(const std::string& bytes, const TraceWindow& window = {.seconds = 1000}) {
  const TraceFile file(bytes);
  const auto fleet = TraceFleet::load(file.path(), window);
  if (fleet.ok()) return "ok";
  EXPECT_EQ(fleet.status().code(), StatusCode::invalid_argument);
  const std::string& text = fleet.status().message();
  EXPECT_EQ(text.find(file.path()), 0u) << text;
  return text.substr(file.path().size());
}

void expect_error(const std::string& bytes, const std::string& part) {
  const std::string text = error_of(bytes);
  EXPECT_NE(text.find(part), text.npos) << text;
}

TEST(TraceFleet, ReadsPlainAndGzipAlike) {
  for (const std::string& bytes : {kHeader + kRows, gzip(kHeader + kRows)}) {
    const TraceFile file(bytes);
    const auto fleet = TraceFleet::load(file.path(), {.seconds = 1000});
    ASSERT_TRUE(fleet.ok()) << fleet.status().message();
    EXPECT_EQ(fleet->names(), (std::vector<std::string>{"7", "bus-2", "9"}));
    EXPECT_EQ(fleet->start_s(), 10.0);
    const auto rows = rows_of(*fleet);
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[1].time_s, 10.5);
    EXPECT_EQ(rows[1].vehicle, 1u);
    EXPECT_EQ(rows[1].lat, 48.2);
    EXPECT_EQ(rows[1].lon, -11.6);
    EXPECT_EQ(rows[1].kmh, 50.25);
    EXPECT_EQ(rows[2].vehicle, 0u);
  }
}

TEST(TraceFleet, AcceptsCarriageReturnsAndAMissingLastNewline) {
  EXPECT_EQ(error_of(std::string(kTraceHeader) + "\r\n1,1,1,1,1\r\n2,1,1,1,1"), "ok");
}

TEST(TraceFleet, TheWindowIsHalfOpenAndStartsWhereAsked) {
  const TraceFile file(kHeader + kRows);
  const auto count = [&file](const TraceWindow& window) {
    const auto fleet = TraceFleet::load(file.path(), window);
    return fleet.ok() ? rows_of(*fleet).size() : 0;
  };
  EXPECT_EQ(count({.seconds = 2}), 2u);
  EXPECT_EQ(count({.seconds = 2.001}), 3u);
  EXPECT_EQ(count({.from_s = 10.5, .seconds = 9.5}), 2u);
  EXPECT_EQ(count({.from_s = 10.5, .seconds = 9.6}), 3u);
  EXPECT_EQ(count({.from_s = 0, .seconds = 10.1}), 1u);
}

TEST(TraceFleet, NamesOnlyTheVehiclesOfTheWindow) {
  const TraceFile file(kHeader + kRows);
  const auto fleet = TraceFleet::load(file.path(), {.from_s = 12, .seconds = 100});
  ASSERT_TRUE(fleet.ok());
  EXPECT_EQ(fleet->names(), (std::vector<std::string>{"7", "9"}));
}

TEST(TraceFleet, NamesTheLineOfWhatIsMalformed) {
  expect_error(kHeader + kRows + "21,9,48.4,11.8\n", ": line 6: 4 columns");
  expect_error(kHeader + kRows + "21,9,48.4,11.8,1,2\n", ": line 6: 6 columns");
  expect_error(kHeader + "\n" + kRows, ": line 2: 1 columns");
  expect_error(kHeader + "x,1,1,1,1\n", ": line 2: time_s is 'x'");
  expect_error(kHeader + "1s,1,1,1,1\n", ": line 2: time_s is '1s'");
  expect_error(kHeader + "nan,1,1,1,1\n", ": line 2: time_s");
  expect_error(kHeader + "1,1,inf,1,1\n", ": line 2: lat");
  expect_error(kHeader + "1,1,90.5,1,1\n", ": line 2: lat");
  expect_error(kHeader + "1,1,1,181,1\n", ": line 2: lon");
  expect_error(kHeader + "1,1,1,1,-1\n", ": line 2: speed_kmh");
  expect_error(kHeader + "1,,1,1,1\n", ": line 2: vehicle");
  expect_error(kHeader + "1,a/b,1,1,1\n", ": line 2: vehicle");
  expect_error(kHeader + "1,a\"b,1,1,1\n", ": line 2: vehicle");
  expect_error(kHeader + "5,1,1,1,1\n4,1,1,1,1\n", ": line 3: time_s 4 is before");
  expect_error(kHeader + "1,1,1,1," + std::string(5000, '1') + "\n", ": line 2: is longer");
}

TEST(TraceFleet, ChecksAlsoWhatIsOutsideTheWindow) {
  const std::string text = error_of(kHeader + kRows + "broken\n", {.seconds = 1});
  EXPECT_NE(text.find("line 6"), text.npos) << text;
}

TEST(TraceFleet, SaysWhatIsMissing) {
  expect_error("", "no rows");
  expect_error(kHeader, "no rows");
  expect_error(kRows, ": line 1: '10,7,48.1,11.5,0' is not the header");
  const std::string text = error_of(kHeader + kRows, {.from_s = 500, .seconds = 1});
  EXPECT_NE(text.find("the file covers 10 to 20"), text.npos) << text;
  const auto absent = TraceFleet::load("/nowhere/fleet.csv", {.seconds = 1});
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.status().message().find("No such file"), std::string::npos);
}

TEST(TraceFleet, NamesTheLineWhereGzipDataIsCutOrDamaged) {
  std::string rows = kHeader;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    rows += std::to_string(i) + "," + std::to_string(random() % 100) + ",1," +
            std::to_string(random() % 100) + ",1\n";
  }
  const std::string whole = gzip(rows);
  for (size_t cut = 1; cut < whole.size() - 20; cut += whole.size() / 7) {
    SCOPED_TRACE(cut);
    expect_error(whole.substr(0, whole.size() - cut), "line ");
  }
  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 0x55);  // its CRC
  expect_error(damaged, "damaged");
}

TEST(FleetRecorder, WritesWhatTraceFleetReads) {
  for (const std::string suffix : {".csv", ".csv.gz"}) {
    const TraceFile file("", suffix);
    FleetRecorder recorder;
    ASSERT_TRUE(recorder.open(file.path()).ok());
    recorder.write({.time_s = 1.2345, .lat = 48.1234567, .lon = -11.5, .kmh = 12.34}, "bus-2");
    recorder.write({.time_s = 2.0, .lat = 1, .lon = 2, .kmh = 3}, "7");
    ASSERT_TRUE(recorder.close().ok());
    const auto fleet = TraceFleet::load(file.path(), {.seconds = 100});
    ASSERT_TRUE(fleet.ok()) << fleet.status().message();
    const auto rows = rows_of(*fleet);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_NEAR(rows[0].time_s, 1.2345, 0.0006);
    EXPECT_NEAR(rows[0].lat, 48.1234567, 1e-6);
    EXPECT_EQ(fleet->names()[0], "bus-2");
  }
  FleetRecorder nowhere;
  EXPECT_EQ(nowhere.open("/nowhere/x.csv").code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace ringroad::tools
