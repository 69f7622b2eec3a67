// Property: what people and scripts read (numbers, exit codes, judgements) is what it
//         should be.
// Method: examples at the edges, and every counter of a server found in its JSON.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/doctor_findings.h"
#include "tools/exit_code.h"
#include "tools/server_report.h"
#include "tools/text.h"

namespace ringroad::tools {
namespace {

TEST(Text, GroupsDigitsByThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(plural(1, "shard"), "1 shard");
  EXPECT_EQ(plural(2000, "shard"), "2,000 shards");
}

TEST(Text, DurationsKeepThreeDigits) {
  EXPECT_EQ(duration_text(999), "999 ns");
  EXPECT_EQ(duration_text(1'500), "1.50 us");
  EXPECT_EQ(duration_text(340'000), "340 us");
  EXPECT_EQ(duration_text(12'340'000), "12.3 ms");
  EXPECT_EQ(duration_text(2'100'000'000), "2.10 s");
}

TEST(Text, BytesOfAPeerCannotDriveTheTerminal) {
  EXPECT_EQ(printable("a\033[2J\n\x7f z"), "a?[2J ? z");
  EXPECT_EQ(printable("caf\u00e9 \u8eca \U0001F697"), "caf\u00e9 \u8eca \U0001F697");
  // U+0085, U+009B, U+2028, U+202E, U+200B: lines, controls, direction.
  EXPECT_EQ(printable("\u0085\u009b\u2028\u202e\u200b"), "?????");
  // Not UTF-8: a stray byte, a cut character, an overlong one, a surrogate.
  EXPECT_EQ(printable("\xff|\xe8\xbb"), "?|??");
  EXPECT_EQ(printable("\xc0\x8a|\xed\xa0\x80"), "??|???");
  EXPECT_EQ(hex_text(std::string("\x00\xff", 2)), "[2 bytes: 00ff]");
  EXPECT_NE(hex_text(std::string(33, 'x')).find("...]"), std::string::npos);
}

TEST(Text, StatusesSayWhatTheyMean) {
  EXPECT_EQ(status_text(ReplyStatus::arguments),
            "status 2 (arguments): the server did not accept param or data");
  EXPECT_EQ(status_text(ReplyStatus::invalid_url),
            "status 3 (invalid_url): the server has no command for this URL");
  EXPECT_EQ(status_text(static_cast<ReplyStatus>(128)), "status 128: the application's own");
  EXPECT_EQ(status_text(static_cast<ReplyStatus>(255)), "status 255: no status that VSOA knows");
}

TEST(ExitCode, EveryStatusHasItsNumber) {
  const auto code = [](StatusCode status, Stage stage) {
    return static_cast<int>(exit_code_of(Status(status, ""), stage));
  };
  EXPECT_EQ(code(StatusCode::ok, Stage::listen), 0);
  EXPECT_EQ(code(StatusCode::invalid_argument, Stage::connect), 2);
  EXPECT_EQ(code(StatusCode::address_in_use, Stage::listen), 3);
  EXPECT_EQ(code(StatusCode::unreachable, Stage::connect), 3);
  EXPECT_EQ(code(StatusCode::wrong_password, Stage::connect), 3);
  EXPECT_EQ(code(StatusCode::timed_out, Stage::connect), 3);
  EXPECT_EQ(code(StatusCode::timed_out, Stage::work), 1);
  EXPECT_EQ(code(StatusCode::unsupported, Stage::listen), 4);
  EXPECT_EQ(code(StatusCode::no_permission, Stage::listen), 4);
  EXPECT_EQ(code(StatusCode::resource_exhausted, Stage::listen), 4);
}

TEST(ServerReport, JsonHoldsEveryCounter) {
  ServerStats stats;
  constexpr size_t kCount = sizeof stats / sizeof(uint64_t);
  uint64_t values[kCount];
  for (size_t i = 0; i < kCount; ++i) values[i] = i + 1;
  std::memcpy(&stats, values, sizeof stats);
  const nlohmann::json json = nlohmann::json::parse(stats_json(stats));
  EXPECT_EQ(json.size(), kCount);
  EXPECT_EQ(json["clients_now"], stats.clients_now);
  EXPECT_EQ(json["closed_slow_client"], stats.closed_slow_client);
  EXPECT_EQ(json["bytes_live"], stats.bytes_live);
}

TEST(ServerReport, NamesOnlyWhatHappened) {
  ServerStats stats;
  EXPECT_NE(summary_text(stats, Relay::on).find("relayed"), std::string::npos);
  EXPECT_EQ(summary_text(stats, Relay::off).find("relayed"), std::string::npos);
  stats.connections_accepted = 3;
  EXPECT_EQ(summary_text(stats, Relay::on).find("closed"), std::string::npos);
  stats.closed_slow_client = 2;
  EXPECT_NE(summary_text(stats, Relay::on).find("2: slow client"), std::string::npos);
}

TEST(Doctor, SaysWhyNoServerRuns) {
  EXPECT_EQ(judge_engine({}, "0", "0").grade, Grade::good);
  const Status refused(StatusCode::no_permission, "a seccomp profile forbids it; allow it");
  const Finding finding = judge_engine(refused, "0", "2");
  EXPECT_EQ(finding.grade, Grade::bad);
  EXPECT_NE(finding.text.find("a seccomp profile forbids it; allow it"), std::string::npos);
  EXPECT_NE(finding.text.find("io_uring_disabled 0, seccomp mode 2"), std::string::npos);
  EXPECT_NE(judge_engine(refused, "", "").text.find("unknown"), std::string::npos);
}

TEST(Doctor, JudgesLimitsByWhatTheyAllow) {
  EXPECT_EQ(judge_files({1024, 1024}, 2).grade, Grade::note);
  EXPECT_NE(judge_files({1024, 4120}, 2).text.find("room for about 4,096 clients"),
            std::string::npos);
  EXPECT_EQ(judge_files({12, 12}, 1).grade, Grade::bad);
  EXPECT_EQ(judge_files({1024, UINT64_MAX}, 2).grade, Grade::good);
  EXPECT_EQ(judge_locked_memory({8u << 20, 8u << 20}).grade, Grade::note);
  EXPECT_EQ(judge_locked_memory({UINT64_MAX, UINT64_MAX}).grade, Grade::good);
  EXPECT_EQ(judge_backlog("128").grade, Grade::note);
  EXPECT_EQ(judge_backlog("4096").grade, Grade::good);
  EXPECT_NE(judge_ports("32768\t60999").text.find("28,232"), std::string::npos);
  EXPECT_NE(judge_send_memory("4096\t16384\t4194304").text.find("4.0 MiB"), std::string::npos);
  EXPECT_EQ(judge_cores({0}, 2).grade, Grade::note);
  EXPECT_EQ(judge_cores({0, 1}, 2).grade, Grade::good);
}

}  // namespace
}  // namespace ringroad::tools
