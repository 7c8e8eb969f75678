//===- AstPrinterImpl.h - The printer of syntax trees -------------------------------------------------------------===//
//
// Its members are spread over AstPrinter (expressions, types) and AstPrinterDecl (statements, declarations).
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_ASTPRINTERIMPL_H
#define NN_FRONTEND_ASTPRINTERIMPL_H

#include "frontend/Ast.h"
#include "llvm/Support/raw_ostream.h"

namespace nn::frontend {

class Printer {
public:
  explicit Printer(llvm::raw_ostream &os) : os(os) {}

  void expr(const Expr &e);
  void type(const TypeExpr &t);
  void file(const File &file);

private:
  template <typename Range, typename Print>
  void list(const Range &range, Print print) {
    const char *separator = "";
    for (const auto &element : range) {
      os << separator;
      print(element);
      separator = ", ";
    }
  }
  void argument(const Argument &a) {
    if (a.name)
      os << a.name.text << ": ";
    expr(*a.value);
  }
  void quoted(llvm::StringRef text) {
    os << '"';
    for (char c : text) {
      if (c == '\n')
        os << "\\n";
      else if (c == '\t')
        os << "\\t";
      else if (c == '"' || c == '\\')
        os << '\\' << c;
      else
        os << c;
    }
    os << '"';
  }
  void number(double value);
  void subscript(const Subscript &s);
  void scan(const ScanExpr &scan);
  void block(const Block &block);
  void pattern(const Pattern &p);
  void attributes(const std::vector<Attribute> &attributes);
  void stmt(const Stmt &s);
  void parameter(const Parameter &p);
  void decl(const Decl &d);
  void newline() { os << "\n", os.indent(2 * depth); }

  llvm::raw_ostream &os;
  unsigned depth = 0;
};

} // namespace nn::frontend

#endif // NN_FRONTEND_ASTPRINTERIMPL_H
