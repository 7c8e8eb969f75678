// What the verifiers say. One case per message.
// RUN: %nn-opt %s --split-input-file --verify-diagnostics

func.func @select(%c: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf64>) {
  // expected-error @+1 {{selects between 'tensor<4xf32>' and 'tensor<4xf64>' into 'tensor<4xf32>'}}
  %y = nn.select %c, %a, %b : tensor<4xi1>, tensor<4xf32>, tensor<4xf64> -> tensor<4xf32>
  return
}

// -----

func.func @unary_of_integers(%x: tensor<4xi32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of one or more floating-point numbers, but got 'tensor<4xi32>'}}
  %y = nn.exp %x : tensor<4xi32> -> tensor<4xi32>
  return
}

// -----

func.func @shapes(%a: tensor<4xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %y = nn.add %a, %b : tensor<4xf32>, tensor<3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @empty(%a: tensor<4x0xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of one or more numbers or booleans, but got 'tensor<4x0xf32>'}}
  %y = nn.add %a, %a : tensor<4x0xf32>, tensor<4x0xf32> -> tensor<4x0xf32>
  return
}

// -----

func.func @dynamic(%a: tensor<?xf32>) {
  // expected-error @+1 {{statically shaped tensor}}
  %y = nn.neg %a : tensor<?xf32> -> tensor<?xf32>
  return
}

// -----

func.func @iota() {
  // expected-error @+1 {{has axis 2 of a tensor of rank 2}}
  %y = nn.iota {axis = 2 : i64} : tensor<4x3xi32>
  return
}

// -----

