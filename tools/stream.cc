// stream.cc — `ringroad stream`: takes a file from a server's stream, or gives it one.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringroad/client.h"
#include "tools/commands.h"
#include "tools/json_value.h"
#include "tools/playground_streams.h"
#include "tools/remote.h"
#include "tools/text.h"
#include "tools/wait_point.h"

namespace ringroad::tools {
namespace {

constexpr const char* kExample = "vsoa://127.0.0.1:3005/get_data";
// A tenth of what may wait: the time limit of a send is for each piece.
constexpr size_t kPieceBytes = 16'384;
constexpr auto kLookInterval = std::chrono::milliseconds(10);
constexpr auto kNoTime = std::chrono::milliseconds(0);

struct StreamCommandOptions {
  RemoteOptions remote;
  ContentOptions content;
  std::string direction;
  std::string file;
};

/// A file, or stdin and stdout for "-".
class File {
 public:
  enum class Mode { read, write };

  explicit File(const std::string& path) : path_(path) {}
  const Status& open(Mode mode) {
    const bool read = mode == Mode::read;
    file_ = path_ == "-" ? (read ? stdin : stdout) : std::fopen(path_.c_str(), read ? "rb" : "wb");
    if (file_ == nullptr) fail_with(errno);
    return status_;
  }
  ~File() {
    if (file_ != nullptr && path_ != "-") std::fclose(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const Status& status() const { return status_; }
  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) not_written(errno);
  }
  void flush() {
    if (status_.ok() && std::fflush(file_) != 0) not_written(errno);
  }
  /// Whether read() would not wait, now.
  bool readable() const {
    pollfd file = {.fd = ::fileno(file_), .events = POLLIN, .revents = 0};
    return ::poll(&file, 1, 0) != 0;  // also when it fails: read() says why
  }
  /// Empty at the end.
  std::string_view read(std::vector<char>& buffer) {
    const ssize_t count = ::read(::fileno(file_), buffer.data(), buffer.size());
    if (count < 0) fail_with(errno);
    return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))};
  }

 private:
  void fail_with(int error) {
    status_ = {StatusCode::invalid_argument, path_ + ": " + std::strerror(error)};
  }
  /// The argument was good.
  void not_written(int error) {
    status_ = {StatusCode::resource_exhausted, path_ + ": " + std::strerror(error)};
  }

  const std::string path_;
  std::FILE* file_ = nullptr;
  Status status_;
};

/// What the stream's callbacks have seen. Callbacks write, the main thread reads once it has heard of
/// the end, or only what is atomic.
struct Progress {
  explicit Progress(WaitPoint& wait_point) : linked(wait_point), ended(wait_point) {}

  Answer<bool> linked;  // false: it never was
  Answer<bool> ended;
  bool was_linked = false;
  uint32_t crc = 0;
};

StreamOptions options_for(const std::shared_ptr<Progress>& progress, File* output,
                          const RemoteOptions& remote) {
  StreamOptions options;
  options.timeout = std::clamp(remote.timeout(), std::chrono::milliseconds(1),
                               std::chrono::milliseconds(std::chrono::hours(1)));
  options.on_link = [progress](Stream, bool connected) {
    if (connected) {
      progress->was_linked = true;
      progress->linked.set(true);
    } else {
      if (!progress->was_linked) progress->linked.set(false);
      progress->ended.set(true);
    }
  };
  if (output == nullptr) return options;
  options.on_data = [progress, output](Stream stream, std::string_view bytes) {
    progress->crc = crc32_of(progress->crc, bytes);
    output->write(bytes);
    if (!output->status().ok()) stream.close();
  };
  return options;
}

/// "1,048,576 bytes, crc32 1234abcd" on stderr: stdout may be the file.
void print_sum(uint64_t bytes, uint32_t crc) {
  fmt::print(stderr, "{} bytes, crc32 {:08x}\n", grouped(bytes), crc);
}

/// The size that the reply tells, if it does.
std::optional<int64_t> size_in(const std::string& param) {
  const std::optional<JsonValue> value = JsonValue::parse(param);
  const std::optional<JsonValue> size = value ? value->member("size") : std::nullopt;
  return size ? size->integer() : std::nullopt;
}

