// Calls of functions that keep their identity, and derivatives of functions.
#ifndef NN_FUNCTION_TD
#define NN_FUNCTION_TD

include "dialect/Dialect.td"
include "mlir/IR/SymbolInterfaces.td"

def NN_CallOp : NN_Op<"call", [Pure, NoGradient, Structural, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The results of a private function";
  let description = [{
    What a `kernel fn`, or a function with its own gradient, is called by. The function may name a gradient (`nn.gradient`):
    a function of its inputs, its outputs and their gradients that returns one gradient per floating-point input. Without
    one, its body is differentiated. (The rule belongs to the callee: the autodiff pass applies it.)

    ```mlir
    %y = nn.call @softmax(%x) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<NN_Tensor>:$inputs);
  let results = (outs Variadic<NN_Tensor>:$outputs);
  let assemblyFormat = "$callee `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
}

def NN_ValueAndGradOp : NN_Op<"value_and_grad", [Pure, NoGradient, Structural, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The results of a function, then the gradients of its first result";
  let description = [{
    The first result of the callee is a floating-point scalar; `wrt` lists the inputs whose gradients follow the callee's
    results, in order. The autodiff pass replaces the op by the function's body and its derivative.

    ```mlir
    %loss, %dw = nn.value_and_grad @loss(%x, %w) {wrt = array<i64: 1>}
       : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<NN_Tensor>:$inputs, DenseI64ArrayAttr:$wrt);
  let results = (outs Variadic<NN_Tensor>:$outputs);
  let assemblyFormat = "$callee `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
}

#endif
