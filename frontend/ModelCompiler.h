//===- ModelCompiler.h - One model to one module ------------------------------------------------------------------===//
//
// Builds the entry functions of a model and of its train block, each by evaluating the model's body in its mode, and
// the module's description. Records.cpp has what entries have in common, Entries.cpp and EvaluationEntries.cpp the
// entries, Optimizer.cpp the update, Schedules.cpp the learning rate, Summary.cpp the rows.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_MODELCOMPILER_H
#define NN_FRONTEND_MODELCOMPILER_H

#include "frontend/PathRules.h"
#include "frontend/TrainBlock.h"

namespace nn::frontend {

class ModelCompiler {
public:
  /// Which dimensions may stay unbound: they get made-up extents, which messages and the summary print as their names.
  /// With `All` the model is only checked: entries that could not say anything new are not built.
  enum class Open { None, Batch, All };

  /// `train` may be null: then only `init` and `predict` are made. `withCheck` adds the entries that look for mistakes.
  ModelCompiler(const Program &program, Diagnostics &diagnostics, mlir::ModuleOp module, const FunctionDecl &model,
                const TrainDecl *train, Open open, bool withCheck = false);

  /// Builds everything and, where wanted, looks for what is most likely a mistake. Errors are in the diagnostics.
  void run(bool lints = true);

private:
  using Named = std::vector<std::pair<std::string, Tensor>>;
  struct Example {
    Named inputs, targets, weights; ///< one weight, or none
  };
  /// A private function of parameters, state, inputs and targets: the loss, then what else comes of it.
  struct LossFunction {
    std::string name;
    std::vector<EntryBuilder::Slot> arguments, results;
  };

  // Dimensions and inputs.
  bool bindDimensions();
  bool resolveInputs();
  void setBatch(int64_t batch);

  // Parts of entries (Records.cpp).
  static const Tensor *find(const Named &list, llvm::StringRef name);
  Named records(EntryBuilder &entry, int64_t batches = 1);
  std::optional<Named> inputsOf(const Named &records);
  std::optional<Named> targetsOf(const Named &records, const Named &inputs);
  std::optional<Named> weightsOf(const Named &records, const Named &inputs);
  std::optional<Example> exampleOf(const Named &records);
  Value applyModel(EntryBuilder &entry, const Named &inputs);
  Named outputsOf(const Value &result) const;
  Value lossOf(const Named &outputs, const Example &example, const Named &records);
  Value weightedLossOf(const Named &outputs, const Example &example, const Named &records);
  std::optional<Value> evaluateIn(const Expr &expr, const std::vector<const Named *> &scopes);

  // Metrics (Metrics.cpp).
  struct Metric {
    std::string name;
    const Expr *expr;
    bool rising; ///< a larger value may be the better one: it is no loss
  };
  /// What the loss and metrics of a batch are made of.
  struct BatchValues {
    Named records, inputs, targets, outputs;
  };
  std::vector<Metric> metricsOf();
  void checkMetricNames();
  bool takesAll(const Callable &function, const Named &outputs, const Named &targets, Span span);
  Value metricValue(const Metric &metric, MetricPhase phase, const BatchValues &values, bool &counts);

  // Entries.
  void buildInit();
  mlir::func::FuncOp buildSlots();
  LossFunction buildLoss(llvm::StringRef name, bool watched);
  void noteOutputs(const Named &outputs);
  void buildTrainStep();
  void buildGradients(bool fromInputs);
  void buildEvaluate(mlir::func::FuncOp predict);
  Tensor weightOfRows(const Example &example);
  void buildResult();
  bool isFollowed(llvm::StringRef result);
  mlir::func::FuncOp buildPredict();
  void buildPredictRecord(mlir::func::FuncOp predict);
  void buildFurtherEntries();
  void buildExport();

