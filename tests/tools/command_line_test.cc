// Property: what is typed wrong is answered with what was meant to be typed: the option, its range,
//         the commands there are.
// Method: the checks on edges, and the built program as a user runs it.
#include "tools/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tools/run.h"
#include "tools/number_options.h"

namespace ringroad::tools {
namespace {

/// The error of a check, empty if it takes the text.
std::string error_of(const CLI::Validator& check, std::string text) {
  return check(text);
}

TEST(NumberOptions, WholeNumbersHaveNoSignAndNoOctal) {
  EXPECT_EQ(error_of(whole(1), "1"), "");
  EXPECT_EQ(error_of(whole(0), "18446744073709551615"), "");
  for (const char* wrong :
       {"-1", "+1", "", " 1", "1.5", "1e3", "0x10", "010", "18446744073709551616"}) {
    EXPECT_NE(error_of(whole(0), wrong), "") << wrong;
  }
  EXPECT_EQ(error_of(whole(1), "0"), "must be 1 or more, got 0");
  EXPECT_EQ(error_of(whole(0, 64), "65"), "must be 0 to 64, got 65");
}

TEST(NumberOptions, DecimalsAreInTheirRange) {
  for (const char* right : {"0.001", "2.5", "3600", "1e3"}) {
    EXPECT_EQ(error_of(decimal(0.001, 3600.0), right), "") << right;
  }
  for (const char* wrong : {"abc", "", "nan", "inf", "-1", "0", "3600.1", "2,5"}) {
    EXPECT_NE(error_of(decimal(0.001, 3600.0), wrong), "") << wrong;
  }
  EXPECT_EQ(error_of(decimal(0.001, 3600.0), "abc"), "must be 0.001 to 3600, got abc");
}

TEST(CommandLine, NearestIsAtMostTwoLettersAway) {
  const Words commands = {"serve", "sub", "ping"};
  EXPECT_EQ(nearest("serv", commands), "serve");
  EXPECT_EQ(nearest("pign", commands), "ping");
  EXPECT_EQ(nearest("bogus", commands), "");
  EXPECT_EQ(nearest("", commands), "");
}

TEST(CommandLine, HelpIsACommandToo) {
  EXPECT_EQ(without_help_command({"help"}), Words{"--help"});
  EXPECT_EQ(without_help_command({"help", "sub"}), (Words{"sub", "--help"}));
  EXPECT_EQ(without_help_command({"sub", "help"}), (Words{"sub", "help"}));
  EXPECT_EQ(run({"help", "sub"}).text, run({"sub", "--help"}).text);
  EXPECT_EQ(run({"help"}).exit_code, 0);
  EXPECT_NE(run({"help", "bogus"}).text.find("no command 'bogus'"), std::string::npos);
}

TEST(CommandLine, ErrorsNameTheOptionAndTheRange) {
  const std::string nobody = "vsoa://127.0.0.1:1";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"sub", nobody, "/", "--count", "-1"}, "--count must be 0 or more, got -1"},
      {{"demo", "--seed", "-1"}, "--seed must be 0 or more, got -1"},
      {{"serve", "--queue-bytes", "-1"}, "--queue-bytes must be 0 or more, got -1"},
      {{"call", nobody + "/a", "--count", "0"}, "--count must be 1 or more, got 0"},
      {{"ping", nobody, "--count", "0"}, "--count must be 1 or more, got 0"},
      {{"ping", nobody, "--timeout", "abc"}, "--timeout must be 0.001 to 3600, got abc"},
      {{"serve", "--shards", "65"}, "--shards must be 0 to 64, got 65"},
      {{"serve", "--queue-bytes", "10"}, "--queue-bytes is 10, must be 524288..1073741824"},
      {{"serve", "--relay", "fleet"}, "--relay is \"fleet\", must be"},
      {{"bogus"}, "no command 'bogus'; there are: demo serve sub"},
      {{"serv"}, "no command 'serv' (did you mean serve?); there are: demo"},
      {{}, "no command; there are: demo"},
      {{"--bogus"}, "no option --bogus"},
      {{"--bogus=1", "demo"}, "no option --bogus"},
      {{"serve", "--bogus"}, "no option --bogus"},
      {{"doctor", "bogus"}, "'bogus' is one word too many"},
  };
  for (const auto& [arguments, part] : cases) {
    SCOPED_TRACE(joined(arguments));
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.text.find("ringroad: " + part), 0u) << outcome.text;
  }
}

/// A hint can be pasted where the program is not in the PATH.
TEST(CommandLine, HintsBeginWithTheProgramAsItWasCalled) {
  const std::string program = RINGROAD_PROGRAM;
  EXPECT_NE(run({"doctor"}).text.find("Next: " + program + " demo"), std::string::npos);
  EXPECT_NE(run({"sub"}).text.find("see: " + program + " sub --help"), std::string::npos);
}

}  // namespace
}  // namespace ringroad::tools
