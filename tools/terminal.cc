#include "tools/terminal.h"

#include <unistd.h>

#include <cstdlib>

namespace ringroad::tools {

Output stdout_output() {
  const char* const name = std::getenv("TERM");
  const bool dumb = name == nullptr || std::string_view(name) == "dumb";
  return !dumb && isatty(STDOUT_FILENO) == 1 ? Output::terminal : Output::plain;
}

Palette::Palette(Output output)
    : output_(std::getenv("NO_COLOR") == nullptr ? output : Output::plain) {
}

std::string Palette::wrap(std::string_view start, std::string_view text) const {
  if (output_ == Output::plain) return std::string(text);
  return std::string(start) + std::string(text) + "\033[0m";
}

}  // namespace ringroad::tools
