// sigmoid is no op of the math dialect: a whole kernel of it, as programs run it.
nn.kernel @sigmoid(%x: tensor<4096xf32>) -> tensor<4096xf32> tasks 1 {
  %y = nn.sigmoid %x : tensor<4096xf32> -> tensor<4096xf32>
  nn.yield %y : tensor<4096xf32>
}
