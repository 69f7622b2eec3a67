// standalone_main.cc — runs a fuzz target without libFuzzer, so that it works with any compiler.
// Usage: <name>_fuzz [--runs=N] [--seed=S] [corpus file or folder]...
// Runs every corpus file once, then N mutations of them drawn from the seed; the same seed gives
// the same inputs. A failure is what the target does itself: abort, CHECK, sanitizer report.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kInputBytesMax = 4096;

struct Arguments {
  std::uint64_t runs = 10'000;
  std::uint64_t seed = 1;
  std::vector<std::filesystem::path> corpus;
};

bool parse_number(std::string_view text, std::string_view name, std::uint64_t& value) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (parse_number(text, "--runs=", arguments.runs)) continue;
    if (parse_number(text, "--seed=", arguments.seed)) continue;
    if (text.starts_with("--")) return std::nullopt;
    arguments.corpus.emplace_back(text);
  }
  return arguments;
}

Input read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Sorted, because the order of a folder differs between machines and the seed must not.
std::vector<Input> load(const std::vector<std::filesystem::path>& corpus) {
  std::vector<std::filesystem::path> paths;
  for (const std::filesystem::path& path : corpus) {
    if (!std::filesystem::is_directory(path)) {
      paths.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> inputs;
  for (const std::filesystem::path& path : paths) inputs.push_back(read(path));
  return inputs;
}

// Unlike the standard distributions, the same on every library.
std::size_t below(std::mt19937_64& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

void mutate_once(std::mt19937_64& random, Input& input) {
  const auto byte = static_cast<std::uint8_t>(random());
  const std::size_t at = input.empty() ? 0 : below(random, input.size());
  const auto position = input.begin() + static_cast<std::ptrdiff_t>(at);
  if (input.empty()) {
    input.resize(1 + below(random, 64), byte);
    return;
  }
  switch (below(random, 6)) {
    case 0:
      input[at] = byte;
      break;
    case 1:
      input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(random, 8)));
      break;
    case 2:
      input.insert(position, 1 + below(random, 16), byte);
      break;
    case 3:
      input.erase(position,
                  position + static_cast<std::ptrdiff_t>(
                                 1 + below(random, std::min<std::size_t>(16, input.size() - at))));
      break;
    case 4:
      input.resize(at);
      break;
    default:  // the edges of lengths and counters
      input[at] = below(random, 2) == 0 ? 0x00 : 0xff;
      break;
  }
}

Input mutated(std::mt19937_64& random, const std::vector<Input>& inputs) {
  Input input = inputs.empty() ? Input() : inputs[below(random, inputs.size())];
  const std::size_t steps = 1 + below(random, 8);
  for (std::size_t step = 0; step < steps; ++step) mutate_once(random, input);
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = parse(argc, argv);
  if (!arguments) {
    std::fprintf(stderr, "usage: %s [--runs=N] [--seed=S] [corpus file or folder]...\n", argv[0]);
    return 2;
  }
  std::printf("seed %ju\n", static_cast<std::uintmax_t>(arguments->seed));
  std::fflush(stdout);  // it must be readable after an abort
  const std::vector<Input> inputs = load(arguments->corpus);
  for (const Input& input : inputs) LLVMFuzzerTestOneInput(input.data(), input.size());
  std::mt19937_64 random(arguments->seed);
  for (std::uint64_t run = 0; run < arguments->runs; ++run) {
    const Input input = mutated(random, inputs);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu corpus inputs, %ju mutations: done\n", inputs.size(),
              static_cast<std::uintmax_t>(arguments->runs));
  return 0;
}
