//===- Habits.cpp - What somebody may mean who knows other languages ----------------------------------------------===//
#include "frontend/Habits.h"
#include "frontend/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Regex.h"

using namespace nn::frontend;
using llvm::StringRef;

//===--------------------------------------------------------------------------------------------------------------===//
// Names
//===--------------------------------------------------------------------------------------------------------------===//

/// Functions and layers.
static StringRef valueHere(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("Linear", "Dense")
      .Case("ReLU", "relu")
      .Case("GELU", "gelu")
      .Case("LeakyReLU", "leaky_relu")
      .Case("Softmax", "softmax")
      .Cases({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "BatchNormalization"}, "BatchNorm")
      .Case("LayerNormalization", "LayerNorm")
      .Cases({"conv2d", "Conv2D"}, "Conv2d")
      .Cases({"conv1d", "Conv1D"}, "Conv1d")
      .Cases({"Conv2DTranspose", "conv_transpose2d"}, "ConvTranspose2d")
      .Cases({"MaxPool1d", "MaxPool2d", "MaxPooling1D", "MaxPooling2D", "max_pool2d"}, "max_pool")
      .Cases({"AvgPool1d", "AvgPool2d", "AveragePooling1D", "AveragePooling2D", "avg_pool2d"}, "avg_pool")
      .Cases({"GlobalAveragePooling2D", "AdaptiveAvgPool2d"}, "global_avg_pool")
      .Cases({"Upsample", "UpSampling2D", "interpolate", "resize"}, "upsample")
      .Cases({"ZeroPadding2D", "ZeroPad2d"}, "zero_pad")
      .Cases({"MultiHeadAttention", "MultiheadAttention"}, "SelfAttention")
      .Cases({"TransformerEncoder", "TransformerEncoderLayer"}, "TransformerBlock")
      .Case("RNN", "SimpleRNN")
      .Case("LSTMCell", "lstm_cell")
      .Case("GRUCell", "gru_cell")
      .Cases({"CrossEntropyLoss", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"}, "cross_entropy")
      .Cases({"categorical_crossentropy", "sparse_categorical_crossentropy"}, "cross_entropy")
      .Cases({"BCEWithLogitsLoss", "BinaryCrossentropy", "binary_crossentropy"}, "binary_cross_entropy")
      .Case("BCELoss", "binary_cross_entropy_probs")
      .Case("NLLLoss", "nll")
      .Cases({"MSELoss", "mse_loss", "MeanSquaredError", "mean_squared_error"}, "mse")
      .Cases({"L1Loss", "l1_loss", "MeanAbsoluteError", "mean_absolute_error"}, "mae")
      .Cases({"HuberLoss", "SmoothL1Loss"}, "huber")
      .Cases({"KLDivLoss", "KLDivergence"}, "kl_divergence")
      .Cases({"TripletMarginLoss", "TripletLoss"}, "triplet")
      .Cases({"cosine_similarity", "CosineSimilarity"}, "cosine_distance")
      .Cases({"constant", "Constant", "constant_"}, "full")
      .Cases({"xavier_uniform", "xavier_uniform_", "GlorotUniform"}, "glorot_uniform")
      .Cases({"xavier_normal", "xavier_normal_", "GlorotNormal"}, "glorot_normal")
      .Cases({"kaiming_uniform", "kaiming_uniform_", "HeUniform"}, "he_uniform")
      .Cases({"kaiming_normal", "kaiming_normal_", "HeNormal"}, "he_normal")
      .Cases({"trunc_normal", "trunc_normal_", "TruncatedNormal"}, "truncated_normal")
      .Cases({"StepLR", "MultiStepLR"}, "step_decay")
      .Cases({"CosineAnnealingLR", "CosineDecay"}, "cosine")
      .Cases({"ExponentialLR", "ExponentialDecay"}, "exponential")
      .Case("ReduceLROnPlateau", "reduce_on_plateau")
      .Case("OneCycleLR", "one_cycle")
      .Cases({"where", "masked_fill"}, "select")
      .Cases({"True", "yes", "on"}, "true")
      .Cases({"False", "no", "off"}, "false")
      .Cases({"None", "null", "nil", "nullptr", "undefined"}, "none")
      .Case("arange", "iota")
      .Cases({"cat", "concatenate", "hstack", "vstack", "Concatenate"}, "concat")
      .Cases({"einsum", "tensordot"}, "contract")
      .Cases({"scatter", "scatter_add", "index_add", "segment_sum"}, "scatter_sum")
      .Cases({"take", "index_select"}, "gather")
      .Cases({"permute", "swapaxes", "moveaxis"}, "transpose")
      .Case("view", "reshape")
      .Case("ravel", "flatten")
      .Cases({"chunk", "unbind"}, "split")
      .Case("topk", "top_k")
      .Case("power", "pow")
      .Case("maximum", "max")
      .Case("minimum", "min")
      .Cases({"remainder", "fmod"}, "mod")
      .Cases({"floor_divide", "floordiv"}, "div")
      .Case("detach", "stop_gradient")
      .Case("rand", "random_uniform")
      .Case("randn", "random_normal")
      .Case("randint", "random_integers")
      .Case("randperm", "random_permutation")
      .Case("bernoulli", "random_bernoulli")
      .Case("full_like", "fill")
      .Case("amax", "reduce_max")
      .Case("amin", "reduce_min")
      .Default("");
}

/// Arguments, entries of train blocks and element types.
static StringRef argumentHere(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("kernel_size", "kernel")
      .Cases({"filters", "out_channels", "out_features", "hidden_size"}, "units")
      .Case("strides", "stride")
      .Case("use_bias", "bias")
      .Case("kernel_initializer", "init")
      .Case("learning_rate", "lr")
      .Case("dim", "axis")
      .Cases({"keepdim", "keepdims"}, "keep_axis")
      .Case("p", "rate")
      .Case("alpha", "slope")
      .Case("eps", "epsilon")
      .Case("float16", "f16")
      .Case("bfloat16", "bf16")
      .Cases({"float32", "float"}, "f32")
      .Cases({"float64", "double"}, "f64")
      .Cases({"int32", "int"}, "i32")
      .Cases({"int64", "long"}, "i64")
      .Case("int8", "i8")
      .Case("uint8", "u8")
      .Case("batch_size", "batch")
      .Case("num_epochs", "epochs")
      .Cases({"iterations", "max_steps", "num_steps"}, "steps")
      .Cases({"criterion", "loss_fn", "loss_function"}, "loss")
      .Cases({"labels", "label", "y"}, "target")
      .Cases({"dataset", "train_data"}, "data")
      .Case("DataLoader", "npz")
      .Cases({"validation_split", "validation_data", "valid", "val"}, "validation")
      .Cases({"clip", "clip_grad_norm", "max_grad_norm", "gradient_clipping"}, "clip_norm")
      .Cases({"transform", "transforms", "augmentation"}, "augment")
      .Cases({"regularizer", "regularization"}, "regularize")
      .Cases({"gradient_accumulation", "gradient_accumulation_steps"}, "accumulate")
      .Cases({"dtype", "mixed_precision", "amp"}, "precision")
      .Cases({"pretrained", "restore", "initial_weights"}, "load")
      .Default("");
}

StringRef nn::frontend::nameHere(StringRef name) {
  StringRef value = valueHere(name);
  return value.empty() ? argumentHere(name) : value;
}

/// How what has no name here is written.
static StringRef writtenHere(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"unsqueeze", "expand_dims", "squeeze"},
             "`x[:, new]` adds an axis of extent 1, and `x[:, 0]` takes one away")
      .Cases({"tile", "repeat", "expand", "broadcast_to"},
             "shapes spread by themselves: an axis of extent 1, such as `x[:, new]` adds, fits any extent")
      .Cases({"flip", "flipud", "fliplr"}, "`x[::-1]` turns an axis round")
      .Cases({"clip", "clamp"}, "`min(max(x, low), high)` bounds every element")
      .Cases({"matmul", "mm", "bmm", "dot", "inner", "outer"},
             "`a @ b` multiplies matrices and vectors, `contract(\"bi,bj->bij\", a, b)` along any axes")
      .Cases({"diag", "diagonal", "trace"},
             "`contract(\"ii->i\", x)` takes the diagonal, and `contract(\"ii->\", x)` is its sum")
      .Case("eye", "`cast(iota(n)[:, new] == iota(n), f32)`; the initializer of a parameter is `identity`")
      .Cases({"tril", "triu"}, "`cast(iota(n)[:, new] >= iota(n), f32)` is a lower triangle of ones")
      .Case("linspace", "`low + cast(iota(n), f32) * (high - low) / (n - 1)`")
      .Case("square", "`x^2`")
      .Case("log2", "`log(x) / log(2)`")
      .Case("log10", "`log(x) / log(10)`")
      .Case("tan", "`sin(x) / cos(x)`")
      .Cases({"std", "var", "variance"}, "`mean((x - mean(x))^2)` is the variance")
      .Case("norm", "`sqrt(sum(x^2))`")
      .Case("argmin", "`argmax(-x, axis: …)`")
      .Cases({"logical_and", "logical_or", "logical_not"}, "conditions are joined with `and`, `or` and `not`")
      .Cases({"range", "xrange"}, "a loop runs over `0..n`: `for i in 0..n { … }`")
      .Case("print", "`inspect \"name\", x` shows what x is while the program runs")
      .Cases({"float", "int", "double", "long"}, "`cast(x, f32)` changes the element type")
      .Case("Sequential", "layers follow one another in a pipe: `x |> Dense(8) |> relu`")
      .Case("Add", "`a + b`")
      .Case("Input", "the model names its inputs: `model M(x: f32[batch, 4]) { … }`")
      .Case("Activation", "activations are functions: `x |> relu`")
      .Case("Lambda", "a function of your own: `fn f(x) { … }`, then `x |> f`")
      .Cases({"DataLoader", "Dataset", "MNIST", "ImageFolder"},
             "data are declared in the train block: `data = npz(\"file.npz\", x: f32[batch, 4], y: i32[batch])`")
      .Case("self", "a layer's inputs, parameters and layers are known by their names alone")
      .Cases({"nn", "F", "torch", "tf", "keras", "layers", "np", "numpy", "jnp", "jax", "optim"},
             "names of the library stand alone: `Dense(10)`, `relu`, `Adam`")
      .Default("");
}

