//===- AstPrinterDecl.cpp - Statements and declarations as text ---------------------------------------------------===//
#include "frontend/AstPrinterImpl.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::cast;

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
