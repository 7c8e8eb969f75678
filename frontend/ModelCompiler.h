//===- ModelCompiler.h - One model to one module ------------------------------------------------------------------===//
//
// Builds the entry functions of a model and of its train block, each by evaluating the model's body in its mode, and
// the module's description. Records.cpp has what entries have in common, Entries.cpp and EvaluationEntries.cpp the
// entries, Optimizer.cpp the update, Summary.cpp the rows.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_MODELCOMPILER_H
#define NN_FRONTEND_MODELCOMPILER_H

#include "frontend/TrainBlock.h"

namespace nn::frontend {

class ModelCompiler {
public:
  /// Which dimensions may stay unbound: they get made-up extents, which messages and the summary print as their names.
  enum class Open { None, Batch, All };

  /// `train` may be null: then only `init` and `predict` are made.
  ModelCompiler(const Program &program, Diagnostics &diagnostics, mlir::ModuleOp module, const FunctionDecl &model,
                const TrainDecl *train, Open open);

  /// Builds everything. Errors are in the diagnostics.
  void run();

private:
  using Named = std::vector<std::pair<std::string, Tensor>>;

  // Dimensions and inputs.
  bool bindDimensions();
  bool resolveInputs();
  void setBatch(int64_t batch);

  // Parts of entries (Records.cpp).
  static const Tensor *find(const Named &list, llvm::StringRef name);
  Named records(EntryBuilder &entry);
  std::optional<Named> inputsOf(const Named &records);
  std::optional<Named> targetsOf(const Named &records, const Named &inputs);
  Value applyModel(EntryBuilder &entry, const Named &inputs);
  Named outputsOf(const Value &result) const;
  Value lossOf(const Named &outputs, const Named &targets, const Named &inputs, const Named &records);
  std::optional<Value> evaluateIn(const Expr &expr, const std::vector<const Named *> &scopes);
  Value applyMetric(EntryBuilder &entry, const Callable &metric, const std::string &name, MetricPhase phase,
                    const std::vector<Value> &arguments);
  std::vector<std::pair<std::string, Value>> metricsOf();

  // Entries.
  void buildInit();
  void buildLoss();
  void buildTrainStep(bool log);
  void buildGradients(bool fromInputs);
  void buildEvaluate();
  void buildResult();
  void buildPredict();
  void buildPredictRecord();
  /// Calls @loss with what the entry has, and asks for gradients of the arguments with a role in `wrt`.
  std::vector<Tensor> valueAndGradients(EntryBuilder &entry, const Named &inputs, const Named &targets,
                                        llvm::ArrayRef<llvm::StringRef> wrt, std::vector<size_t> &indices);

  // Optimizer.
  const Callable *optimizer();
  Tensor learningRate(EntryBuilder &entry, Callable &optimizer);
  void updateParameter(EntryBuilder &entry, const Callable &optimizer, const OwnedValue &parameter,
                       const Value &gradient, const Value &t, bool initialising);

  // Description.
  void describe();
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
  std::vector<EntryBuilder::Slot> lossArguments, lossResults;
  std::vector<std::pair<std::string, mlir::RankedTensorType>> outputTypes, targetTypes; ///< with marks in the two below
  std::vector<BatchMark> outputMarks, targetMarks;
  std::optional<Value> optimizerValue;
  std::vector<LayerRow> rows;
};

} // namespace nn::frontend

#endif // NN_FRONTEND_MODELCOMPILER_H
