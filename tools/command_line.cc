#include "tools/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ringroad::tools {
namespace {

Words commands_of(const CLI::App& root) {
  Words names;
  for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// Letters to insert, remove or change.
size_t distance(std::string_view from, std::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < to.size(); ++j) {
      const size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// Nothing took these words: the first says what they were meant for.
std::string extra_text(const CLI::App& parsed) {
  const Words extra = parsed.remaining();
  if (extra.empty()) return "there are more words than this command takes";
  const std::string& first = extra.front();
  if (!first.starts_with('-')) return fmt::format("'{}' is one word too many", first);
  return fmt::format("no option {}", first.substr(0, first.find('=')));
}

}  // namespace

Words without_help_command(Words words) {
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.resize(std::min<size_t>(words.size(), 1));
  words.emplace_back("--help");
  return words;
}

std::optional<std::string> wrong_command(const CLI::App& root, const Words& words) {
  const Words commands = commands_of(root);
  const std::string choice = fmt::format("there are: {} help", fmt::join(commands, " "));
  if (words.empty()) return fmt::format("no command; {}", choice);
  const std::string& word = words.front();
  if (word.starts_with('-')) {
    const std::string option = word.substr(0, word.find('='));
    if (root.get_option_no_throw(option) != nullptr) return std::nullopt;
    return fmt::format("no option {}", option);
  }
  if (std::find(commands.begin(), commands.end(), word) != commands.end()) return std::nullopt;
  const std::string meant = nearest(word, commands);
  return fmt::format("no command '{}'{}; {}", word,
                     meant.empty() ? "" : fmt::format(" (did you mean {}?)", meant), choice);
}

std::string usage_text(const CLI::App& root, const CLI::ParseError& error) {
  std::string command = root.get_name();
  const CLI::App* parsed = &root;
  for (const CLI::App* used : root.get_subcommands()) {
    command += " " + used->get_name();
    parsed = used;
  }
  std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) text = extra_text(*parsed);
  // Our checks of numbers (number_options.h) are sentences whose subject is the option.
  constexpr std::string_view kCheck = ": must be ";
  const size_t check = text.find(kCheck);
  if (check != text.npos) text.erase(check, 1);
  return fmt::format("{}\n  see: {} --help", text, command);
}

std::string nearest(std::string_view typed, const Words& known) {
  size_t least = 3;  // further away nobody meant it
  std::string found;
  for (const std::string& word : known) {
    const size_t letters = distance(typed, word);
    if (letters >= least || letters >= word.size()) continue;
    least = letters;
    found = word;
  }
  return found;
}

}  // namespace ringroad::tools
