// Mutations of .nn text that keep most of it a program: pieces (names, numbers, operators, arguments, stages of a pipe,
// statements, blocks) are dropped, doubled, exchanged, or replaced by pieces of the same kind from other programs.
#ifndef NN_TEST_FRONTEND_FUZZ_MUTATIONS_H
#define NN_TEST_FRONTEND_FUZZ_MUTATIONS_H

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace nn::fuzz {

class Mutator {
public:
  /// Learns the pieces of a program.
  void learn(const std::string &text);
  /// A program made of `text` by one to six changes.
  std::string mutate(const std::string &text, uint64_t seed) const;

private:
  enum class Kind { Name, Number, Operator, Argument, Stage, Statement, Block };
  struct Piece {
    Kind kind;
    size_t begin, end;
  };
  static std::vector<Piece> piecesOf(const std::string &text);
  std::string change(const std::string &text, std::mt19937_64 &random) const;

  std::map<Kind, std::vector<std::string>> known;
};

/// The programs of a file: of a Markdown page its blocks marked `nn`, of a list of wrong programs each of them.
std::vector<std::string> programsOf(const std::string &path);

} // namespace nn::fuzz

#endif // NN_TEST_FRONTEND_FUZZ_MUTATIONS_H
