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
    %h = nn.scan carry(%h0 : tensor<4xf32>) {trips = 3 : i64} -> (tensor<4xf32>) {
    ^bb0(%t: tensor<i32>, %before: tensor<4xf32>):
      nn.emit %before : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "">];
}

def NN_ScanOp : NN_Op<"scan", [RecursiveMemoryEffects, RecursivelySpeculatable, NoGradient, Structural, IsolatedFromAbove,
                               AttrSizedOperandSegments, SingleBlockImplicitTerminator<"EmitOp">]> {
  let summary = "Steps 0 .. trips - 1 of a body that carries values from step to step and may emit some";
  let description = [{
    The body's arguments are the step t, the carried values (at first `carry`), the elements t of what the loop runs
    `over` along the first dimension, and the values `with` which every step works. It yields what it emits, then the carried
    values of the next step. Results are the emitted values of all steps, stacked along a new first dimension with step t
    at t, then the values carried out of the last step. `reversed` goes from step trips - 1 down to 0. Its gradient is a
    scan in the other direction, over what the body left behind. After planning, `offsets` holds where the results lie in
    the arena, in bytes.

    ```mlir
    %hs, %h = nn.scan carry(%h0 : tensor<4xf32>) over(%x : tensor<3x4xf32>) {trips = 3 : i64} -> (tensor<3x4xf32>, tensor<4xf32>) {
    ^bb0(%t: tensor<i32>, %before: tensor<4xf32>, %xt: tensor<4xf32>):
      %sum = nn.add %xt, %before : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
      %after = nn.tanh %sum : tensor<4xf32> -> tensor<4xf32>
      nn.emit %after, %after : tensor<4xf32>, tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inits, Variadic<NN_Tensor>:$sequences, Variadic<NN_Tensor>:$shared,
                       I64Attr:$trips, UnitAttr:$reversed, OptionalAttr<DenseI64ArrayAttr>:$offsets);
  let results = (outs Variadic<NN_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`carry` `(` $inits^ `:` type($inits) `)`)? (`over` `(` $sequences^ `:` type($sequences) `)`)?
    (`with` `(` $shared^ `:` type($shared) `)`)? attr-dict `->` `(` type($outputs) `)` $body
  }];
  let hasRegionVerifier = 1;
  let builders = [
    // Takes the body away from its region; the results follow from what it yields.
    OpBuilder<(ins "::mlir::ValueRange":$inits, "::mlir::ValueRange":$sequences, "::mlir::ValueRange":$shared,
                   "int64_t":$trips, "bool":$reversed, "::mlir::Region &":$body)>];
  let extraClassDeclaration = [{
    /// Makes arguments, behind the others, of the values around a body that it reads, and returns these; constants are
    /// copied into it.
    static ::llvm::SmallVector<::mlir::Value> shareCaptures(::mlir::Block &body);

    using Arguments = ::mlir::MutableArrayRef<::mlir::BlockArgument>;
    ::mlir::Block &block() { return getBody().front(); }
    ::mlir::BlockArgument step() { return block().getArgument(0); }
    Arguments carriedArguments() { return block().getArguments().slice(1, getInits().size()); }
    Arguments elementArguments() { return block().getArguments().slice(1 + getInits().size(), getSequences().size()); }
    Arguments sharedArguments() { return block().getArguments().take_back(getShared().size()); }

    /// How many of the results are stacked values.
    unsigned emitted() { return getNumResults() - getInits().size(); }
    /// What a step emits, and the carried values of the next step.
    ::mlir::OperandRange emittedValues() { return block().getTerminator()->getOperands().take_front(emitted()); }
    ::mlir::OperandRange nextValues() { return block().getTerminator()->getOperands().drop_front(emitted()); }
    ::mlir::ResultRange stacks() { return getResults().take_front(emitted()); }
    ::mlir::ResultRange carriedOut() { return getResults().drop_front(emitted()); }
  }];
}

#endif
