// terminal.h — whether somebody is looking, and how to make it easy on the eye.
// Thread: main thread.
// Fails:  nothing; without a terminal, or with NO_COLOR, text stays plain.
#pragma once

#include <string>
#include <string_view>

namespace ringroad::tools {

enum class Output { plain, terminal };

/// terminal if stdout understands ANSI sequences.
Output stdout_output();

class Palette {
 public:
  explicit Palette(Output output);

  std::string strong(std::string_view text) const { return wrap("\033[1m", text); }
  std::string good(std::string_view text) const { return wrap("\033[1;32m", text); }
  std::string bad(std::string_view text) const { return wrap("\033[1;31m", text); }
  std::string faint(std::string_view text) const { return wrap("\033[2m", text); }

 private:
  std::string wrap(std::string_view start, std::string_view text) const;

  const Output output_;
};

}  // namespace ringroad::tools
