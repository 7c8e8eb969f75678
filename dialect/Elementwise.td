// Elementwise ops: one line each. `scalar` is the function on numbers (Scalar in Expression.h), `derivative` the gradient of
// the operand (x, or a and b), from d, the gradient of the result y.
#ifndef NN_ELEMENTWISE_TD
#define NN_ELEMENTWISE_TD

include "dialect/Dialect.td"

class NN_Elementwise<string mnemonic, list<Trait> traits> : NN_Op<mnemonic, !listconcat([Pure,
    DeclareOpInterfaceMethods<ScalarOpInterface>, DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>], traits)> {
  let assemblyFormat = "operands attr-dict `:` type(operands) `->` type($y)";
  let shapes = "All operands and the result have one shape.";
  let cost = "1 per element";
  code sharedBody = [{
    int64_t $cppClass::flops() { return getY().getType().getNumElements(); }
    ::llvm::SmallVector<::mlir::Value> $cppClass::emitReference(::mlir::OpBuilder &b, ::mlir::ValueRange in) {
      return ::nn::elementwiseReference(getOperation(), b, in);
    }
  }];
  code inferBody = [{
    ::mlir::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location>,
        ::mlir::ValueRange in, ::mlir::DictionaryAttr, ::mlir::OpaqueProperties, ::mlir::RegionRange,
        ::llvm::SmallVectorImpl<::mlir::Type> &out) { out.push_back(in[0].getType()); return ::mlir::success(); }
  }];
}

class NN_Unary<string mnemonic, string formula, string scalar, string derivative, list<Trait> traits = []>
    : NN_Elementwise<mnemonic, !listconcat([SameOperandsAndResultShape, SameOperandsAndResultElementType,
        DeclareOpInterfaceMethods<InferTypeOpInterface>], traits,
        !if(!empty(derivative), [NoGradient], [DeclareOpInterfaceMethods<DifferentiableOpInterface>]))> {
  let summary = "y = " # formula;
  let description = "Elementwise, for floating-point tensors of any shape.\n\n```mlir\n%y = nn." # mnemonic #
                    " %x : tensor<4x3xf32> -> tensor<4x3xf32>\n```";
  let arguments = (ins NN_FloatTensor:$x);
  let results = (outs NN_FloatTensor:$y);
  let rule = derivative;
  let extraClassDefinition = sharedBody # inferBody # [{
    ::mlir::Value $cppClass::emitScalar(::mlir::OpBuilder &b, ::mlir::ValueRange in, ::mlir::Type) {
      ::nn::Scalar x{b, getLoc(), in[0]};
      return (}] # scalar # [{).v;
    }
  }] # !if(!empty(derivative), "", [{
    ::llvm::SmallVector<::mlir::Value> $cppClass::pullBack(::mlir::OpBuilder &b, ::mlir::ValueRange grads) {
      [[maybe_unused]] ::nn::Expr x{b, getLoc(), getX()}, y{b, getLoc(), getY()}, d{b, getLoc(), grads[0]};
      return {(}] # derivative # [{).v};
    }
  }]);
}

def NN_NegOp     : NN_Unary<"neg",     "-x",                     "-x",            "-d">;
def NN_AbsOp     : NN_Unary<"abs",     "|x|",                    "abs(x)",        "d * sign(x)">;
def NN_SignOp    : NN_Unary<"sign",    "1, 0 or -1 as x > 0, x = 0, x < 0",
    "select(x > 0.0, x.number(1), select(x < 0.0, x.number(-1), x.number(0)))", "">;
