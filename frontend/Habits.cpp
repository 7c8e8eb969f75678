//===- Habits.cpp - What somebody may mean who knows other languages ----------------------------------------------===//
#include "frontend/Habits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Regex.h"

using llvm::StringRef;

/// What a name of PyTorch, Keras, JAX or NumPy is called here; empty where it is none of those.
static StringRef nameHere(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("Linear", "Dense")
      .Case("ReLU", "relu")
      .Case("GELU", "gelu")
      .Case("Softmax", "softmax")
      .Cases({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "BatchNormalization"}, "BatchNorm")
      .Case("LayerNormalization", "LayerNorm")
      .Cases({"MaxPool1d", "MaxPool2d", "MaxPooling1D", "MaxPooling2D"}, "max_pool")
      .Cases({"AvgPool1d", "AvgPool2d", "AveragePooling1D", "AveragePooling2D"}, "avg_pool")
      .Cases({"GlobalAveragePooling2D", "AdaptiveAvgPool2d"}, "global_avg_pool")
      .Cases({"MultiHeadAttention", "MultiheadAttention"}, "SelfAttention")
      .Cases({"CrossEntropyLoss", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"}, "cross_entropy")
      .Cases({"categorical_crossentropy", "sparse_categorical_crossentropy"}, "cross_entropy")
      .Cases({"BCEWithLogitsLoss", "BinaryCrossentropy", "binary_crossentropy"}, "binary_cross_entropy")
      .Case("BCELoss", "binary_cross_entropy_probs")
      .Cases({"MSELoss", "mse_loss", "MeanSquaredError", "mean_squared_error"}, "mse")
      .Cases({"L1Loss", "l1_loss", "MeanAbsoluteError", "mean_absolute_error"}, "mae")
      .Cases({"constant", "Constant", "constant_"}, "full")
      .Cases({"xavier_uniform", "xavier_uniform_", "GlorotUniform"}, "glorot_uniform")
      .Cases({"xavier_normal", "xavier_normal_", "GlorotNormal"}, "glorot_normal")
      .Cases({"kaiming_uniform", "kaiming_uniform_", "HeUniform"}, "he_uniform")
      .Cases({"kaiming_normal", "kaiming_normal_", "HeNormal"}, "he_normal")
      .Cases({"trunc_normal", "trunc_normal_", "TruncatedNormal"}, "truncated_normal")
      .Case("where", "select")
      .Case("True", "true")
      .Case("False", "false")
      .Case("None", "none")
      .Case("arange", "iota")
      .Cases({"cat", "concatenate", "hstack", "vstack"}, "concat")
      .Cases({"einsum", "tensordot"}, "contract")
      .Cases({"scatter", "scatter_add", "index_add", "segment_sum"}, "scatter_sum")
      .Cases({"take", "index_select"}, "gather")
      .Case("permute", "transpose")
      .Case("topk", "top_k")
      .Case("rand", "random_uniform")
      .Case("randn", "random_normal")
      .Case("randperm", "random_permutation")
      .Case("bernoulli", "random_bernoulli")
      .Case("amax", "reduce_max")
      .Case("amin", "reduce_min")
      .Default("");
}

std::string nn::frontend::hintForName(StringRef name) {
  static const llvm::Regex elementType("^(b?f|float|i|int|u|uint|bfloat)[0-9]+$");
  static const StringRef packages[] = {"nn", "F",     "torch", "tf",  "keras", "layers",
                                       "np", "numpy", "jnp",   "jax", "optim"};
  if (StringRef here = nameHere(name); !here.empty())
    return ("here it is `" + llvm::Twine(here) + "`").str();
  if (llvm::is_contained(packages, name))
    return "names of the library stand alone: `Dense(10)`, `relu`, `Adam`";
  if (llvm::is_contained({"unsqueeze", "expand_dims", "squeeze"}, name))
    return "`x[:, new]` adds an axis of extent 1, and `x[:, 0]` takes one away";
  if (llvm::is_contained({"flip", "flipud", "fliplr"}, name))
    return "`x[::-1]` turns an axis round";
  if (name == "self")
    return "a layer's inputs, parameters and layers are known by their names alone";
  if (elementType.match(name))
    return "element types are f32 f64 bf16 f16 i32 i64 i8 u8 bool";
  return "";
}

StringRef nn::frontend::typeHere(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"integer", "int32", "int64", "long", "size_t"}, "int")
      .Cases({"double", "float32", "float64", "real"}, "float")
      .Cases({"boolean", "Bool"}, "bool")
      .Cases({"str", "text"}, "string")
      .Default("");
}
