//===- GenerateRecords.cpp - Records that a function of the program computes --------------------------------------===//
//
// `generate(fn, n)`: the function is applied to the number of an example, in an entry of its own that the runtime calls
// n times. Random numbers of it are counted by the seed and that number.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "frontend/AstPrinter.h"
#include "frontend/DataSource.h"

using namespace nn::frontend;

/// The record of the example at hand: one tensor per field. Empty after an error.
static std::vector<std::pair<std::string, Tensor>> record(Evaluator &evaluator, EntryBuilder &entry,
                                                          const DataSource &source, llvm::StringRef soleName) {
  Value function = evaluator.withDefaults(evaluator.evaluate(*source.generator), source.generator->span);
  if (function.isError())
    return {};
  const FunctionDecl *decl = function.isCallable() ? function.asCallable().decl : nullptr;
  if (!decl || decl->role != FunctionDecl::Role::Function || decl->inputs.size() != 1) {
    evaluator
        .error(source.generator->span, "`generate` takes a function of one number, and this is " +
                                           (decl && decl->role == FunctionDecl::Role::Function
                                                ? "one of " + std::to_string(decl->inputs.size()) + " numbers"
                                                : evaluator.names.describe(function)))
        .hint("`fn sample(i: i32) -> (x: f32[10], label: i32) { … }` makes the record number i, from 0");
    return {};
  }
  mlir::OpBuilder &builder = evaluator.emitter.builder;
  const auto &type = decl->inputs.front().type;
  mlir::Type element = type && type->dims.empty() ? elementType(type->name, builder.getContext()) : mlir::Type();
  Tensor number;
  number.value = entry.step();
  number = evaluator.emitter.cast(number, element ? element : mlir::Type(builder.getI32Type()));
  // Random numbers are drawn as in a layer: the step that counts them is the example's number.
  FunctionDecl maker(source.generator->span, FunctionDecl::Role::Layer);
  Frame frame;
  Scope scope;
  frame.decl = &maker;
  frame.caller = evaluator.frame;
  frame.source = source.generator->span.source;
  frame.scope = &scope;
  Evaluator::FrameScope inMaker(evaluator, frame);
  Value result = evaluator.apply(function.asCallable(), {{"", Value::tensor(number), source.generator->span}},
                                 source.generator->span);
  std::vector<std::pair<std::string, Tensor>> fields;
  if (result.isTensor() || result.isNumber()) {
    if (auto tensor = evaluator.toTensor(result, builder.getF32Type(), source.span))
      fields.emplace_back(soleName.str(), *tensor);
    return fields;
  }
  if (!result.isTuple()) {
    if (!result.isError())
      evaluator.error(source.generator->span, "the record is a tensor or several with names, and `" + decl->name.text +
                                                  "` returns " + evaluator.names.describe(result));
    return {};
  }
  for (auto [value, name] : llvm::zip(result.elements(), result.names())) {
    auto tensor = evaluator.toTensor(value, builder.getF32Type(), source.span);
    if (!tensor)
      return {};
    if (name.empty()) {
      evaluator.error(source.generator->span, "the results of `" + decl->name.text + "` are fields and need names")
          .hint("`fn " + decl->name.text + "(…) -> (x: f32[10], label: i32)` names them");
      return {};
    }
    fields.emplace_back(name, *tensor);
  }
  return fields;
}

bool nn::frontend::readGenerated(Evaluator &evaluator, llvm::StringRef soleName, DataSource &source) {
  EntryBuilder scratch(evaluator.emitter, evaluator.module, "record");
  EntryBuilder *before = std::exchange(evaluator.entry, &scratch);
  for (const auto &[name, tensor] : record(evaluator, scratch, source, soleName))
    source.fields.push_back({name, tensor.type(), {}, false});
  scratch.finish({}).erase();
  evaluator.entry = before;
  return !source.fields.empty();
}

void nn::frontend::buildGenerated(Evaluator &evaluator, llvm::StringRef entryName, llvm::StringRef soleName,
                                  const DataSource &source) {
  EntryBuilder entry(evaluator.emitter, evaluator.module, entryName);
  evaluator.entry = &entry;
  for (const auto &[name, tensor] : record(evaluator, entry, source, soleName))
    entry.result("output", name, tensor);
  entry.finish({});
  evaluator.entry = nullptr;
}
