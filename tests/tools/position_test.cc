// Property: `ringroad position` answers `ringroad lookup` as its table says, and both tell scripts by
//           exit codes what happened.
// Method:   the built program on a free port, with tables in files.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/tools/run.h"

namespace ringroad::tools {
namespace {

class TableFile {
 public:
  explicit TableFile(const std::string& text) { std::ofstream(path_) << text; }
  ~TableFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_ =
      testing::TempDir() + "ringroad_table_" + std::to_string(getpid()) + ".json";
};

TEST(PositionCommand, X5_V74_LookupFindsWhatTheTableHas) {
  const TableFile table(
      R"([{"name":"lamp","addr":"10.0.0.7","port":3005,"domain":2},
          {"name":"lamp","addr":"fd00::7","port":3006,"domain":10,"security":true}])");
  Program position({"position", "--listen", "127.0.0.1:0", "--table", table.path()});
  const std::string line = position.line_with("answering position queries on ");
  ASSERT_NE(line, "") << position.text();
  EXPECT_NE(line.find("2 servers"), std::string::npos) << line;
  const size_t at = line.find("127.0.0.1:");
  const std::string server = line.substr(at, line.find(',', at) - at);
  const auto lookup = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"lookup", "--server", server});
    return run(words);
  };
  EXPECT_EQ(lookup({"Lamp"}).text, "vsoa://10.0.0.7:3005\n");
  EXPECT_EQ(lookup({"lamp", "--domain", "6"}).text, "vsoa://[fd00::7]:3006 with TLS\n");
  const Outcome unknown = lookup({"door"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_TRUE(unknown.says("does not know")) << unknown.text;
  EXPECT_EQ(lookup({std::string(300, 'n')}).exit_code, 2);
  position.signal(SIGTERM);
  EXPECT_EQ(position.exit_code(), 0);
  EXPECT_NE(position.text().find("stopped after 3 queries"), std::string::npos) << position.text();
}

TEST(PositionCommand, NobodyToAskIsExitThree) {
  EXPECT_EQ(run({"lookup", "lamp", "--server", "127.0.0.1:1"}).exit_code, 3);
}

TEST(PositionCommand, AWrongTableIsUsageAndSaysWhichEntry) {
  for (const char* text : {"7", R"([{"name":"lamp","addr":"lamp","port":1}])"}) {
    const TableFile table(text);
    const Outcome outcome = run({"position", "--listen", "127.0.0.1:0", "--table", table.path()});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.text;
    EXPECT_TRUE(outcome.says(table.path())) << outcome.text;
  }
}

TEST(PositionCommand, ATakenPortIsExitThree) {
  const TableFile table("[]");
  Program first({"position", "--listen", "127.0.0.1:0", "--table", table.path()});
  const std::string line = first.line_with("answering position queries on ");
  const size_t at = line.find("127.0.0.1:");
  ASSERT_NE(at, std::string::npos) << line;
  const Outcome second = run(
      {"position", "--listen", line.substr(at, line.find(',', at) - at), "--table", table.path()});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_EQ(second.text.find("ringroad: "), 0U) << second.text;
}

}  // namespace
}  // namespace ringroad::tools
