// Two owned values of one new value; a product of a type that tiles do not cover.
module attributes {nn.owned = [{name = "w", role = "param", type = tensor<4x4xf16>},
                               {name = "v", role = "state", type = tensor<4x4xf16>}]} {
  func.func @step(%w: tensor<4x4xf16> {nn.role = "param", nn.name = "w"}, %v: tensor<4x4xf16> {nn.role = "state", nn.name = "v"})
      -> (tensor<4x4xf16> {nn.role = "param", nn.name = "w"}, tensor<4x4xf16> {nn.role = "state", nn.name = "v"},
          tensor<4x4xf16> {nn.role = "output", nn.name = "y"}) {
    %n = nn.add %w, %v : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf16>
    %y = nn.contract %w, %v {lhs = array<i64: 0, 2>, rhs = array<i64: 2, 1>, out = array<i64: 0, 1>}
        : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf16>
    return %n, %n, %y : tensor<4x4xf16>, tensor<4x4xf16>, tensor<4x4xf16>
  }
}
