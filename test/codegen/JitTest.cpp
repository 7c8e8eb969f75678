// Compiles a module of the loops stage into this process and runs its entries: init, one training step, prediction,
// against numbers computed here. Also checks that the description's structures have the layout of runtime/abi.h.
#include "codegen/Compile.h"
#include "codegen/LowerToLLVM.h"
#include "dialect/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "runtime/abi.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

static int failures = 0;
static void expect(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "FAILED: %s\n", what);
  ++failures;
}

static const nnrt_entry *find(const nnrt_model &model, const char *name) {
  for (int64_t i = 0; i < model.n_entries; ++i)
    if (!strcmp(model.entries[i].name, name))
      return &model.entries[i];
  return nullptr;
}

static const nnrt_tensor *find(const nnrt_entry &entry, nnrt_role role) {
  for (int64_t i = 0; i < entry.n_tensors; ++i)
    if (entry.tensors[i].role == role)
      return &entry.tensors[i];
  return nullptr;
}

static void checkDescription(const nnrt_model &model) {
  expect(model.abi == NNRT_ABI_VERSION && model.pointer_bits == 64, "the version of the ABI");
  expect(!strcmp(model.name, "SoftmaxRegression") && !strcmp(model.source_hash, "0123abcd"), "name and hash");
  expect(model.n_entries == 3 && model.n_owned == 1 && model.n_layers == 1,
         "three entries, one owned tensor, one layer");
  expect(model.arena_bytes == 768 && model.parameter_bytes == 96 && model.threads == 0, "bytes and threads");
  const nnrt_tensor &weight = model.owned[0];
  expect(!strcmp(weight.name, "dense_1.weight") && weight.rank == 2 && weight.shape[0] == 3 && weight.shape[1] == 8 &&
             weight.offset == 0 && weight.bytes == 96 && weight.type == NNRT_F32 && weight.role == NNRT_PARAM,
         "the owned tensor");
  const nnrt_train &train = *model.train;
  expect(train.epochs == 2 && train.shuffle == 1 && !strcmp(train.target, "label"), "the train block");
  expect(!strcmp(train.data.kind, "npz") && train.data.n_files == 1 && train.data.n_fields == 2, "the data source");
  expect(train.data.fields[1].type == NNRT_I32 && train.data.fields[1].limit == 3, "a field with a limit");
  expect(train.test.kind == nullptr, "an absent source");
  const nnrt_entry *step = find(model, "train_step");
  expect(step && step->batch == 4 && step->n_launches == 2 && step->launches[1].barrier == 1, "launches and barriers");
  const nnrt_tensor *rate = step ? find(*step, NNRT_HYPER) : nullptr;
  expect(rate && rate->value == 0.5 && rate->rank == 0 && rate->type == NNRT_F64, "a hyperparameter with its default");
}

static void checkNumbers(const nn::LoadedModel &loaded) {
  const nnrt_model &model = loaded.model();
  auto *arena = static_cast<char *>(aligned_alloc(64, model.arena_bytes));
  memset(arena, 0, model.arena_bytes);
  auto at = [&](const char *entry, nnrt_role role) { return arena + find(*find(model, entry), role)->offset; };

  int64_t seed = 2;
  memcpy(at("init", NNRT_SEED), &seed, sizeof seed);
  expect(loaded.run("init", arena), "init runs");
  auto *w = reinterpret_cast<float *>(arena + model.owned[0].offset);
  for (int i = 0; i < 24; ++i)
    expect(w[i] == float(i + 2), "weights count from the seed");

  float x[4][8], old[24];
  int32_t labels[4] = {0, 2, 1, 2};
  double lr = 0.5;
  for (int i = 0; i < 24; ++i)
    w[i] = old[i] = 0.01f * float(i % 7);
  for (int i = 0; i < 32; ++i)
    x[i / 8][i % 8] = float(i % 5) - 2;
  memcpy(at("train_step", NNRT_HYPER), &lr, sizeof lr);
  for (int64_t i = 0, n = find(model, "train_step")->n_tensors; i < n; ++i) {
    const nnrt_tensor &tensor = find(model, "train_step")->tensors[i];
    if (!strcmp(tensor.name, "row"))
      memcpy(arena + tensor.offset, x, sizeof x);
    if (!strcmp(tensor.name, "label"))
      memcpy(arena + tensor.offset, labels, sizeof labels);
  }
  expect(loaded.run("train_step", arena), "train_step runs");

  double loss = 0, expected[24];
  for (int i = 0; i < 24; ++i)
    expected[i] = old[i];
  for (int i = 0; i < 4; ++i) {
    double y[3] = {}, sum = 0;
    for (int c = 0; c < 3; ++c)
      for (int k = 0; k < 8; ++k)
        y[c] += double(x[i][k]) * old[c * 8 + k];
    for (double v : y)
      sum += std::exp(v);
    loss += (std::log(sum) - y[labels[i]]) / 4;
    for (int c = 0; c < 3; ++c)
      for (int k = 0; k < 8; ++k)
        expected[c * 8 + k] -= lr / 4 * (std::exp(y[c]) / sum - (c == labels[i])) * x[i][k];
  }
  float got;
  memcpy(&got, at("train_step", NNRT_LOSS), sizeof got);
  expect(std::fabs(got - loss) < 1e-6, "the loss");
  for (int i = 0; i < 24; ++i)
    expect(std::fabs(w[i] - expected[i]) < 1e-6, "the updated weights");
  expect(!loaded.run("evaluate", arena), "an absent entry is reported");
  free(arena);
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<nn::NNDialect>();
  nn::registerLoweringDialects(registry);
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceFile<mlir::ModuleOp>(argv[argc - 1], &context);
  if (!module)
    return 1;
  for (int level : {0, 2}) {
    std::unique_ptr<nn::LoadedModel> loaded = nn::LoadedModel::load(*module, {"host", "", "", ""}, level);
    expect(loaded != nullptr, "the module compiles");
    if (!loaded)
      return 1;
    checkDescription(loaded->model());
    checkNumbers(*loaded);
  }
  return failures != 0;
}