std::string nn::frontend::hintForName(StringRef name) {
  static const llvm::Regex elementType("^(b?f|float|i|int|u|uint|bfloat)[0-9]+$");
  if (StringRef here = valueHere(name); !here.empty())
    return ("here it is `" + llvm::Twine(here) + "`").str();
  if (StringRef written = writtenHere(name); !written.empty())
    return written.str();
  if (elementType.match(name))
    return "element types are f32 f64 bf16 f16 i32 i64 i8 u8 bool";
  return "";
}

std::string nn::frontend::hintForMember(StringRef member, bool isFunction) {
  if (member == "shape" || member == "size")
    return ("`" + member + "(x)` is that of x").str();
  if (member == "ndim")
    return "`rank(x)` is that of x";
  if (member == "T")
    return "`transpose(x)` swaps the last two axes";
  if (llvm::is_contained({"to", "type", "astype", "half"}, member))
    return "`cast(x, f32)` changes the element type";
  if (StringRef here = isFunction ? member : valueHere(member); !here.empty())
    return ("functions are applied with `x |> " + here + "` or `" + here + "(x)`").str();
  return hintForName(member);
}

StringRef nn::frontend::hintForEntry(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"lr", "learning_rate", "rate"}, "the rate is the optimizer's: `optimizer = Adam(lr: 1e-3)`")
      .Cases({"schedule", "scheduler", "lr_schedule"},
             "a schedule stands where the rate does: `optimizer = Adam(lr: cosine(1e-3))`")
      .Cases({"momentum", "betas"}, "it is the optimizer's: `optimizer = SGD(lr: 0.1, momentum: 0.9)`")
      .Case("weight_decay", "it is the optimizer's, `AdamW(lr: 1e-3, weight_decay: 0.01)`, or `regularize = l2(1e-4)`")
      .Cases({"early_stopping", "patience"}, "write `stop = early_stopping(validation.loss, patience: 5)`")
      .Case("ema", "the optimizer averages: `optimizer = EMA(Adam(lr: 1e-3))`")
      .Cases({"save", "save_path", "model_path"}, "the program writes the weights: `./program train --out FILE`")
      .Cases({"device", "gpu", "cuda"}, "the machine is chosen when compiling: `nnc --target=…`")
      .Cases({"threads", "workers", "num_workers"}, "the program takes it: `./program train --threads 4`")
      .Cases({"verbose", "log_every"}, "the program says how far it is; `./program train --quiet` does not")
      .Case("callbacks", "`validation`, `stop` and `checkpoint` are entries of their own")
      .Default("");
}

