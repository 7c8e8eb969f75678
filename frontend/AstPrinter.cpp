//===- AstPrinter.cpp - The syntax tree as text -------------------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn::frontend;
using llvm::cast;

namespace {

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

} // namespace

/// The shortest decimal text that reads back as the same number, always recognisable as floating-point.
void Printer::number(double value) {
  char text[40];
  for (int digits = 1; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, nullptr) == value)
      break;
  }
  os << text;
  if (!strpbrk(text, ".e"))
    os << ".0";
}

void Printer::subscript(const Subscript &s) {
  switch (s.kind) {
  case Subscript::Kind::Rest:
    os << "...";
    return;
  case Subscript::Kind::NewAxis:
    os << "new";
    return;
  case Subscript::Kind::Index:
    return expr(*s.low);
  case Subscript::Kind::Slice:
    if (s.low)
      expr(*s.low);
    os << ":";
    if (s.high)
      expr(*s.high);
    if (s.step) {
      os << ":";
      expr(*s.step);
    }
  }
}

void Printer::scan(const ScanExpr &scan) {
  os << "scan " << scan.variable.text << " in ";
  expr(*scan.range);
  if (!scan.carries.empty()) {
    os << " carry (";
    list(scan.carries, [&](const Carry &carry) {
      os << carry.name.text;
      if (carry.type) {
        os << ": ";
        type(*carry.type);
      }
      os << " = ";
      expr(*carry.initial);
    });
    os << ")";
  }
  os << " ";
  block(scan.body);
}

