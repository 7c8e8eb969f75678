// Two owned values of one new value; a product that tiles do not cover.
module attributes {nn.owned = [{name = "w", role = "param", type = tensor<4x4xf32>},
                               {name = "v", role = "state", type = tensor<4x4xf32>}]} {
  func.func @step(%w: tensor<4x4xf32> {nn.role = "param", nn.name = "w"}, %v: tensor<4x4xf32> {nn.role = "state", nn.name = "v"})
      -> (tensor<4x4xf32> {nn.role = "param", nn.name = "w"}, tensor<4x4xf32> {nn.role = "state", nn.name = "v"},
          tensor<4xf32> {nn.role = "output", nn.name = "y"}) {
    %n = nn.add %w, %v : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
    %y = nn.contract %w, %v {lhs = array<i64: 0, 1>, rhs = array<i64: 0, 1>, out = array<i64: 0>}
        : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    return %n, %n, %y : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>
  }
}
