// Loops over a number of steps that is known when compiling.
#ifndef NN_SCAN_TD
#define NN_SCAN_TD

include "dialect/Dialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def NN_EmitOp : NN_Op<"emit", [Pure, Terminator, ReturnLike, NoGradient, Structural, HasParent<"ScanOp">]> {
  let summary = "What a step of a scan yields: what it emits, then the carried values for the next step";
  let description = [{
    Ends the body of `nn.scan`.

    ```mlir
    %h = nn.scan(%h0) {trips = 3 : i64} : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%t: tensor<i32>, %before: tensor<4xf32>):
      nn.emit %before : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "">];
}

def NN_ScanOp : NN_Op<"scan", [Pure, NoGradient, Structural, SingleBlockImplicitTerminator<"EmitOp">]> {
  let summary = "Steps 0 .. trips - 1 of a body that carries values from step to step and may emit some";
  let description = [{
    The body's arguments are the step t and the carried values, at first the operands. It yields what it emits, then the
    carried values of the next step. Results are the emitted values of all steps, stacked along a new first dimension with
    step t at t, then the values carried out of the last step. `reversed` goes from step trips - 1 down to 0. The body may
    read values around it. (It is differentiated where it stands unrolled: the rule belongs to the ops inside.)

    ```mlir
    %hs, %h = nn.scan(%h0) {trips = 3 : i64} : (tensor<4xf32>) -> (tensor<3x4xf32>, tensor<4xf32>) {
    ^bb0(%t: tensor<i32>, %before: tensor<4xf32>):
      %after = nn.tanh %before : tensor<4xf32> -> tensor<4xf32>
      nn.emit %after, %after : tensor<4xf32>, tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inits, I64Attr:$trips, UnitAttr:$reversed);
  let results = (outs Variadic<NN_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inits `)` attr-dict `:` functional-type($inits, $outputs) $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// How many of the results are stacked values.
    unsigned emitted() { return getNumResults() - getInits().size(); }
  }];
}

#endif