void Printer::expr(const Expr &e) {
  switch (e.kind) {
  case Expr::Kind::Integer:
    os << cast<IntegerExpr>(e).value;
    return;
  case Expr::Kind::Float:
    return number(cast<FloatExpr>(e).value);
  case Expr::Kind::Bool:
    os << (cast<BoolExpr>(e).value ? "true" : "false");
    return;
  case Expr::Kind::String:
    return quoted(cast<StringExpr>(e).value);
  case Expr::Kind::Name:
    os << cast<NameExpr>(e).name;
    return;
  case Expr::Kind::Unary: {
    auto &unary = cast<UnaryExpr>(e);
    os << (unary.op == UnaryOp::Negate ? "(-" : "(not ");
    expr(*unary.operand);
    os << ")";
    return;
  }
  case Expr::Kind::Binary: {
    auto &binary = cast<BinaryExpr>(e);
    os << "(";
    expr(*binary.lhs);
    os << " " << spelling(binary.op) << " ";
    expr(*binary.rhs);
    os << ")";
    return;
  }
  case Expr::Kind::Pipe: {
    auto &pipe = cast<PipeExpr>(e);
    os << "(";
    expr(*pipe.value);
    os << " |> ";
    expr(*pipe.target);
    os << ")";
    return;
  }
  case Expr::Kind::Call: {
    auto &call = cast<CallExpr>(e);
    expr(*call.callee);
    os << "(";
    list(call.arguments, [&](const Argument &a) { argument(a); });
    os << ")";
    return;
  }
  case Expr::Kind::Index: {
    auto &index = cast<IndexExpr>(e);
    expr(*index.base);
    os << "[";
    list(index.subscripts, [&](const Subscript &s) { subscript(s); });
    os << "]";
    return;
  }
  case Expr::Kind::Member:
    expr(*cast<MemberExpr>(e).base);
    os << "." << cast<MemberExpr>(e).member.text;
    return;
  case Expr::Kind::Tuple: {
    auto &elements = cast<TupleExpr>(e).elements;
    os << "(";
    list(elements, [&](const Argument &a) { argument(a); });
    os << (elements.size() == 1 && !elements[0].name ? ",)" : ")");
    return;
  }
  case Expr::Kind::List:
    os << "[";
    list(cast<ListExpr>(e).elements, [&](const ExprPtr &element) { expr(*element); });
    os << "]";
    return;
  case Expr::Kind::Map:
    os << "{ ";
    list(cast<MapExpr>(e).entries, [&](const Argument &entry) {
      bool plain = llvm::all_of(entry.name.text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
      if (plain)
        os << entry.name.text;
      else
        quoted(entry.name.text);
      os << ": ";
      expr(*entry.value);
    });
    os << " }";
    return;
  case Expr::Kind::If: {
    auto &branch = cast<IfExpr>(e);
    os << "if ";
    expr(*branch.condition);
    os << " ";
    block(branch.then);
    if (branch.otherwise) {
      os << " else ";
      block(*branch.otherwise);
    }
    return;
  }
  case Expr::Kind::Range:
    os << "(";
    expr(*cast<RangeExpr>(e).low);
    os << "..";
    expr(*cast<RangeExpr>(e).high);
    os << ")";
    return;
  case Expr::Kind::As:
    expr(*cast<AsExpr>(e).value);
    os << " as " << cast<AsExpr>(e).name.text;
    return;
  case Expr::Kind::Scan:
    return scan(cast<ScanExpr>(e));
  }
}

void Printer::type(const TypeExpr &t) {
  switch (t.kind) {
  case TypeExpr::Kind::Plain:
    os << t.name;
    return;
  case TypeExpr::Kind::Tensor:
    os << t.name << "[";
    list(t.dims, [&](const DimExpr &dim) {
      if (dim.kind == DimExpr::Kind::Value)
        expr(*dim.value);
      else
        os << (dim.kind == DimExpr::Kind::Rest ? "..." : "_");
    });
    os << "]";
    return;
  case TypeExpr::Kind::Function:
  case TypeExpr::Kind::Tuple:
    os << (t.kind == TypeExpr::Kind::Function ? "fn(" : "(");
    list(t.fields, [&](const TypeField &field) {
      os << (field.saved ? "saved " : "");
      if (field.name)
        os << field.name.text << ": ";
      type(*field.type);
    });
    os << ")";
    if (t.result) {
      os << " -> ";
      type(*t.result);
    }
    return;
  case TypeExpr::Kind::Union: {
    const char *separator = "";
    for (const TypePtr &alternative : t.alternatives) {
      os << separator;
      type(*alternative);
      separator = " | ";
    }
  }
  }
}

void Printer::block(const Block &block) {
  os << "{";
  ++depth;
  for (const StmtPtr &statement : block.statements) {
    newline();
    stmt(*statement);
  }
  --depth;
  newline();
  os << "}";
}

void Printer::pattern(const Pattern &p) {
  os << (p.tuple ? "(" : "");
  list(p.names, [&](const Name &name) { os << name.text; });
  os << (p.tuple ? ")" : "");
}

void Printer::attributes(const std::vector<Attribute> &attributes) {
  for (const Attribute &attribute : attributes) {
    os << "@" << attribute.name.text << "(";
    list(attribute.arguments, [&](const Name &name) { os << name.text; });
    os << ") ";
  }
}

void Printer::stmt(const Stmt &s) {
  attributes(s.attributes);
  switch (s.kind) {
  case Stmt::Kind::Bind: {
    auto &bind = cast<BindStmt>(s);
    os << (bind.rebindable ? "var " : "let ");
    pattern(bind.pattern);
    if (bind.type) {
      os << ": ";
      type(*bind.type);
    }
    os << " = ";
    return expr(*bind.value);
  }
  case Stmt::Kind::Assign: {
    auto &assign = cast<AssignStmt>(s);
    pattern(assign.pattern);
    os << (assign.update ? " := " : " = ");
    return expr(*assign.value);
  }
  case Stmt::Kind::Owned: {
    auto &owned = cast<OwnedStmt>(s);
    static const char *const words[] = {"param ", "state ", "slot ", "tally "};
    os << words[static_cast<int>(owned.role)] << owned.name.text;
    if (owned.type) {
      os << ": ";
      type(*owned.type);
    }
    os << " = ";
    expr(*owned.initial);
    if (owned.fanIn) {
      os << " fan (";
      expr(*owned.fanIn);
      os << ", ";
      expr(*owned.fanOut);
      os << ")";
    }
    if (owned.path)
      os << " as " << owned.path.text;
    return;
  }
  case Stmt::Kind::Return:
    os << "return";
    if (auto &value = cast<ReturnStmt>(s).value) {
      os << " ";
      expr(*value);
    }
    return;
  case Stmt::Kind::Require:
    os << "require ";
    expr(*cast<RequireStmt>(s).condition);
    os << ", ";
    return expr(*cast<RequireStmt>(s).message);
  case Stmt::Kind::Assert:
    os << "assert ";
    expr(*cast<AssertStmt>(s).condition);
    if (auto &tolerance = cast<AssertStmt>(s).tolerance) {
      os << " within ";
      expr(*tolerance);
    }
    return;
  case Stmt::Kind::Inspect:
    os << "inspect ";
    quoted(cast<InspectStmt>(s).name);
    os << ", ";
    return expr(*cast<InspectStmt>(s).value);
  case Stmt::Kind::Entry: {
    auto &function = *cast<EntryStmt>(s).function;
    os << "entry " << function.name.text << "(";
    list(function.inputs, [&](const Parameter &p) { parameter(p); });
    os << ")";
    if (function.result) {
      os << " -> ";
      type(*function.result);
    }
    os << " ";
    return block(function.body);
  }
  case Stmt::Kind::For: {
    auto &loop = cast<ForStmt>(s);
    os << "for ";
    pattern(loop.pattern);
    os << " in ";
    expr(*loop.range);
    os << " ";
    return block(loop.body);
  }
  case Stmt::Kind::Emit:
    os << "emit ";
    expr(*cast<EmitStmt>(s).value);
    if (auto &axis = cast<EmitStmt>(s).axis) {
      os << " axis ";
      expr(*axis);
    }
    return;
  case Stmt::Kind::Expression:
    return expr(*cast<ExpressionStmt>(s).value);
  case Stmt::Kind::Hook:
    os << cast<HookStmt>(s).name.text << " ";
    return block(cast<HookStmt>(s).body);
  }
}

void Printer::parameter(const Parameter &p) {
  os << p.name.text;
  if (p.type) {
    os << ": ";
    type(*p.type);
  }
  if (p.initial) {
    os << " = ";
    expr(*p.initial);
  }
  if (p.whenTraining)
    os << " when training";
}

void Printer::decl(const Decl &d) {
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(d.doc).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines)
    os << "/// " << line << "\n";
  attributes(d.attributes);
  switch (d.kind) {
  case Decl::Kind::Function: {
    auto &function = cast<FunctionDecl>(d);
    os << (function.kernel ? "kernel " : "") << keyword(function.role) << " " << d.name.text;
    auto parameters = [&](const std::vector<Parameter> &parameters) {
      os << "(";
      list(parameters, [&](const Parameter &p) { parameter(p); });
      os << ")";
    };
    if (function.configured)
      parameters(function.configuration);
    parameters(function.inputs);
    if (function.result) {
      os << " -> ";
      type(*function.result);
    }
    os << " ";
    block(function.body);
    break;
  }
  case Decl::Kind::Gradient: {
    auto &gradient = cast<GradientDecl>(d);
    auto names = [&](const std::vector<Name> &names) { list(names, [&](const Name &name) { os << name.text; }); };
    os << "gradient " << d.name.text << "(";
    if (!gradient.configuration.empty()) {
      names(gradient.configuration);
      os << ")(";
    }
    names(gradient.inputs);
    os << "; ";
    names(gradient.outputs);
    os << "; ";
    names(gradient.gradients);
    os << ") ";
    block(gradient.body);
    break;
  }
  case Decl::Kind::Const:
    os << "const " << d.name.text << " = ";
    expr(*cast<ConstDecl>(d).value);
    break;
  case Decl::Kind::Train:
    os << "train " << d.name.text;
    if (const Name &phase = cast<TrainDecl>(d).phase)
      os << " as " << phase.text;
    os << " {";
    for (const Argument &entry : cast<TrainDecl>(d).entries) {
      os << "\n  " << entry.name.text << " = ";
      ++depth;
      expr(*entry.value);
      --depth;
    }
    os << "\n}";
    break;
  case Decl::Kind::Test: {
    auto &test = cast<TestDecl>(d);
    os << "test ";
    quoted(test.title);
    os << (test.training ? " when training " : " ");
    block(test.body);
    break;
  }
  case Decl::Kind::Import:
    os << "import ";
    quoted(cast<ImportDecl>(d).path);
    break;
  }
  os << "\n";
}

void Printer::file(const File &file) {
  const char *separator = "";
  for (const auto &declaration : file.declarations) {
    os << separator;
    decl(*declaration);
    separator = "\n";
  }
}

void nn::frontend::printFile(const File &file, llvm::raw_ostream &os) { Printer(os).file(file); }
void nn::frontend::printExpr(const Expr &expr, llvm::raw_ostream &os) { Printer(os).expr(expr); }

std::string nn::frontend::textOf(const Expr &expr) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Printer(os).expr(expr);
  return text;
}

std::string nn::frontend::textOf(const TypeExpr &type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Printer(os).type(type);
  return text;
}
