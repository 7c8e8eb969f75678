//===- AstPrinter.cpp - The syntax tree as text -------------------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/AstPrinterImpl.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::cast;

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
