// Convolutions (cross-correlations) over any number of spatial dimensions, and the two products that are their gradients.
// The three ops are closed under differentiation: each one's gradients are the other two.
#ifndef NN_CONV_TD
#define NN_CONV_TD

include "dialect/Dialect.td"

class NN_Convolution<string mnemonic, string what, string detail, dag operands> : NN_Op<mnemonic, [Pure,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>, DeclareOpInterfaceMethods<ElementOpInterface>,
    DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>]> {
  let summary = what;
  let description = detail;
  let shapes = "out = (in + low + high - dilation * (kernel - 1) - 1) / strides + 1, rounded down, per spatial dimension.";
  let cost = "2 per product of an element of the forward op's result, a channel of its group and an element of the kernel";
  let arguments = !con(operands, (ins DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                                      DenseI64ArrayAttr:$dilation, I64Attr:$groups));
  let results = (outs NN_FloatTensor:$y);
  let assemblyFormat = "operands attr-dict `:` type(operands) `->` type($y)";
  let hasVerifier = 1;
  let extraClassDefinition = [{ int64_t $cppClass::flops() { return ::nn::convolutionFlops(getOperation()); } }];
}

def NN_ConvOp : NN_Convolution<"conv",
    "y[n, o, p] = sum over c, k of x[n, c, strides*p - low + dilation*k] * w[o, c, k], zero outside x", [{
    x is [batch, channels, spatial...], w [filters, channels / groups, kernel...], y [batch, filters, out...] with
    out = (in + low + high - dilation * (kernel - 1) - 1) / strides + 1, rounded down. With groups, filter o sees the
    channels of its group.

    ```mlir
    %y = nn.conv %x, %w {strides = array<i64: 1>, low = array<i64: 1>, high = array<i64: 1>, dilation = array<i64: 1>,
       groups = 1 : i64} : tensor<2x3x8xf32>, tensor<4x3x3xf32> -> tensor<2x4x8xf32>
    ```
  }], (ins NN_FloatTensor:$x, NN_FloatTensor:$w)> {
  let rule = "conv_input_grad(d, w), conv_weight_grad(x, d)";
}

def NN_ConvInputGradOp : NN_Convolution<"conv_input_grad",
    "The gradient of a convolution's x, from that of its result and w", [{
    y[n, c, q] = sum of dy[n, o, p] * w[o, c, k] over all o, p, k with strides*p - low + dilation*k = q. The result type is x's.

    ```mlir
    %dx = nn.conv_input_grad %dy, %w {strides = array<i64: 1>, low = array<i64: 1>, high = array<i64: 1>,
       dilation = array<i64: 1>, groups = 1 : i64} : tensor<2x4x8xf32>, tensor<4x3x3xf32> -> tensor<2x3x8xf32>
    ```
  }], (ins NN_FloatTensor:$dy, NN_FloatTensor:$w)> {
  let rule = "conv(d, w), conv_weight_grad(d, dy)";
}

def NN_ConvWeightGradOp : NN_Convolution<"conv_weight_grad",
    "The gradient of a convolution's w, from x and that of its result", [{
    y[o, c, k] = sum of x[n, c, strides*p - low + dilation*k] * dy[n, o, p] over n and p. The result type is w's.

    ```mlir
    %dw = nn.conv_weight_grad %x, %dy {strides = array<i64: 1>, low = array<i64: 1>, high = array<i64: 1>,
       dilation = array<i64: 1>, groups = 1 : i64} : tensor<2x3x8xf32>, tensor<2x4x8xf32> -> tensor<4x3x3xf32>
    ```
  }], (ins NN_FloatTensor:$x, NN_FloatTensor:$dy)> {
  let rule = "conv_input_grad(dy, d), conv(x, d)";
}

#endif