def NN_ExpOp     : NN_Unary<"exp",     "e^x",                    "exp(x)",        "d * y">;
def NN_Expm1Op   : NN_Unary<"expm1",   "e^x - 1, exact near 0",  "expm1(x)",      "d * (y + 1.0)">;
def NN_LogOp     : NN_Unary<"log",     "ln x",                   "log(x)",        "d / x">;
def NN_Log1pOp   : NN_Unary<"log1p",   "ln(1 + x), exact near 0", "log1p(x)",     "d / (x + 1.0)">;
def NN_SqrtOp    : NN_Unary<"sqrt",    "square root of x",       "sqrt(x)",       "0.5 * d / y">;
def NN_RsqrtOp   : NN_Unary<"rsqrt",   "1 / square root of x",   "1.0 / sqrt(x)", "-0.5 * d * y / x">;
def NN_TanhOp    : NN_Unary<"tanh",    "tanh x",                 "tanh(x)",       "d * (1.0 - y * y)">;
def NN_SigmoidOp : NN_Unary<"sigmoid", "1 / (1 + e^-x)",         "sigmoid(x)", "d * y * (1.0 - y)">;
def NN_SinOp     : NN_Unary<"sin",     "sin x",                  "sin(x)",        "d * cos(x)">;
def NN_CosOp     : NN_Unary<"cos",     "cos x",                  "cos(x)",        "-(d * sin(x))">;
def NN_ErfOp     : NN_Unary<"erf",     "the error function of x", "erf(x)",       "1.1283791670955126 * d * exp(-(x * x))">;
def NN_FloorOp   : NN_Unary<"floor",   "the largest integer <= x",  "floor(x)",   "">;
def NN_CeilOp    : NN_Unary<"ceil",    "the smallest integer >= x", "ceil(x)",    "">;
def NN_RoundOp   : NN_Unary<"round",   "the nearest integer, ties to even", "round(x)", "">;
def NN_StopGradientOp : NN_Unary<"stop_gradient", "x, through which no gradient flows", "x", "">;

/// `number`: the formula takes the operands as numbers of their sign, since order and quotients depend on it.
class NN_Binary<string mnemonic, string formula, string scalar, string da, string db, bit number = false>
    : NN_Elementwise<mnemonic, !listconcat([SameOperandsAndResultShape, SameOperandsAndResultElementType,
        DeclareOpInterfaceMethods<InferTypeOpInterface>],
        !if(!empty(da), [NoGradient], [DeclareOpInterfaceMethods<DifferentiableOpInterface>]))> {
  let summary = "y = " # formula;
  let description = "Elementwise, for tensors of one shape and element type.\n\n```mlir\n%y = nn." # mnemonic #
                    " %a, %b : tensor<4x3xf32>, tensor<4x3xf32> -> tensor<4x3xf32>\n```";
  let arguments = (ins NN_Tensor:$a, NN_Tensor:$b);
  let results = (outs NN_Tensor:$y);
  let hasFolder = 1;
  let rule = !if(!empty(da), "", da # ", " # db);
  let extraClassDefinition = sharedBody # inferBody # [{
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor in) { return ::nn::foldBinary(getOperation(), in.getA(), in.getB()); }
    ::mlir::Value $cppClass::emitScalar(::mlir::OpBuilder &builder, ::mlir::ValueRange in, ::mlir::Type) {
      ::nn::Scalar first{builder, getLoc(), in[0]}, second{builder, getLoc(), in[1]};}] # !if(number, [{
      ::nn::Scalar a = ::nn::numberOf(first, getA()), b = ::nn::numberOf(second, getB());
      return ::nn::elementOf(}] # scalar # [{, getY()).v;}], [{
      ::nn::Scalar a = first, b = second;
      return (}] # scalar # [{).v;}]) # [{
    }
  }] # !if(!empty(da), "", [{
    ::llvm::SmallVector<::mlir::Value> $cppClass::pullBack(::mlir::OpBuilder &builder, ::mlir::ValueRange grads) {
      if (!::mlir::isa<::mlir::FloatType>(getY().getType().getElementType()))
        return {nullptr, nullptr};
      [[maybe_unused]] ::nn::Expr a{builder, getLoc(), getA()}, b{builder, getLoc(), getB()}, y{builder, getLoc(), getY()},
          d{builder, getLoc(), grads[0]};
      return {(}] # da # [{).v, (}] # db # [{).v};
    }
  }]);
}

def NN_AddOp : NN_Binary<"add", "a + b",                 "a + b", "d", "d">;
def NN_SubOp : NN_Binary<"sub", "a - b",                 "a - b", "d", "-d">;
def NN_MulOp : NN_Binary<"mul", "a b",                   "a * b", "d * b", "d * a">;
def NN_DivOp : NN_Binary<"div", "a / b; rounded down, and 0 for b = 0, on integers", "a / b", "d / b", "-(d * y / b)", true>;
def NN_PowOp : NN_Binary<"pow", "a^b",                   "pow(a, b)", "d * b * pow(a, b - 1.0)",
    "select(a > 0.0, d * y * log(select(a > 0.0, a, a.number(1))), a.number(0))", true>;