//===--------------------------------------------------------------------------------------------------------------===//
// Tokens
//===--------------------------------------------------------------------------------------------------------------===//

static bool isElementType(const Token &token) {
  return token.is(Tok::Identifier) &&
         llvm::is_contained({"f32", "f64", "bf16", "f16", "i32", "i64", "i8", "u8", "bool"}, token.text());
}

/// Behind a pipe in the same statement.
static bool isPiped(llvm::ArrayRef<Token> tokens, size_t at) {
  auto ends = [](const Token &token) { return token.is(Tok::LBrace) || token.is(Tok::RBrace) || token.newlineBefore; };
  for (size_t i = at; i > 0 && !ends(tokens[i - 1]); --i)
    if (tokens[i - 1].is(Tok::Pipe))
      return true;
  return false;
}

/// In the head of a declaration.
static StringRef hintForHead(const Token &before, const Token &found, StringRef wanted) {
  if (wanted.contains("entry's name") && found.is(Tok::Colon))
    return "entries are written `batch = 32`";
  if (wanted.contains("before the body of"))
    return found.is(Tok::Colon) ? "the type of the result follows `->`, and the body stands in braces: `{ … }`"
                                : "the body stands in braces: `{ return … }`";
  if (wanted.contains("before the parameters") && found.is(Tok::Assign))
    return "its inputs are named: `model M(x: f32[batch, 4]) { return x |> … }`";
  if (wanted.contains("behind the parameters") && isElementType(before))
    return found.is(Tok::LParen) ? "the type of a tensor is written `f32[batch, 4]`"
                                 : "the name comes first: `x: f32[batch, 4]`";
  if (wanted.contains("constant's name") && found.is(Tok::Colon))
    return "a constant has the type of its value: `const n = 8`";
  if (wanted.contains("model to train"))
    return "write `train M { … }` behind `model M`";
  if (wanted.contains("before the names") || wanted.contains("between inputs") || wanted.contains("between outputs"))
    return "write `gradient f(inputs; outputs; d_outputs) { … }`";
  if (before.is("import"))
    return "a file of yours stands in quotes; the library is there without an import";
  return "";
}

