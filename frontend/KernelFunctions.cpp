//===- KernelFunctions.cpp - Functions that stay functions of the module ------------------------------------------===//
//
// A `kernel fn`, and a fn with a written gradient, becomes a private function of the module, one per instantiation, and
// is called.
//
//===--------------------------------------------------------------------------------------------------------------===//
#include "dialect/NN.h"
#include "dialect/Target.h"
#include "frontend/Evaluator.h"
#include "llvm/Support/Casting.h"

using namespace nn::frontend;
using llvm::StringRef;
using llvm::Twine;

/// A private function of the module and what is known of its results.
struct Evaluator::Compiled {
  mlir::func::FuncOp function;
  std::vector<Tensor> results; ///< as the body returned them; their values belong to the function
  std::vector<std::string> names;
  size_t saved = 0; ///< trailing results that only the gradient sees
  bool tuple = false, failed = false;
};

Evaluator::Evaluator(const Program &program, Diagnostics &diagnostics, mlir::ModuleOp module)
    : program(program), diagnostics(diagnostics), emitter(module.getContext()), module(module) {}
Evaluator::~Evaluator() = default;

bool Evaluator::flatten(const Value &value, std::vector<Tensor> &out, Span span) {
  if (value.isTuple())
    return llvm::all_of(value.elements(), [&](const Value &element) { return flatten(element, out, span); });
  mlir::Type element = frame->elements.count("T") ? frame->elements["T"] : mlir::Type(emitter.builder.getF32Type());
  std::optional<Tensor> tensor = toTensor(value, element, span);
  if (tensor)
    out.push_back(*tensor);
  return tensor.has_value();
}

/// The inputs of a function in the order of its declaration: tensors become arguments, the rest is part of the key.
static std::vector<std::pair<std::string, Value>> boundValues(const FunctionDecl &decl, Frame &callee) {
  std::vector<std::pair<std::string, Value>> result;
  for (const auto *list : {&decl.configuration, &decl.inputs})
    for (const Parameter &parameter : *list)
      if (auto it = callee.scope->variables.find(parameter.name.text); it != callee.scope->variables.end())
        result.emplace_back(parameter.name.text, it->second.value);
  return result;
}

Value Evaluator::callFunction(const FunctionDecl &decl, Frame &callee) {
  std::string key = decl.name.text + (decl.span.inLibrary() ? " library" : " user");
  llvm::SmallVector<mlir::Value> operands;
  for (auto &[name, value] : boundValues(decl, callee)) {
    key += " " + name + "=";
    bool holdsTensors = (value.isTuple() || value.isList()) &&
                        llvm::any_of(value.elements(), [](const Value &v) { return v.isTensor(); });
    if (holdsTensors) {
      error(callee.callSpan, "`" + decl.name.text + "` keeps its identity and takes tensors one by one, not `" + name +
                                 "`, a tuple of them");
      return Value::error();
    }
    if (!value.isTensor()) {
      key += names.text(value);
      continue;
    }
    const Tensor &tensor = value.asTensor();
    operands.push_back(tensor.value);
    key += TypeNames().type(tensor.type()) + (tensor.weak ? "~" : "") + "@" + std::to_string(tensor.batch.axis) + "/" +
           std::to_string(tensor.batch.inner);
  }
  std::unique_ptr<Compiled> &slot = functions[key];
  if (!slot)
    slot.reset(compileFunction(decl, callee, key));
  if (slot->failed)
    return Value::error();
  auto call = nn::CallOp::create(emitter.builder, emitter.location, slot->function.getFunctionType().getResults(),
                                 slot->function.getSymName(), operands);
  std::vector<Value> results;
  for (size_t i = 0; i + slot->saved < slot->results.size(); ++i) {
    Tensor result = slot->results[i];
    result.value = call.getResult(i);
    result.trail = nullptr;
    results.push_back(Value::tensor(std::move(result)));
  }
  if (!slot->tuple)
    return results.front();
  std::vector<std::string> resultNames(slot->names.begin(), slot->names.begin() + results.size());
  if (results.size() == 1)
    return results.front();
  return Value::tuple(std::move(results), std::move(resultNames));
}

