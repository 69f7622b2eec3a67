// Property: `ringroad stream` brings a file over whole, both ways, and says what went wrong else; the
//         playground's streams are what its contract says.
// Method: the built program against the built playground, by files.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "ringroad/client.h"
#include "tests/support/eventually.h"
#include "tests/tools/run.h"
#include "tools/playground_streams.h"

namespace ringroad::tools {
namespace {

/// A path that goes with the test.
class TemporaryPath {
 public:
  explicit TemporaryPath(const std::string& name)
      : path_(testing::TempDir() + "ringroad_stream_" + std::to_string(getpid()) + "_" + name) {}
  ~TemporaryPath() { std::remove(path_.c_str()); }
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string read() const {
    std::ostringstream bytes;
    bytes << std::ifstream(path_, std::ios::binary).rdbuf();
    return bytes.str();
  }

 private:
  const std::string path_;
};

class StreamCommand : public testing::Test {
 protected:
  std::string server() const { return playground_.server(); }
  /// What the playground says of the last put, once it is one of so many bytes.
  std::string put_result(size_t size) {
    Client client;
    EXPECT_TRUE(client.connect(server()).ok());
    std::string param;
    EXPECT_TRUE(support::wait_until([&] {
      const Result<Reply> reply = client.fetch("/put_result");
      param = reply.ok() ? reply->payload.param : "";
      return param.starts_with("{\"size\":" + std::to_string(size) + ",");
    })) << param;
    return param;
  }

  Gateway playground_{{}, {"playground"}};
};

TEST(PlaygroundBytes, AreThoseOfTheContract) {
  const std::string all = playground_bytes(0, 70'000);
  EXPECT_EQ(all[0], '\0');
  EXPECT_EQ(all[1], '\7');
  EXPECT_EQ(static_cast<uint8_t>(all[256]), 1);
  EXPECT_EQ(static_cast<uint8_t>(all[69'999]), (69'999 * 7 + (69'999 >> 8)) & 0xff);
  EXPECT_EQ(playground_bytes(1'000, 2'000), all.substr(1'000, 2'000));
  EXPECT_EQ(crc32_of(0, "123456789"), 0xcbf43926U);
  EXPECT_EQ(crc32_of(crc32_of(0, "12345"), "6789"), 0xcbf43926U);
}

TEST_F(StreamCommand, GetsWhatThePlaygroundSends) {
  const TemporaryPath file("got");
  const Outcome outcome = run({"stream", "get", server() + "/get_data", file.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_TRUE(outcome.says("1,048,576 bytes, crc32 ")) << outcome.text;
  EXPECT_TRUE(file.read() == playground_bytes(0, kPlaygroundStreamBytes));
}

TEST_F(StreamCommand, PutsAFileAndThePlaygroundSaysSo) {
  const TemporaryPath file("put");
  const std::string bytes = playground_bytes(5, 2'000'003);
  file.write(bytes);
  const Outcome outcome = run({"stream", "put", server() + "/put_data", file.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_EQ(put_result(bytes.size()),
            "{\"size\":2000003,\"crc32\":" + std::to_string(crc32_of(0, bytes)) + "}");
}

TEST_F(StreamCommand, PutsAnEmptyFile) {
  const TemporaryPath file("empty");
  file.write("");
  EXPECT_EQ(run({"stream", "put", server() + "/put_data", file.path()}).exit_code, 0);
  EXPECT_EQ(put_result(0), R"({"size":0,"crc32":0})");
}

TEST_F(StreamCommand, SaysThatThereIsNoStream) {
  const TemporaryPath file("none");
  const Outcome none = run({"stream", "get", server() + "/echo", file.path()});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_TRUE(none.says("/echo offers no stream")) << none.text;
  const Outcome unknown = run({"stream", "get", server() + "/no/such/url", file.path()});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_TRUE(unknown.says("status 3")) << unknown.text;
}

TEST_F(StreamCommand, SaysThatTheDiskIsFull) {
  const Outcome full = run({"stream", "get", server() + "/get_data", "/dev/full"});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_TRUE(full.says("/dev/full: No space left on device")) << full.text;
}

TEST_F(StreamCommand, SaysWhatIsWrongWithItsArguments) {
  EXPECT_EQ(run({"stream", "take", server() + "/get_data", "file"}).exit_code, 2);
  EXPECT_EQ(run({"stream", "get", server() + "/get_data"}).exit_code, 2);
  EXPECT_EQ(run({"stream", "get", server(), "file"}).exit_code, 2);
  const Outcome missing = run({"stream", "put", server() + "/put_data", "/no/such/file"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_TRUE(missing.says("/no/such/file")) << missing.text;
  const Outcome forbidden = run({"stream", "get", server() + "/get_data", "/no/such/folder/file"});
  EXPECT_EQ(forbidden.exit_code, 2) << forbidden.text;
  EXPECT_EQ(run({"stream", "get", "vsoa://127.0.0.1:1/get_data", "-"}).exit_code, 3);
}

}  // namespace
}  // namespace ringroad::tools