  // Entries that look for mistakes (CheckEntries.cpp).
  void buildCheck();
  void buildCheck(const std::string &doubleLoss, bool gradient);
  struct Direction {
    size_t order;     ///< of the layer
    int64_t argument; ///< of the loss: a parameter
    std::string layer;
    Tensor value;
  };
  llvm::SmallVector<mlir::Value> movedOperands(EntryBuilder &entry, const Example &example,
                                               std::vector<Direction> &directions);
  void buildDiagnose();
  /// Calls the function with what the entry has, and asks for gradients of the arguments with a role in `wrt`
  /// ("trained" are the parameters that are not frozen). `step` is what random draws count, where it is not the step.
  std::vector<Tensor> valueAndGradients(EntryBuilder &entry, const LossFunction &function, const Example &example,
                                        mlir::Value step, llvm::ArrayRef<llvm::StringRef> wrt,
                                        std::vector<size_t> &indices);
  /// Loss and gradients of a step: of one batch, or the means over several.
  struct StepGradients {
    Tensor loss;
    std::vector<Tensor> gradients;
    std::vector<size_t> indices; ///< of what they belong to among the function's arguments
  };
  std::optional<StepGradients> stepGradients(EntryBuilder &entry, const LossFunction &function, const Named &records,
                                             llvm::ArrayRef<llvm::StringRef> wrt, bool updates = true);
  void passOn(EntryBuilder &entry, const LossFunction &function, llvm::ArrayRef<Tensor> results, bool updates);
  void clip(EntryBuilder &entry, std::vector<Tensor> &gradients);

  // What a train block says of single parameters (Parameters.cpp).
  std::vector<std::string> parameterPaths() const;
  bool readParameterRules();
  bool checkParameterRules();
  Tensor withPenalty(EntryBuilder &entry, Tensor loss);

  // Optimizers.
  const PathRules *optimizers();
  bool checkOptimizers();
  /// Whether some optimizer has `before` or `evaluate`.
  bool anyHook(llvm::StringRef name);
  /// Evaluates an optimizer's body; returns the hook's value where the phase asks for it.
  std::optional<Tensor> runOptimizer(const Callable &optimizer, const OwnedValue &parameter, const Value &gradient,
                                     const Value &t, UpdatePhase phase);
  std::vector<std::pair<const OwnedValue *, Tensor>>
  lookAhead(EntryBuilder &entry, const std::map<const PathRule *, Callable> &scheduled, const Value &t);
  std::vector<std::pair<const OwnedValue *, Tensor>> evaluated(EntryBuilder &entry);
  void useEvaluated(EntryBuilder &entry);
  void checkPlaceholders(const EntryBuilder &entry);

  // Schedules.
  Value atThisStep(EntryBuilder &entry, const Value &value, bool isRate, const std::string &path);
  bool checkStop();
  void checkCarried();
  bool checkValidation(llvm::StringRef result, Span span, llvm::StringRef who);
  Tensor stepsOf(EntryBuilder &entry, double epochs);
  /// The optimizer with `stand` in place of all that depends on the step.
  static Callable withoutStep(const Callable &optimizer, const Value &stand);
  /// The optimizer with this step's values; `rate` becomes that of `lr`, which is the hyper `lr` where `isHyper`.
  Callable scheduled(EntryBuilder &entry, const Callable &optimizer, bool isHyper, const std::string &path,
                     Tensor &rate);
  /// What the state of the schedules of the optimizer at this place lies under.
  std::string optimizerPath(size_t index) const;
  /// All optimizers with this step's values; returns the learning rate of the last one, which is the one for most.
  Tensor learningRates(EntryBuilder &entry, std::map<const PathRule *, Callable> &scheduled);

  // Lints (ModelLints.cpp).
  void runLints();
  void lintLearningRates();

  // Description.
  void describe();
  std::string describeSource() const;
  void describeLayers();

  Evaluator evaluator;
  Diagnostics &diagnostics;
  mlir::ModuleOp module;
  const FunctionDecl &model;
  Open open;
  TrainBlock train;
  Frame top; ///< where the train block's expressions are evaluated
  Scope topScope;
  std::string batchName;
  std::vector<std::pair<std::string, mlir::RankedTensorType>> inputTypes;
  bool withCheck;
  LossFunction loss;
  std::vector<EntryBuilder::Slot> predictArguments;
  llvm::SmallVector<mlir::Value> lossOutputs; ///< of the model, in @loss
  Named predicted;                            ///< the model's outputs in @predict
  BatchValues measured;                       ///< in @evaluate, with their types
  std::vector<std::pair<mlir::RankedTensorType, BatchMark>> measuredTypes;
  std::set<std::string> countingMetrics; ///< that apply a `metric`; the others are means
  std::optional<PathRules> optimizerRules, penalties, constraints;
  std::vector<LayerRow> rows;
};

/// The path that an op's location names, from the outermost name.
llvm::StringRef layerOf(mlir::Location location);

} // namespace nn::frontend

#endif // NN_FRONTEND_MODELCOMPILER_H
