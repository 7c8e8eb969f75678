//===- Evaluator.h - Instantiation by evaluation ------------------------------------------------------------------===//
//
// Walks the syntax tree with compile-time values and builds ops for what depends on tensors: calling a layer evaluates
// its body into the function at hand. Each entry of a module evaluates the model's body again, in its own mode. After a
// mistake the value is Error, which makes nothing but silent errors.
//
// The members are spread over EvaluateExpr, EvaluateStmt, Arithmetic, Coercion, Index, Call, Apply, KernelFunctions,
// Scan, Signature, Owned, OptimizerBody and TestBlocks (.cpp).
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_EVALUATOR_H
#define NN_FRONTEND_EVALUATOR_H

#include "frontend/Entry.h"
#include "frontend/Program.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace nn::frontend {

struct Variable {
  enum class Kind { Let, Var, Dimension, Input, Owned, Carried };
  Kind kind = Kind::Let;
  unsigned scans = 0; ///< how many scans stood around the declaration
  Value value;
  Span span;
  std::string path;                           ///< of an owned value
  std::shared_ptr<const DimensionNames> dims; ///< of an owned value
};

struct Scope {
  Scope *outer = nullptr;
  std::map<std::string, Variable, std::less<>> variables;
};

struct ScanBody;
struct TestCase;

/// Metrics are evaluated twice: to add to their tallies, and to compute the result from them.
enum class MetricPhase { None, Accumulate, Result };

/// One call that is being evaluated, or the top level of a file or train block.
struct Frame {
  const FunctionDecl *decl = nullptr;
  Frame *caller = nullptr;
  Span callSpan;
  const Source *source = nullptr;
  Scope *scope = nullptr;
  std::map<std::string, mlir::Type> elements;          ///< element variables such as T
  std::optional<llvm::SmallVector<int64_t>> rest;      ///< what `...` stands for in the signature
  std::string path;                                    ///< of the layer, then of the loops around the statement at hand
  std::shared_ptr<Instance> instance;                  ///< of a layer
  std::map<std::string, unsigned> *counters = nullptr; ///< applications and loops so far, per kind, in this path
  std::optional<Value> returned;
  unsigned draws = 0, application = 0; ///< random draws so far; how often the instance was applied before
  /// Parameters that a compile-time `if` declared, by the text of its condition.
  std::map<std::string, std::map<std::string, Variable>> conditional;
  std::vector<std::string> conditions; ///< of the taken branches around the statement at hand
  MetricPhase metric = MetricPhase::None;
  ScanBody *scan = nullptr; ///< the innermost scan of this call around the statement at hand
};

/// The frame of a call, with a scope of its own in which the configuration has its values.
struct CallFrame : Frame {
  CallFrame(const FunctionDecl *decl, Frame *caller, Span span, llvm::ArrayRef<Value> configuration = {});
  CallFrame(const CallFrame &) = delete;
  void define(const Name &name, Value value);

private:
  Scope inputs;
  std::map<std::string, unsigned> ordinals;
};

/// What an optimizer's body is evaluated for.
enum class UpdatePhase {
  Update,     ///< the weight and the slots get their next values
  Initialise, ///< slots get their first values
  Before,     ///< where is the gradient taken?
  Evaluate,   ///< which value do evaluation and the written weights use?
};

/// The parameter that an optimizer works on.
struct WeightUpdate {
  const OwnedValue *parameter = nullptr;
  UpdatePhase phase = UpdatePhase::Update;
  std::optional<Tensor> hook;           ///< the value of `before` or `evaluate`
  const Callable *constraint = nullptr; ///< what the innermost optimizer's update is followed by
};

struct Arg {
  std::string name; ///< empty for a positional one
  Value value;
  Span span;
};

/// What the values of a data field may be.
struct IdRange {
  int64_t limit;   ///< 0 .. limit-1
  int64_t ignored; ///< and this value outside that range; 0: no other
};

/// One row of `summary`.
struct LayerRow {
  std::string path, kind;
  mlir::RankedTensorType output;
  int64_t receptiveField = 0;
};