/// Waits until the peer has ended it, or has sent all it has promised (G4: not every server closes);
/// not ok when nothing has come for too long.
Status wait_for_bytes(Stream& stream, Progress& progress, std::optional<int64_t> size,
                      std::chrono::milliseconds patience, WaitPoint& wait_point) {
  uint64_t seen = 0;
  auto deadline = WaitPoint::Clock::now() + patience;
  while (stream.connected()) {
    const uint64_t now = stream.bytes_received();
    if (size && std::cmp_greater_equal(now, *size)) break;
    if (now != seen) deadline = WaitPoint::Clock::now() + patience;
    seen = now;
    if (WaitPoint::Clock::now() > deadline) {
      return {StatusCode::timed_out, "nothing more has come for a while; raise --timeout"};
    }
    if (wait_point.wait_until(WaitPoint::Clock::now() + kLookInterval) == Wake::interrupted) {
      return interrupted_status();
    }
  }
  stream.close();
  return progress.ended.wait() ? Status() : interrupted_status();
}

ExitCode get(const Client& client, Stream stream, const std::shared_ptr<Progress>& progress,
             const std::string& param, File& output, const RemoteOptions& remote,
             WaitPoint& wait_point) {
  const std::optional<int64_t> size = size_in(param);
  const Status came = wait_for_bytes(stream, *progress, size, remote.timeout(), wait_point);
  if (!came.ok()) return fail(came, Stage::work);
  output.flush();
  if (!output.status().ok()) return fail(output.status(), Stage::work);
  print_sum(stream.bytes_received(), progress->crc);
  if (size && std::cmp_equal(stream.bytes_received(), *size)) return ExitCode::ok;
  // Without a promise the end is the stream's; with the connection lost, who knows.
  if (!size && client.connected()) return ExitCode::ok;
  if (!size) return fail(ExitCode::answer_is_no, "the connection was lost: perhaps there was more");
  return fail(ExitCode::answer_is_no, fmt::format("the server has promised {} bytes", *size));
}

/// Until the kernel has all of it.
Status wait_until_sent(const Stream& stream, std::chrono::milliseconds patience,
                       WaitPoint& wait_point) {
  uint64_t seen = 0;
  auto deadline = WaitPoint::Clock::now() + patience;
  while (stream.pending_bytes() > 0 && stream.connected()) {
    if (stream.bytes_sent() != seen) deadline = WaitPoint::Clock::now() + patience;
    seen = stream.bytes_sent();
    if (WaitPoint::Clock::now() > deadline) {
      return {StatusCode::timed_out, "the server does not take the last bytes"};
    }
    if (wait_point.wait_until(WaitPoint::Clock::now() + kLookInterval) == Wake::interrupted) {
      return interrupted_status();
    }
  }
  return {};
}

ExitCode put(Stream stream, File& input, const RemoteOptions& remote, WaitPoint& wait_point) {
  std::vector<char> buffer(kPieceBytes);
  uint64_t sent = 0;
  uint32_t crc = 0;
  const Status limited =
      stream.set_send_timeout(std::clamp(remote.timeout(), std::chrono::milliseconds(1),
                                         std::chrono::milliseconds(std::chrono::hours(1))));
  if (!limited.ok()) return fail(limited, Stage::work);
  for (;;) {
    const auto next_look = WaitPoint::Clock::now() + (input.readable() ? kNoTime : kLookInterval);
    if (wait_point.wait_until(next_look) == Wake::interrupted) {
      return fail(interrupted_status(), Stage::work);
    }
    if (!stream.connected()) {
      return fail(ExitCode::answer_is_no, "the server has closed the stream before its end");
    }
    if (!input.readable()) continue;
    const std::string_view piece = input.read(buffer);
    if (!input.status().ok()) return fail(input.status(), Stage::work);
    if (piece.empty()) break;
    const Result<size_t> taken = stream.send(piece);
    if (!taken.ok()) return fail(taken.status(), Stage::work);
    sent += *taken;
    if (*taken < piece.size()) {
      return fail(ExitCode::answer_is_no,
                  fmt::format("the server has taken no more than {} bytes", stream.bytes_sent()));
    }
    crc = crc32_of(crc, piece);
  }
  const Status left = wait_until_sent(stream, remote.timeout(), wait_point);
  if (!left.ok()) return fail(left, Stage::work);
  if (!stream.connected()) {
    return fail(ExitCode::answer_is_no, "the server has closed the stream before its end");
  }
  stream.close();
  print_sum(sent, crc);
  return ExitCode::ok;
}