/// In an expression or a statement.
static StringRef hintInBody(llvm::ArrayRef<Token> tokens, size_t at) {
  const Token &before = tokens[at - 1], &found = tokens[at];
  auto isOneOf = [](const Token &token, std::initializer_list<Tok> kinds) {
    return llvm::is_contained(kinds, token.kind);
  };
  const std::initializer_list<Tok> operators = {Tok::Plus, Tok::Minus, Tok::Star, Tok::Slash},
                                   comparisons = {Tok::Equal,     Tok::NotEqual, Tok::Less,
                                                  Tok::LessEqual, Tok::Greater,  Tok::GreaterEqual};
  if (before.is(Tok::Star) && found.is(Tok::Star))
    return "a power is written `x^2`";
  if (isOneOf(before, operators) && found.is(Tok::Assign))
    return "write `x = x + 1`, the name on both sides";
  if (isOneOf(found, operators) && isPiped(tokens, at))
    return "`|>` binds loosest: put it in parentheses, `(x |> f) + y`";
  if (isOneOf(found, comparisons) && isPiped(tokens, at))
    return "`|>` binds loosest: put it in parentheses, `(x |> f) == y`";
  if (found.is(Tok::Equal))
    return "`=` binds a name, `==` compares";
  if (found.is(Tok::Comma) && at > 1 && (tokens[at - 2].is("let") || tokens[at - 2].is("var")))
    return "several names stand in parentheses: `let (a, b) = …`";
  if (found.is(Tok::Arrow))
    return "a value goes into a function with `|>`";
  if (before.is("mut"))
    return "`var` introduces a name that may be rebound";
  if (found.is("elif") || found.is("elseif"))
    return "write `else if`";
  if (before.is("else") || found.is("else"))
    return "`else` follows the `}` of an `if`";
  if (before.is("while"))
    return "there is no `while`: `for` repeats when compiling, `scan` when the program runs";
  return "";
}

/// Where a statement or an entry should end.
static StringRef hintAtEnd(const Token &before, const Token &found, StringRef wanted) {
  if (found.is("if"))
    return "a choice is written `if condition { a } else { b }`";
  if (found.is(Tok::RParen))
    return "no parenthesis is open here";
  if (found.is(Tok::Comma))
    return wanted.contains("entry") ? "entries stand on lines of their own, or `;` between them"
                                    : "several values stand in parentheses: `(a, b)`";
  if (before.is(Tok::Identifier) && (found.is(Tok::Integer) || found.is(Tok::Float)))
    return "arguments stand in parentheses: `Dense(10)`";
  return "";
}

StringRef nn::frontend::hintForToken(llvm::ArrayRef<Token> tokens, size_t at, StringRef wanted) {
  if (at == 0)
    return "";
  StringRef hint = hintForHead(tokens[at - 1], tokens[at], wanted);
  if (hint.empty())
    hint = hintInBody(tokens, at);
  if (hint.empty() && wanted.starts_with("the end of the"))
    hint = hintAtEnd(tokens[at - 1], tokens[at], wanted);
  return hint;
}

//===--------------------------------------------------------------------------------------------------------------===//
// Types
//===--------------------------------------------------------------------------------------------------------------===//

StringRef nn::frontend::typeHere(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"integer", "int32", "int64", "long", "size_t"}, "int")
      .Cases({"double", "float32", "float64", "real"}, "float")
      .Cases({"boolean", "Bool"}, "bool")
      .Cases({"str", "text"}, "string")
      .Default("");
}
