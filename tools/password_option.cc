#include "tools/password_option.h"

#include "tools/file_bytes.h"

namespace ringroad::tools {
namespace {

/// Puts the password in the place of the path.
std::string take_password(std::string& path) {
  const Result<std::string> bytes = read_file(path);
  if (!bytes.ok()) return bytes.status().message();
  const size_t end = bytes->find_last_not_of("\r\n");
  if (end == bytes->npos) return "'" + path + "' holds no password";
  path = bytes->substr(0, end + 1);
  return "";
}

}  // namespace

void add_password_options(CLI::App& app, std::string& password, const char* description) {
  CLI::Option* text = app.add_option("--password", password, description)->type_name("TEXT");
  app.add_option("--password-file", password, "The same, from a file: `ps` does not show it")
      ->transform(CLI::Validator(take_password, ""))
      ->excludes(text)
      ->type_name("FILE");
}

std::string_view password_cure(std::string_view password) {
  return password.empty() ? " (it wants one: --password)" : " (see --password)";
}

std::string_view password_note(std::string_view password) {
  return password.empty() ? "without a password" : "with a password";
}

}  // namespace ringroad::tools
