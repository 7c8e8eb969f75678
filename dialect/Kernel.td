// How a step is cut into kernels: groups of ops, kernels shared by launches, and the launches.
#ifndef NN_KERNEL_TD
#define NN_KERNEL_TD

include "dialect/Dialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def NN_YieldOp : NN_Op<"yield", [Pure, Terminator, ReturnLike, NoGradient, Structural, ParentOneOf<["GroupOp", "KernelOp"]>]> {
  let summary = "The results of a group or kernel";
  let description = [{
    Ends the body of `nn.group` and `nn.kernel`.

    ```mlir
    %y = nn.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
      nn.yield %a : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "">];
}

def NN_GroupOp : NN_Op<"group", [Pure, NoGradient, Structural, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Ops that will be one kernel";
  let description = [{
    Its operands are the arguments of its body, its results what the body yields. At most one op of the body is a
    contraction, a convolution or a window; the others are elementwise, moves or reductions around it.

    ```mlir
    %y = nn.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
      %t = nn.tanh %a : tensor<4xf32> -> tensor<4xf32>
      nn.yield %t : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inputs);
  let results = (outs Variadic<NN_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def NN_KernelOp : NN_Op<"kernel", [IsolatedFromAbove, Symbol, NoGradient, Structural, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "A kernel: a function of tensors that is generated as one piece of code";
  let description = [{
    `tasks` independent pieces of work, split among threads, determined by shapes and target alone. `inplace` lists pairs
    (operand, result) that may share memory.

    ```mlir
    nn.kernel @k(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 {
      %t = nn.tanh %a : tensor<4xf32> -> tensor<4xf32>
      nn.yield %t : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$tasks, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$inplace);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
}

def NN_LaunchOp : NN_Op<"launch", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, NoGradient, Structural,
                                   DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel";
  let description = [{
    Operands and results are tensors of the step. After planning, `offsets` holds where the operands, the results and the
    kernel's workspace, if any, lie in the arena, in bytes, and `barrier` whether earlier launches must be done first: from
    then on it writes memory, and two equal ones are not one, since others may have written there in between. In
    scans, `strides` holds by how much a round moves each of them: one row for each loop around, the outermost first.

    ```mlir
    %y = nn.launch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<NN_Tensor>:$inputs, OptionalAttr<DenseI64ArrayAttr>:$offsets,
                       OptionalAttr<DenseI64ArrayAttr>:$strides, UnitAttr:$barrier);
  let results = (outs Variadic<NN_Tensor>:$outputs);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
}

#endif