/// Marks a function of the library as one that code generation may implement directly. A user's function of the same
/// name may mean something else.
static void giveIdentity(mlir::func::FuncOp function, const llvm::Twine &name, const FunctionDecl &decl,
                         Frame &callee) {
  if (!decl.kernel || !decl.span.inLibrary())
    return;
  mlir::OpBuilder b(function);
  llvm::SmallVector<mlir::NamedAttribute> constants;
  for (auto &[argument, value] : boundValues(decl, callee))
    if (value.isBool())
      constants.push_back(b.getNamedAttr(argument, b.getBoolAttr(value.asBool())));
    else if (value.isNumber())
      constants.push_back(b.getNamedAttr(argument, b.getF64FloatAttr(value.asNumber())));
  function->setAttr(nn::kKernelFunctionAttr, b.getStringAttr(name));
  function->setAttr(nn::kConstantsAttr, b.getDictionaryAttr(constants));
}

static std::string freshSymbol(mlir::ModuleOp module, StringRef base) {
  std::string name = base.str();
  for (unsigned i = 1; module.lookupSymbol(name); ++i)
    name = (base + "_" + Twine(i)).str();
  return name;
}

Evaluator::Compiled *Evaluator::compileFunction(const FunctionDecl &decl, Frame &callee, const std::string &key) {
  auto *compiled = new Compiled;
  EntryBuilder *outer = entry;
  mlir::Location outerLocation = emitter.location;
  EntryBuilder body(emitter, module, freshSymbol(module, decl.name.text), /*isPrivate=*/true);
  entry = nullptr;
  Frame inner = callee;
  Scope scope = *callee.scope;
  inner.scope = &scope;
  for (auto &[name, value] : boundValues(decl, callee))
    if (value.isTensor()) {
      const Tensor &given = value.asTensor();
      Tensor argument = Emitter::like(given, body.argument("operand", name, given.type()).value);
      argument.trail = std::make_shared<Trail>(Trail{name, names.type(argument), nullptr});
      scope.variables[name].value = Value::tensor(std::move(argument));
    }
  Value result = run(decl, inner);
  FrameScope inInner(*this, inner);
  compiled->failed = result.isError() || !flatten(result, compiled->results, decl.name.span);
  compiled->tuple = result.isTuple();
  if (decl.result && decl.result->kind == TypeExpr::Kind::Tuple)
    for (const TypeField &field : decl.result->fields) {
      compiled->names.push_back(field.name.text);
      compiled->saved += field.saved;
    }
  compiled->names.resize(compiled->results.size());
  for (auto [name, tensor] : llvm::zip(compiled->names, compiled->results)) {
    if (tensor.weak)
      tensor = emitter.cast(tensor, emitter.builder.getF32Type());
    body.result("output", name, tensor);
  }
  compiled->function = body.finish({});
  entry = outer;
  // Operands of private functions carry no roles.
  compiled->function.setAllArgAttrs(llvm::ArrayRef<mlir::DictionaryAttr>(llvm::SmallVector<mlir::DictionaryAttr>(
      compiled->function.getNumArguments(), emitter.builder.getDictionaryAttr({}))));
  compiled->function.setResAttrsAttr(nullptr);
  giveIdentity(compiled->function, decl.name.text, decl, inner);
  if (compiled->saved)
    compiled->function->setAttr("nn.saved", emitter.builder.getI64IntegerAttr(compiled->saved));
  if (const GradientDecl *gradient = program.gradientOf(&decl); gradient && !compiled->failed)
    compileGradient(*gradient, decl, inner, *compiled);
  if (compiled->failed)
    compiled->function.erase();
  emitter.location = outerLocation;
  return compiled;
}

