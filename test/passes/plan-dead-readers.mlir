// What nothing reads is not launched, and does not keep others from being put in order: the old value of `w` is read
// before the new one is written, also where a reader of it has gone.
// RUN: %bin/nn-run --compiled --without=nn-simplify %s
module attributes {nn.owned = [{name = "w", role = "param", type = tensor<5x7xf32>}]} {
func.func @dead(%w: tensor<5x7xf32> {nn.role = "param", nn.name = "w"}) -> (tensor<5x7xf32> {nn.role = "param", nn.name = "w"}, tensor<5x7xf32> {nn.role = "output", nn.name = "y"}, tensor<7x5xf32> {nn.role = "output", nn.name = "z"}) {
  %t = nn.transpose %w {permutation = array<i64: 1, 0>} : tensor<5x7xf32> -> tensor<7x5xf32>
  %z = nn.tanh %t : tensor<7x5xf32> -> tensor<7x5xf32>
  %p = nn.contract %t, %w {lhs = array<i64: 0, 1>, rhs = array<i64: 1, 2>, out = array<i64: 0, 2>} : tensor<7x5xf32>, tensor<5x7xf32> -> tensor<7x7xf32>
  %q = nn.tanh %p : tensor<7x7xf32> -> tensor<7x7xf32>
  %n = nn.sub %w, %w : tensor<5x7xf32>, tensor<5x7xf32> -> tensor<5x7xf32>
  return %n, %n, %z : tensor<5x7xf32>, tensor<5x7xf32>, tensor<7x5xf32>
}
}
