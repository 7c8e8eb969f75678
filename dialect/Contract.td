// Products of tensors summed over shared dimensions: matrix products in every transposition and batching.
#ifndef NN_CONTRACT_TD
#define NN_CONTRACT_TD

include "dialect/Dialect.td"

def NN_ContractOp : NN_Op<"contract", [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>,
    DeclareOpInterfaceMethods<ElementOpInterface>, DeclareOpInterfaceMethods<CostOpInterface>,
    DeclareOpInterfaceMethods<ReferenceOpInterface>,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "y[out] = sum of a[lhs] * b[rhs] over the labels that `out` lacks";
  let description = [{
    `lhs`, `rhs` and `out` give each dimension of a, b and y a label (a number from 0); equal labels have equal extents. Each
    label stands in at least two of the three lists and at most once in each. The gradients are contractions again.

    ```mlir
    // y[i, j] = sum_k a[i, k] * b[j, k]
    %y = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
       : tensor<4x5xf32>, tensor<3x5xf32> -> tensor<4x3xf32>
    ```
  }];
  let shapes = "Equal labels have equal extents; y has those of `out`.";
  let rule = "contract(d, b), contract(a, d), over the labels that the operand lacks";
  let cost = "2 * the product of all labels' extents";
  let arguments = (ins NN_FloatTensor:$a, NN_FloatTensor:$b, DenseI64ArrayAttr:$lhs, DenseI64ArrayAttr:$rhs,
                       DenseI64ArrayAttr:$out);
  let results = (outs NN_FloatTensor:$y);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($a) `,` type($b) `->` type($y)";
  let extraClassDeclaration = compatible # [{
    /// The extent of every label.
    ::llvm::SmallVector<int64_t> extents();
    /// The labels that are summed over, in order.
    ::llvm::SmallVector<int64_t> summed();
  }];
}

#endif
