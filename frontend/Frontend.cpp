//===- Frontend.cpp - What tools ask of the frontend
//------------------------------------------------------------------===//
#include "frontend/Frontend.h"
#include "frontend/AstPrinter.h"
#include "frontend/Library.h"
#include "frontend/Parser.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/raw_ostream.h"

using namespace nn::frontend;

bool nn::frontend::printAst(const FrontendOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &messages) {
  Diagnostics diagnostics;
  Source source(options.path, options.text, /*library=*/false);
  std::unique_ptr<File> file = parseFile(source, diagnostics);
  diagnostics.print(messages);
  if (diagnostics.hasErrors())
    return false;
  printFile(*file, out);
  return true;
}

std::optional<std::string> nn::frontend::showDefinition(const std::string &name, const FrontendOptions &options,
                                                        std::string &suggestion) {
  Diagnostics diagnostics;
  SourceSet sources;
  std::vector<std::string> names;
  for (LibraryFile &text : libraryFiles(options.stdlibDir)) {
    const Source &source = sources.add(text.path, std::move(text.text), /*library=*/true);
    std::unique_ptr<File> file = parseFile(source, diagnostics);
    for (const auto &declaration : file->declarations) {
      names.push_back(declaration->name.text);
      if (declaration->name.text != name || declaration->kind == Decl::Kind::Gradient)
        continue;
      auto *function = llvm::dyn_cast<FunctionDecl>(declaration.get());
      Span span = function ? cover(declaration->span, function->body.span) : declaration->span;
      std::string text;
      llvm::SmallVector<llvm::StringRef> lines;
      llvm::StringRef(declaration->doc).split(lines, '\n', -1, /*KeepEmpty=*/false);
      for (llvm::StringRef line : lines)
        text += "/// " + line.str() + "\n";
      return text + span.text().str() + "\n";
    }
  }
  suggestion = nearest(name, names);
  return std::nullopt;
}