def NN_MaxOp : NN_Binary<"max", "max(a, b); a tie's gradient goes to b", "maximum(a, b)",
    "select(a > b, d, d.number(0))", "select(a > b, d.number(0), d)", true>;
def NN_MinOp : NN_Binary<"min", "min(a, b); a tie's gradient goes to b", "minimum(a, b)",
    "select(b > a, d, d.number(0))", "select(b > a, d.number(0), d)", true>;
def NN_ModOp : NN_Binary<"mod", "what a / b, rounded down, leaves: it has the sign of b (0 for integers and b = 0)", "modulo(a, b)", "d", "-(d * floor(a / b))", true>;
def NN_AndOp : NN_Binary<"and", "a and b, for booleans", "a * b", "", "">;
def NN_OrOp  : NN_Binary<"or",  "a or b, for booleans",  "maximum(a, b)", "", "">;

def NN_Predicate : I64EnumAttr<"Predicate", "comparison", [
    I64EnumAttrCase<"eq", 0>, I64EnumAttrCase<"ne", 1>, I64EnumAttrCase<"lt", 2>,
    I64EnumAttrCase<"le", 3>, I64EnumAttrCase<"gt", 4>, I64EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::nn";
}

def NN_CompareOp : NN_Elementwise<"compare", [NoGradient, SameOperandsAndResultShape,
    SameOperandsElementType]> {
  let summary = "y = a ? b, a boolean, where ? is eq, ne, lt, le, gt or ge";
  let description = [{
    Numbers are compared as IEEE says: a NaN is unequal to everything and neither less nor greater.

    ```mlir
    %y = nn.compare lt, %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<4xi1>
    ```
  }];
  let arguments = (ins NN_Predicate:$predicate, NN_Tensor:$a, NN_Tensor:$b);
  let results = (outs NN_BoolTensor:$y);
  let builders = [OpBuilder<(ins "::nn::Predicate":$predicate, "::mlir::Value":$a, "::mlir::Value":$b), [{
    auto t = ::mlir::cast<::mlir::RankedTensorType>(a.getType());
    build($_builder, $_state, t.clone($_builder.getI1Type()), predicate, a, b);
  }]>];
  let assemblyFormat = "$predicate `,` operands attr-dict `:` type(operands) `->` type($y)";
  let extraClassDefinition = sharedBody;
}

def NN_SelectOp : NN_Elementwise<"select", [SameOperandsAndResultShape, DeclareOpInterfaceMethods<DifferentiableOpInterface>
    ]> {
  let summary = "y = a where the condition holds, b elsewhere";
  let description = [{
    ```mlir
    %y = nn.select %c, %a, %b : tensor<4xi1>, tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins NN_BoolTensor:$condition, NN_Tensor:$a, NN_Tensor:$b);
  let results = (outs NN_Tensor:$y);
  let builders = [OpBuilder<(ins "::mlir::Value":$condition, "::mlir::Value":$a, "::mlir::Value":$b), [{
    build($_builder, $_state, a.getType(), condition, a, b);
  }]>];
  let rule = "nothing, select(condition, d, 0), select(condition, 0, d)";
  let hasVerifier = 1;
  let extraClassDefinition = sharedBody;
}

def NN_CastOp : NN_Elementwise<"cast", [SameOperandsAndResultShape, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "y = x in another element type";
  let description = [{
    Floating-point to integer rounds towards zero, to the nearest integer that the type has; a NaN becomes 0. A boolean
    becomes 0 or 1; bytes are unsigned.

    ```mlir
    %y = nn.cast %x : tensor<4xui8> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$y);
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Type":$element), [{
    build($_builder, $_state, ::mlir::cast<::mlir::RankedTensorType>(x.getType()).clone(element), x);
  }]>];
  let rule = "cast(d), between floating-point types";
  let hasFolder = 1;
  let extraClassDefinition = sharedBody;
}

#endif