class Evaluator {
public:
  Evaluator(const Program &program, Diagnostics &diagnostics, mlir::ModuleOp module);
  ~Evaluator();

  const Program &program;
  Diagnostics &diagnostics;
  Emitter emitter;
  mlir::ModuleOp module;
  TypeNames names;
  OwnedSet owned;
  EntryBuilder *entry = nullptr;                 ///< the function that is being built
  Frame *frame = nullptr;                        ///< the call that is being evaluated
  const FunctionDecl *model = nullptr;           ///< that is being compiled; null in tests
  WeightUpdate *update = nullptr;                ///< while an optimizer's body is evaluated
  std::map<std::string, IdRange> recordRanges;   ///< data fields whose values are ids
  std::vector<LayerRow> *rows = nullptr;         ///< where applications of layers are noted, if anywhere
  std::map<std::string, int64_t> dimensions;     ///< free dimensions of the model, such as batch
  unsigned scanDepth = 0;                        ///< scans around the place where ops are built
  std::vector<Tensor> scanSteps;                 ///< their counters, outermost first
  llvm::DenseMap<mlir::Value, int64_t> scanLast; ///< the largest values of their variables
  std::vector<std::string> frozen;               ///< globs of what training leaves as it is
  TestCase *test = nullptr;                      ///< that is being evaluated
  llvm::StringMap<const FunctionDecl *> untaken; ///< layers by the names that branches which are not taken give them
  bool inFurtherEntry = false;                   ///< in the body of `further`
  const EntryStmt *further = nullptr;            ///< the entry of the model that is being built
  Value furtherResult;                           ///< and what it returns
  unsigned rounds = 0, calls = 0;                ///< rounds of loops and calls so far, which are bounded

  // Messages. In library code they are given at the user's call.
  Diagnostic &error(Span span, const llvm::Twine &text);
  /// A warning, or null in library code that no user's code calls.
  Diagnostic *warn(Span span, llvm::StringRef name, const llvm::Twine &text);
  /// Warns where records are indexed along `axis` with the indices of all of them, or picked by a field of the data.
  void lintIndexed(const Tensor &x, const Tensor &index, int64_t axis, Span span);
  Span userSpan(Span span) const;
  /// The user's text that an op was built for; no span where nothing is known of the location.
  Span spanOf(mlir::Location location) const;
  /// Adds the chain of shapes that led to `value`, if it is a tensor.
  void addTrail(Diagnostic &diagnostic, const Value &value, llvm::StringRef what = "") const;

  /// The entry tells how many elements of x are NaN, and how many infinite: f32[2], under the role "facts".
  void observeFacts(const std::string &name, const Tensor &x);

  // Expressions.
  Value evaluate(const Expr &expr);
  /// Evaluates an argument for a parameter of type `type`, whose words it may name.
  Value evaluateFor(const Expr &expr, const TypeExpr *type);
  Value binary(BinaryOp op, Value lhs, Value rhs, Span span);
  Value negate(const Value &value, Span span);
  Value logicalNot(const Value &value, Span span);
  Value select(const Value &condition, Value a, Value b, Span span);
  Value index(const IndexExpr &expr);
  std::optional<int64_t> evaluateInteger(const Expr &expr, const llvm::Twine &what);
  /// The value, or an error where it is a tensor or list that is too large.
  Value bounded(Value value, Span span);
  std::optional<bool> evaluateCondition(const Expr &expr);

  // Coercions.
  /// The tensor of `value`: numbers become constants of `like`'s element type. Nothing after an error.
  std::optional<Tensor> toTensor(const Value &value, mlir::Type element, Span span);
  std::optional<Tensor> literal(const Value &list, mlir::Type element, Span span);
  bool fits(const Value &number, mlir::Type element, Span span);
  /// Brings operands to one element type and shape, for elementwise functions.
  bool unify(Value &lhs, Value &rhs, llvm::StringRef what, Span span, Tensor &a, Tensor &b, bool floating = false);
  /// A weak or f64 scalar tensor of a compile-time number or tensor, for schedules and optimizers.
  Tensor weakScalar(double value);