ExitCode run_stream(const StreamCommandOptions& options) {
  const bool getting = options.direction == "get";
  const Result<Target> target = target_with_url(options.remote, kExample);
  if (!target.ok()) return fail(target.status(), Stage::connect);
  File file(options.file);
  if (!getting && !file.open(File::Mode::read).ok()) return fail(file.status(), Stage::connect);
  WaitPoint wait_point;
  const auto progress = std::make_shared<Progress>(wait_point);
  Client client;
  const Status connected = connect(
      client, target->server,
      {.password = options.remote.password, .timeout = options.remote.timeout(), .quick = false},
      wait_point);
  if (!connected.ok()) return fail(connected, Stage::connect);
  const CallRequest request = {.param = options.content.param, .timeout = options.remote.timeout()};
  const Result<Reply> reply = fetch(client, target->url, request, wait_point);
  if (!reply.ok()) return fail(reply.status(), Stage::work);
  if (reply->status != ReplyStatus::success || reply->tunnel_id == 0) {
    const std::string words = reply->status == ReplyStatus::success
                                  ? "offers no stream"
                                  : "answered " + status_text(reply->status);
    return fail(ExitCode::answer_is_no, fmt::format("{} {}", target->url, words));
  }
  // Only now: what the file had before is lost.
  if (getting && !file.open(File::Mode::write).ok()) return fail(file.status(), Stage::connect);
  const Result<Stream> stream = client.create_stream(
      reply->tunnel_id, options_for(progress, getting ? &file : nullptr, options.remote));
  if (!stream.ok()) return fail(stream.status(), Stage::work);
  const std::optional<bool> linked = progress->linked.wait();
  if (!linked) return fail(interrupted_status(), Stage::work);
  if (!*linked) {
    return fail(ExitCode::cannot_connect,
                fmt::format("the stream on port {} of the server cannot be reached: is a firewall "
                            "in between?",
                            reply->tunnel_id));
  }
  return getting ? get(client, *stream, progress, reply->payload.param, file, options.remote,
                       wait_point)
                 : put(*stream, file, options.remote, wait_point);
}

constexpr const char* kFooter =
    R"(Calls the URL (GET, with --param), joins the stream that the answer offers, and writes what comes
to FILE or sends it. "-" is stdout or stdin. The size and the CRC-32 of the bytes go to stderr.
get ends when the server ends the stream, or with the bytes that {"size":n} in its answer promised.

Example: with a running `ringroad playground`
  ringroad stream get vsoa://127.0.0.1:3005/get_data copy.bin
  ringroad stream put vsoa://127.0.0.1:3005/put_data copy.bin
  ringroad call vsoa://127.0.0.1:3005/put_result)";

}  // namespace

Command add_stream(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("stream", "Take a file from a server's stream, or give it one");
  const auto options = std::make_shared<StreamCommandOptions>();
  app->add_option("direction", options->direction, "get or put")
      ->required()
      ->check(CLI::IsMember({"get", "put"}))
      ->type_name("get|put");
  app->add_option("target", options->remote.target, "vsoa://HOST:PORT/URL")->required();
  app->add_option("file", options->file, "The file to write or to send; - for stdout or stdin")
      ->required()
      ->type_name("FILE");
  app->add_option("--param", options->content.param, "JSON text of the call")->type_name("JSON");
  add_remote_options(*app, options->remote);
  app->footer(kFooter);
  return {app, [options] { return run_stream(*options); }};
}

}  // namespace ringroad::tools