/// A function of the inputs, the outputs (saved ones included) and the gradients of those that are not saved; it
/// returns one gradient per floating-point input.
void Evaluator::compileGradient(const GradientDecl &gradient, const FunctionDecl &decl, Frame &callee,
                                Compiled &compiled) {
  auto fail = [&](Span span, const Twine &text) {
    error(span, text).note("the function", decl.name.span);
    compiled.failed = true;
  };
  size_t visible = compiled.results.size() - compiled.saved;
  if (gradient.inputs.size() != decl.inputs.size())
    return fail(gradient.name.span, "`" + decl.name.text + "` has " + Twine(decl.inputs.size()) +
                                        (decl.inputs.size() == 1 ? " input" : " inputs") + ", its gradient names " +
                                        Twine(gradient.inputs.size()));
  if (gradient.outputs.size() != compiled.results.size())
    return fail(gradient.name.span, "`" + decl.name.text + "` has " + Twine(compiled.results.size()) +
                                        " results with the saved ones, its gradient names " +
                                        Twine(gradient.outputs.size()));
  if (gradient.gradients.size() != visible)
    return fail(gradient.name.span, "`" + decl.name.text + "` has " + Twine(visible) +
                                        (visible == 1 ? " result" : " results") + ", its gradient names gradients of " +
                                        Twine(gradient.gradients.size()));
  std::string symbol = freshSymbol(module, (compiled.function.getSymName() + "_gradient").str());
  EntryBuilder body(emitter, module, symbol, /*isPrivate=*/true);
  EntryBuilder *outer = entry;
  entry = nullptr;
  Frame inner = callee;
  Scope scope;
  inner.scope = &scope;
  inner.returned.reset();
  for (const auto &[name, variable] : callee.scope->variables)
    if (variable.kind == Variable::Kind::Dimension)
      scope.variables[name] = variable;
  auto define = [&](const Name &name, Value value) {
    Variable variable;
    variable.kind = Variable::Kind::Input;
    variable.value = std::move(value);
    variable.span = name.span;
    scope.variables[name.text] = std::move(variable);
  };
  auto argument = [&](const Name &name, Tensor like) {
    like = Emitter::like(like, body.argument("operand", name.text, like.type()).value);
    like.trail = nullptr;
    define(name, Value::tensor(std::move(like)));
  };
  for (auto [name, parameter] : llvm::zip(gradient.configuration, decl.configuration))
    define(name, callee.scope->variables[parameter.name.text].value);
  llvm::SmallVector<mlir::RankedTensorType> wanted;
  for (auto [name, parameter] : llvm::zip(gradient.inputs, decl.inputs)) {
    Value bound = callee.scope->variables[parameter.name.text].value;
    if (!bound.isTensor()) {
      define(name, bound);
      continue;
    }
    argument(name, bound.asTensor());
    if (mlir::isa<mlir::FloatType>(bound.asTensor().element()))
      wanted.push_back(bound.asTensor().type());
  }
  for (auto [name, result] : llvm::zip(gradient.outputs, compiled.results))
    argument(name, result);
  for (auto [name, result] : llvm::zip(gradient.gradients, compiled.results))
    argument(name, result);
  FrameScope inInner(*this, inner);
  Value last = Value::none();
  execute(gradient.body, &last);
  Value result = inner.returned ? *inner.returned : last;
  std::vector<Tensor> gradients;
  if (result.isError() || !flatten(result, gradients, gradient.name.span))
    compiled.failed = true;
  else if (gradients.size() != wanted.size())
    fail(gradient.name.span, "the gradient of `" + decl.name.text + "` returns " + Twine(gradients.size()) +
                                 " values, and " + Twine(wanted.size()) + " inputs can have a gradient");
  else
    for (auto [i, type] : llvm::enumerate(wanted))
      if (gradients[i].type() != type) {
        fail(gradient.name.span, "gradient " + Twine(i + 1) + " of `" + decl.name.text + "` is " +
                                     names.type(gradients[i]) + ", and its input is " + names.type(type));
        break;
      }
  for (const Tensor &tensor : gradients)
    body.result("gradient", "", tensor);
  mlir::func::FuncOp function = body.finish({});
  entry = outer;
  function.setAllArgAttrs(llvm::ArrayRef<mlir::DictionaryAttr>(
      llvm::SmallVector<mlir::DictionaryAttr>(function.getNumArguments(), emitter.builder.getDictionaryAttr({}))));
  function.setResAttrsAttr(nullptr);
  if (gradient.span.inLibrary())
    giveIdentity(function, decl.name.text + "_gradient", decl, callee);
  compiled.function->setAttr("nn.gradient", mlir::FlatSymbolRefAttr::get(function));
  if (compiled.failed)
    function.erase();
}