  // Calls.
  Value call(const CallExpr &expr, const Value *piped, Span pipedSpan, const Name *as);
  Value pipe(const PipeExpr &expr);
  /// Gives `callable` its configuration.
  Value configure(const Callable &callable, std::vector<Arg> arguments, Span span);
  /// Calls a configured callable with its inputs.
  Value apply(const Callable &callable, std::vector<Arg> inputs, Span span, const Name *as = nullptr);
  /// Calls `grad(f)`.
  Value applyGradient(const Callable &callable, std::vector<Arg> inputs, Span span);
  Value applyBuiltin(const Builtin &builtin, std::vector<Arg> arguments, Span span);
  /// The callable with its configuration's defaults, where it has two lists and no configuration yet.
  Value withDefaults(const Value &value, Span span);
  /// Evaluates a declaration's body in a frame whose inputs `bind` puts there.
  Value run(const FunctionDecl &decl, Frame &callee);

  // Signatures.
  bool bindInput(const Parameter &parameter, Value value, Span span, Frame &callee);
  bool matchConfiguration(const Parameter &parameter, Value &value, Span span, const FunctionDecl &decl);
  /// The tensor type of a declaration such as `T[units, n]` in the current frame.
  std::optional<mlir::RankedTensorType> resolve(const TypeExpr &type);
  /// What the dimensions of a declared tensor are called.
  std::shared_ptr<const DimensionNames> dimensionNames(const TypeExpr &type) const;
  Value checkResult(const FunctionDecl &decl, Value value, Span span);
  mlir::Type resolveElement(llvm::StringRef name, Span span);

  // Statements.
  enum class Flow { Next, Return };
  Flow execute(const Block &block, Value *last = nullptr);
  Flow execute(const Stmt &stmt, Value *last);
  Value evaluateIf(const IfExpr &expr);

  // Owned values and instances (Owned.cpp).
  void declareOwned(const OwnedStmt &stmt);
  bool countsRows(const DimExpr &dim);
  std::shared_ptr<Instance> makeInstance(const std::string &component, Span span);
  std::string numbered(const std::string &kind);
  void countApplications(const Block &deadBranch);
  Value readVariable(const Variable &variable);
  void updateOwned(const Variable &variable, const Value &value, const Name &name);
  /// The first value of an owned tensor, evaluated in the `init` entry.
  Tensor initialValue(const OwnedValue &value);
  bool isFrozen(llvm::StringRef path) const;
  struct Draw {
    mlir::Value seed, step;
    mlir::Type element;
    int64_t path;
    unsigned number, application;
  };
  std::optional<Draw> draw(Span span);
  Value randomUniform(llvm::ArrayRef<int64_t> shape, Span span);
  /// What a layer hands to a function that draws: i64[2]. Draws from equal counters are equal.
  Value randomCounter(Span span);
  Value randomUniform(llvm::ArrayRef<int64_t> shape, const Tensor &counter);

  // Optimizers (OptimizerBody.cpp).
  /// Evaluates the body of an optimizer for the parameter of `update`; its slots lie under `path`.
  void runOptimizer(const Callable &optimizer, const std::string &path, const Value &gradient, const Value &t,
                    Span span);

  // Variables.
  Variable *find(llvm::StringRef name);
  const Variable *find(llvm::StringRef name) const { return const_cast<Evaluator *>(this)->find(name); }
  void declare(const Name &name, Variable variable);
  Value lookup(llvm::StringRef name, Span span);
  std::vector<std::string> visibleNames() const;
  /// The value of a file-level constant.
  Value constant(const ConstDecl &decl);

  /// Makes `span` the place of the ops that are built until the object dies; library code keeps the user's place.
  class LocationScope {
  public:
    LocationScope(Evaluator &evaluator, Span span);
    ~LocationScope() { evaluator.emitter.location = before; }