func.func @broadcast_dims(%x: tensor<3xf32>) {
  // expected-error @+1 {{needs one entry of `dims` per dimension of x, and one element type}}
  %y = nn.broadcast %x {dims = array<i64>} : tensor<3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @broadcast_order(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{`dims` must increase and name dimensions of the result}}
  %y = nn.broadcast %x {dims = array<i64: 1, 0>} : tensor<3x4xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @broadcast_extent(%x: tensor<3xf32>) {
  // expected-error @+1 {{dimension 0 of x has extent 3, dimension 0 of the result 4}}
  %y = nn.broadcast %x {dims = array<i64: 0>} : tensor<3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @reshape(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{cannot view 'tensor<4x6xf32>' as 'tensor<5x5xf32>'}}
  %y = nn.reshape %x : tensor<4x6xf32> -> tensor<5x5xf32>
  return
}

// -----

func.func @transpose(%x: tensor<4x6xf32>) {
  // expected-error @+2 {{`permutation` must permute the 2 dimensions of x}}
  // expected-error @+1 {{}}
  %y = nn.transpose %x {permutation = array<i64: 0, 0>} : tensor<4x6xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @slice(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{takes elements 1..7 of dimension 1, whose extent is 6}}
  %y = nn.slice %x {offsets = array<i64: 0, 1>, strides = array<i64: 1, 3>} : tensor<4x6xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @reduce(%x: tensor<4x3xf32>) {
  // expected-error @+2 {{`axes` must increase and name dimensions of x, whose rank is 2}}
  // expected-error @+1 {{}}
  %y = nn.reduce_sum %x {axes = array<i64: 2>} : tensor<4x3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @contract_extent(%a: tensor<4x5xf32>, %b: tensor<3x6xf32>) {
  // expected-error @+2 {{label 2 has extents 5 and 6}}
  // expected-error @+1 {{}}
  %y = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 1, 2>, out = array<i64: 0, 1>}
     : tensor<4x5xf32>, tensor<3x6xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @contract_alone(%a: tensor<4x5xf32>, %b: tensor<3xf32>) {
  // expected-error @+2 {{label 2 stands in one list only: reduce or broadcast before}}
  // expected-error @+1 {{}}
  %y = nn.contract %a, %b {lhs = array<i64: 0, 2>, rhs = array<i64: 1>, out = array<i64: 0, 1>}
     : tensor<4x5xf32>, tensor<3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @conv_groups(%x: tensor<2x3x8xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{has 3 channels and 4 filters over 2 channels in 1 groups}}
  %y = nn.conv %x, %w {strides = array<i64: 1>, low = array<i64: 1>, high = array<i64: 1>, dilation = array<i64: 1>,
    groups = 1 : i64} : tensor<2x3x8xf32>, tensor<4x2x3xf32> -> tensor<2x4x8xf32>
  return
}

// -----

func.func @conv_extent(%x: tensor<2x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+1 {{has extent 8 in spatial dimension 0 of the result where the rule gives 6}}
  %y = nn.conv %x, %w {strides = array<i64: 1>, low = array<i64: 0>, high = array<i64: 0>, dilation = array<i64: 1>,
    groups = 1 : i64} : tensor<2x3x8xf32>, tensor<4x3x3xf32> -> tensor<2x4x8xf32>
  return
}

// -----

func.func @window_extent(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{has 5 windows along dimension 0 where the rule gives 4}}
  %y = nn.window_sum %x {window = array<i64: 2>, strides = array<i64: 2>, low = array<i64: 0>, high = array<i64: 0>}
     : tensor<2x8xf32> -> tensor<2x5xf32>
  return
}

// -----

func.func @window_padding(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{pads dimension 0 by a whole window: some windows would be empty}}
  %y = nn.window_max %x {window = array<i64: 2>, strides = array<i64: 2>, low = array<i64: 2>, high = array<i64: 0>}
     : tensor<2x8xf32> -> tensor<2x5xf32>
  return
}

// -----

// expected-error @+1 {{layout is not a permutation of the dimensions 0..1}}
func.func @layout(%x: tensor<4x3xf32, #nn.layout<[0, 2]>>) {
  return
}

// -----

func.func @call(%x: tensor<4xf32>) {
  // expected-error @+1 {{calls @nowhere, which is no function of this module}}
  %y = nn.call @nowhere(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func private @vector(tensor<4xf32>) -> tensor<4xf32>
func.func @gradient(%x: tensor<4xf32>) {
  // expected-error @+1 {{differentiates @vector, whose first result is not a floating-point scalar}}
  %y:2 = nn.value_and_grad @vector(%x) {wrt = array<i64: 0>} : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @group(%x: tensor<4xf32>) {
  // expected-error @+1 {{has other results than its body yields}}
  %y = nn.group (%a = %x : tensor<4xf32>) -> tensor<5xf32> {
    nn.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @launch(%x: tensor<4xf32>) {
  // expected-error @+1 {{runs @k, which is no kernel of this module}}
  %y = nn.launch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scan_steps(%h: tensor<4xf32>) {
  // expected-error @+1 {{takes at least one step, not 0}}
  %y = nn.scan carry(%h : tensor<4xf32>) {trips = 0 : i64} -> (tensor<4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    nn.emit %a : tensor<4xf32>
  }
  return
}

// -----

func.func @scan_arguments(%h: tensor<4xf32>) {
  // expected-error @+1 {{has a body whose arguments are not the step, as an i32 scalar, and one for each operand}}
  %y = nn.scan carry(%h : tensor<4xf32>) {trips = 2 : i64} -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    nn.emit %a : tensor<4xf32>
  }
  return
}

// -----

func.func @scan_count(%h: tensor<4xf32>) {
  // expected-error @+1 {{yields 2 values in each step and has 1 results, of which 1 are carried}}
  %y = nn.scan carry(%h : tensor<4xf32>) {trips = 2 : i64} -> (tensor<4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    nn.emit %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @scan_stack(%h: tensor<4xf32>) {
  // expected-error @+1 {{yields 'tensor<4xf32>' in each step and has a result of type 'tensor<3x4xf32>', wanted is 'tensor<2x4xf32>'}}
  %y, %z = nn.scan carry(%h : tensor<4xf32>) {trips = 2 : i64} -> (tensor<3x4xf32>, tensor<4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    nn.emit %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @scan_sequence(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{takes 'tensor<4xf32>' in each step from 'tensor<3x4xf32>', wanted is 'tensor<2x4xf32>'}}
  %y = nn.scan over(%x : tensor<3x4xf32>) {trips = 2 : i64} -> (tensor<2x4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    nn.emit %a : tensor<4xf32>
  }
  return
}

// -----

func.func @scan_shared(%x: tensor<4xf32>) {
  // expected-error @+1 {{shares 'tensor<4xf32>' under the type 'tensor<2x2xf32>'}}
  %y = nn.scan with(%x : tensor<4xf32>) {trips = 2 : i64} -> (tensor<2x2x2xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<2x2xf32>):
    nn.emit %a : tensor<2x2xf32>
  }
  return
}

// -----

func.func @scan_carried(%h: tensor<4xf32>) {
  // expected-error @+1 {{carries 'tensor<4xf32>' into the first step and 'tensor<4xi32>' from step to step or out of the last}}
  %y = nn.scan carry(%h : tensor<4xf32>) {trips = 2 : i64} -> (tensor<4xf32>) {
  ^bb0(%t: tensor<i32>, %a: tensor<4xf32>):
    %i = nn.cast %a : tensor<4xf32> -> tensor<4xi32>
    nn.emit %i : tensor<4xi32>
  }
  return
}

// -----

nn.kernel @offsets_of(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 {
  nn.yield %a : tensor<4xf32>
}
func.func @launch_offsets(%x: tensor<4xf32>) {
  // expected-error @+1 {{has 1 offsets for 2 operands and results and at most one workspace}}
  %y = nn.launch @offsets_of(%x) {offsets = array<i64: 0>} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

nn.kernel @strides_of(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 {
  nn.yield %a : tensor<4xf32>
}
func.func @launch_strides(%x: tensor<4xf32>) {
  // expected-error @+1 {{has no row of strides, as long as its offsets, for each loop around it}}
  %y = nn.launch @strides_of(%x) {offsets = array<i64: 0, 64>, strides = array<i64: 4>} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_shape(%x: tensor<4x3xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{cannot put the shape of 'tensor<2xi32>' in place of dimension 1 of 'tensor<4x3xf32>' and get 'tensor<2x3xf32>'}}
  %y = nn.gather %x, %i {axis = 1 : i64} : tensor<4x3xf32>, tensor<2xi32> -> tensor<2x3xf32>
  return
}

// -----

func.func @gather_axis(%x: tensor<4x3xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{has axis 2 of a tensor of rank 2}}
  %y = nn.gather %x, %i {axis = 2 : i64} : tensor<4x3xf32>, tensor<2xi32> -> tensor<4x3xf32>
  return
}
