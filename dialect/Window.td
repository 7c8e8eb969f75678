// Reductions over sliding windows of the last dimensions (pooling), and what their gradients need.
#ifndef NN_WINDOW_TD
#define NN_WINDOW_TD

include "dialect/Dialect.td"

class NN_Window<string mnemonic, string what, string detail, dag operands> : NN_Op<mnemonic, [Pure,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>, DeclareOpInterfaceMethods<ElementOpInterface>,
    DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>]> {
  let summary = what;
  let description = detail;
  let shapes = "small = (large + low + high - window) / strides + 1, rounded down, per dimension of the window.";
  let cost = "1 per element of each window";
  let arguments = !con(operands, (ins DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low,
                                      DenseI64ArrayAttr:$high));
  let results = (outs NN_FloatTensor:$y);
  let assemblyFormat = "operands attr-dict `:` type(operands) `->` type($y)";
  let hasVerifier = 1;
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return ::nn::windowFlops(getOperation()); } }];
}

def NN_WindowSumOp : NN_Window<"window_sum", "y[p] = sum of x[strides*p - low + k] over the window's k, zero outside x", [{
    The window slides over the last dimensions, one per entry of `window`; leading dimensions stay. Extents are
    (in + low + high - window) / strides + 1, rounded down. The gradient is `nn.window_spread`.

    ```mlir
    %y = nn.window_sum %x {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>,
       high = array<i64: 0, 0>} : tensor<2x3x8x8xf32> -> tensor<2x3x4x4xf32>
    ```
  }], (ins NN_FloatTensor:$x)> {
  let rule = "window_spread(d)";
}

def NN_WindowSpreadOp : NN_Window<"window_spread", "y[q] = sum of dy[p] over the windows p that hold q", [{
    The gradient of `nn.window_sum`, with the same attributes; the result type is its operand's.

    ```mlir
    %dx = nn.window_spread %dy {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>,
       high = array<i64: 0, 0>} : tensor<2x3x4x4xf32> -> tensor<2x3x8x8xf32>
    ```
  }], (ins NN_FloatTensor:$dy)> {
  let rule = "window_sum(d)";
}

def NN_WindowMaxOp : NN_Window<"window_max", "y[p] = the largest x[strides*p - low + k] over the window's k inside x", [{
    Extents as in `nn.window_sum`. The gradient goes to the first largest element of each window (row-major in the window).

    ```mlir
    %y = nn.window_max %x {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>,
       high = array<i64: 0, 0>} : tensor<2x3x8x8xf32> -> tensor<2x3x4x4xf32>
    ```
  }], (ins NN_FloatTensor:$x)> {
  let rule = "window_max_spread(x, d)";
}

def NN_WindowMaxSpreadOp : NN_Window<"window_max_spread",
    "y[q] = sum of dy[p] over the windows p whose first largest element of x is at q", [{
    The gradient of `nn.window_max`; the result type is x's.

    ```mlir
    %dx = nn.window_max_spread %x, %dy {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>,
       high = array<i64: 0, 0>} : tensor<2x3x8x8xf32>, tensor<2x3x4x4xf32> -> tensor<2x3x8x8xf32>
    ```
  }], (ins NN_FloatTensor:$x, NN_FloatTensor:$dy)> {
  let rule = "nothing, window_max_pick(x, d)";
}

def NN_WindowMaxPickOp : NN_Window<"window_max_pick", "y[p] = v at the first largest element of x in window p", [{
    The gradient of `nn.window_max_spread` with respect to dy; v has x's shape.

    ```mlir
    %y = nn.window_max_pick %x, %v {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, low = array<i64: 0, 0>,
       high = array<i64: 0, 0>} : tensor<2x3x8x8xf32>, tensor<2x3x8x8xf32> -> tensor<2x3x4x4xf32>
    ```
  }], (ins NN_FloatTensor:$x, NN_FloatTensor:$v)> {
  let rule = "nothing, window_max_spread(x, d)";
}

#endif
