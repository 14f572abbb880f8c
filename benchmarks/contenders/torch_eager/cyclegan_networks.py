"""The networks of W4, with as many weights as ganzoo's."""

from torch import nn


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with padding by reflection, and a skip connection around them."""

    def __init__(self, width: int):
        super().__init__()
        half = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=False), nn.InstanceNorm2d(width, affine=True)]
        other = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=False), nn.InstanceNorm2d(width, affine=True)]
        self.block = nn.Sequential(*half, nn.ReLU(inplace=True), *other)

    def forward(self, x):
        return x + self.block(x)


def resnet_generator(width: int = 32, blocks: int = 6) -> nn.Module:
    def normalised(layer, channels):
        return [layer, nn.InstanceNorm2d(channels, affine=True), nn.ReLU(inplace=True)]

    layers = [nn.ReflectionPad2d(3), *normalised(nn.Conv2d(1, width, 7, bias=False), width)]
    for level in (1, 2):
        outputs = width * 2**level
        layers += normalised(nn.Conv2d(outputs // 2, outputs, 3, stride=2, padding=1, bias=False), outputs)
    layers += [ResidualBlock(width * 4) for _ in range(blocks)]
    for level in (1, 0):
        outputs, options = width * 2**level, dict(stride=2, padding=1, output_padding=1, bias=False)
        layers += normalised(nn.ConvTranspose2d(outputs * 2, outputs, 3, **options), outputs)
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 1, 7), nn.Tanh())


def patch_discriminator(width: int = 32) -> nn.Module:
    layers, inputs = [], 1
    for level, stride in enumerate((2, 2, 2, 1)):
        outputs = width * 2**level
        layers.append(nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1, bias=level == 0))
        layers += [nn.InstanceNorm2d(outputs, affine=True)] if level else []
        layers.append(nn.LeakyReLU(0.2, inplace=True))
        inputs = outputs
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 4, padding=1))