  private:
    Evaluator &evaluator;
    mlir::Location before;
  };
  /// Enters a block: names that are declared until the object dies are forgotten then.
  class BlockScope {
  public:
    explicit BlockScope(Frame &frame) : frame(frame) {
      scope.outer = frame.scope;
      frame.scope = &scope;
    }
    ~BlockScope() { frame.scope = scope.outer; }
    Scope scope;

  private:
    Frame &frame;
  };
  /// Makes `callee` the current frame.
  class FrameScope {
  public:
    FrameScope(Evaluator &evaluator, Frame &callee) : evaluator(evaluator), before(evaluator.frame) {
      evaluator.frame = &callee;
    }
    ~FrameScope() { evaluator.frame = before; }

  private:
    Evaluator &evaluator;
    Frame *before;
  };

private:
  struct Compiled;
  Value callFunction(const FunctionDecl &decl, Frame &callee);
  Compiled *compileFunction(const FunctionDecl &decl, Frame &callee, const std::string &key);
  void compileGradient(const GradientDecl &gradient, const FunctionDecl &decl, Frame &callee, Compiled &compiled);
  bool bindInputs(const FunctionDecl &decl, std::vector<Arg> inputs, Span span, Frame &callee);
  bool matchDims(const TypeExpr &type, const Tensor &tensor, Frame &callee, std::string &reason);
  bool flatten(const Value &value, std::vector<Tensor> &out, Span span);
  Value leaveTrail(Value value, const Value *input, llvm::StringRef label, Span span);
  void lintChance(const Tensor &a, const Tensor &b, llvm::StringRef what, Span span);
  Value matmul(const Value &lhs, const Value &rhs, Span span);
  Value foldNumbers(BinaryOp op, const Value &a, const Value &b, Span span);
  Value power(const Value &base, const Value &exponent, Span span);
  Value member(const MemberExpr &expr);
  Value indexSequence(const Value &base, const IndexExpr &expr);
  void bindPattern(const Pattern &pattern, Value value, Variable::Kind kind, Span span);
  void assign(const AssignStmt &stmt);
  void loop(const ForStmt &stmt, Flow &flow);
  Value scan(const ScanExpr &expr);
  void emit(const EmitStmt &stmt);
  std::optional<Tensor> firstCarried(const Carry &carry);
  void updateCarried(Variable &variable, const Value &value, const Name &name);
  Value startingValue(Value value, const TypeExpr *type, Span span);
  bool require(const RequireStmt &stmt);
  struct Asserted;
  std::optional<Asserted> asserted(const AssertStmt &stmt);
  void assertion(const AssertStmt &stmt);
  void assertInModel(const AssertStmt &stmt, const Value &condition);
  void inspect(const InspectStmt &stmt);
  Value watch(const Value &output, const std::string &name);
  void furtherEntry(const EntryStmt &stmt);
  std::optional<Value> matchTensor(const TypeExpr &type, const Value &value, Span span, Frame &callee,
                                   const std::string &wanted);
  std::optional<Value> matchTuple(const Parameter &parameter, const TypeExpr &type, const Value &value, Span span,
                                  Frame &callee);
  bool matchFunction(const TypeExpr &type, const Value &value, std::string &reason);
  Value checkFunctionResult(const Callable &callable, llvm::ArrayRef<Arg> inputs, Value value);
  void startHere(const OwnedValue &value);
  void tally(const OwnedStmt &stmt);
  void scheduleState(const OwnedStmt &stmt);
  bool isTraining(const Frame &layer) const;
  Value applyOptimizer(const Callable &optimizer, const std::vector<Arg> &inputs, Span span);
  void hook(const HookStmt &stmt);
  void countApplications(const Expr *expr);
  bool mayBeTensor(const Expr &expr) const;
  const FunctionDecl *layerNamed(const Expr &callee) const;

  std::map<std::string, std::unique_ptr<Compiled>> functions;
  std::map<const ConstDecl *, Value> constants;
  std::set<const ConstDecl *> evaluating;
  llvm::DenseMap<mlir::Attribute, Span> spans; ///< of the lines and columns that ops were given
};

} // namespace nn::frontend

#endif // NN_FRONTEND_EVALUATOR_H
