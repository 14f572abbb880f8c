"""The same works in PyTorch, eager, the way PyTorch-GAN and mimicry write them; needs torch and NumPy alone.

After https://github.com/eriklindernoren/PyTorch-GAN (wgan_gp.py, dcgan.py, cyclegan.py) and, for the order of a WGAN-GP
step, https://github.com/kwotsin/mimicry: `zero_grad`, `backward`, `step`; a `DataLoader` over tensors; no compilation.
"""

import itertools

import numpy as np
import torch
from torch import autograd, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import works
from benchmarks.contenders import Training


def build(work: str, arrays: dict[str, np.ndarray], precision: str) -> Training:
    """A work in float32; `arrays` as `works.write_reals` has them."""
    if precision != "float32":
        raise ValueError(f"this contender trains in float32 alone, not {precision}")
    torch.manual_seed(0)
    loaders = [endless(reals, works.BATCH[work]) for reals in arrays.values()]
    make = {"W1": wgan_gp_on_points, "W2": wgan_gp_on_digits, "W3": dcgan, "W4": cyclegan}
    step, modules = make[work](*loaders)

    def run(steps):
        for _ in range(steps):
            step()

    return Training(run, sum(weight.numel() for module in modules for weight in module.parameters()))


def endless(reals: np.ndarray, batch: int):
    """Shuffled batches, epoch after epoch; pictures as [batch, channels, h, w]."""
    tensor = torch.from_numpy(works.to_float(reals))
    tensor = tensor.permute(0, 3, 1, 2).contiguous() if tensor.ndim == 4 else tensor
    loader = DataLoader(TensorDataset(tensor), batch_size=batch, shuffle=True, drop_last=True)
    return (reals for _ in itertools.count() for (reals,) in loader)


def gradient_penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    alpha = torch.rand([len(real)] + [1] * (real.ndim - 1))
    interpolates = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(interpolates)
    gradients = autograd.grad(
        outputs=scores, inputs=interpolates, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True
    )[0]
    return ((gradients.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def wgan_gp(work: str, loader, generator: nn.Module, critic: nn.Module):
    """A step of the generator after `N_CRITIC` of the critic, each on a batch of its own."""
    optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.9))
    optimizer_D = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.9))
    latent_dim, batch = works.LATENTS[work], works.BATCH[work]

    def step():
        for _ in range(works.N_CRITIC):
            real = next(loader)
            optimizer_D.zero_grad()
            fake = generator(torch.randn(batch, latent_dim)).detach()
            penalty = gradient_penalty(critic, real, fake)
            d_loss = -critic(real).mean() + critic(fake).mean() + works.PENALTY[work] * penalty
            d_loss.backward()
            optimizer_D.step()
        optimizer_G.zero_grad()
        g_loss = -critic(generator(torch.randn(batch, latent_dim))).mean()
        g_loss.backward()
        optimizer_G.step()

    return step, [generator, critic]


def wgan_gp_on_points(loader):
    """W1: perceptrons of 3 x 512."""

    def perceptron(inputs, outputs, activation):
        sizes = [inputs, 512, 512, 512]
        hidden = [part for pair in itertools.pairwise(sizes) for part in (nn.Linear(*pair), activation())]
        return nn.Sequential(*hidden, nn.Linear(512, outputs))

    generator = perceptron(works.LATENTS["W1"], 2, nn.ReLU)
    return wgan_gp("W1", loader, generator, perceptron(2, 1, lambda: nn.LeakyReLU(0.2)))


def digits_generator(latent_dim: int) -> nn.Module:
    def doubled(inputs, outputs, bias):
        return nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=1, bias=bias)

    return nn.Sequential(
        nn.Linear(latent_dim, 7 * 7 * 128, bias=False),
        nn.Unflatten(1, (128, 7, 7)),
        nn.BatchNorm2d(128),
        nn.ReLU(inplace=True),
        doubled(128, 64, False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        doubled(64, 1, True),
        nn.Tanh(),
    )


def digits_discriminator(batch_norm: bool, *last: nn.Module) -> nn.Module:
    blocks, inputs = [], 1
    for level, width in enumerate((32, 64, 128)):
        has_norm = batch_norm and level > 0
        blocks.append(nn.Conv2d(inputs, width, 5, stride=2, padding=2, bias=not has_norm))
        blocks += [nn.BatchNorm2d(width)] if has_norm else []
        blocks.append(nn.LeakyReLU(0.2, inplace=True))
        inputs = width
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(128 * 4 * 4, 1), *last)


def wgan_gp_on_digits(loader):
    """W2."""
    return wgan_gp("W2", loader, digits_generator(works.LATENTS["W2"]), digits_discriminator(batch_norm=False))


def dcgan(loader):
    """W3: the generator first, on fakes that the discriminator then judges too."""
    latent_dim, batch = works.LATENTS["W3"], works.BATCH["W3"]
    generator, discriminator = digits_generator(latent_dim), digits_discriminator(True, nn.Sigmoid())
    optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adversarial_loss = nn.BCELoss()
    valid, fake = torch.ones(batch, 1), torch.zeros(batch, 1)

    def step():
        real_imgs = next(loader)
        optimizer_G.zero_grad()
        gen_imgs = generator(torch.randn(batch, latent_dim))
        g_loss = adversarial_loss(discriminator(gen_imgs), valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        real_loss = adversarial_loss(discriminator(real_imgs), valid)
        fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()

    return step, [generator, discriminator]


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions by reflection, around which the features go by."""

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


class ReplayBuffer:
    """The last 50 fakes; each new one is shown as it is, or for half of them takes the place of an old one."""

    def __init__(self, max_size: int = 50):
        self.max_size, self.data = max_size, []

    def push_and_pop(self, data: torch.Tensor) -> torch.Tensor:
        shown = []
        for element in data:
            element = element.unsqueeze(0)
            if len(self.data) < self.max_size:
                self.data.append(element)
                shown.append(element)
            elif np.random.uniform() > 0.5:
                index = np.random.randint(self.max_size)
                shown.append(self.data[index].clone())
                self.data[index] = element
            else:
                shown.append(element)
        return torch.cat(shown)


def cyclegan(loader_A, loader_B):
    """W4: one optimizer for both generators, one for each discriminator, losses as in the paper."""
    G_AB, G_BA, D_A, D_B = resnet_generator(), resnet_generator(), patch_discriminator(), patch_discriminator()
    options = dict(lr=2e-4, betas=(0.5, 0.999))
    optimizer_G = torch.optim.Adam(itertools.chain(G_AB.parameters(), G_BA.parameters()), **options)
    optimizer_D_A = torch.optim.Adam(D_A.parameters(), **options)
    optimizer_D_B = torch.optim.Adam(D_B.parameters(), **options)
    criterion_GAN, criterion_cycle, criterion_identity = nn.MSELoss(), nn.L1Loss(), nn.L1Loss()
    fake_A_buffer, fake_B_buffer = ReplayBuffer(), ReplayBuffer()

    def judged(discriminator, optimizer, real, fake):
        optimizer.zero_grad()
        on_real, on_fake = discriminator(real), discriminator(fake.detach())
        loss_real = criterion_GAN(on_real, torch.ones_like(on_real))
        loss_fake = criterion_GAN(on_fake, torch.zeros_like(on_fake))
        ((loss_real + loss_fake) / 2).backward()
        optimizer.step()

    def step():
        real_A, real_B = next(loader_A), next(loader_B)
        optimizer_G.zero_grad()
        loss_identity = (criterion_identity(G_BA(real_A), real_A) + criterion_identity(G_AB(real_B), real_B)) / 2
        fake_B, fake_A = G_AB(real_A), G_BA(real_B)
        on_A, on_B = D_A(fake_A), D_B(fake_B)
        loss_GAN = (criterion_GAN(on_B, torch.ones_like(on_B)) + criterion_GAN(on_A, torch.ones_like(on_A))) / 2
        loss_cycle = (criterion_cycle(G_BA(fake_B), real_A) + criterion_cycle(G_AB(fake_A), real_B)) / 2
        (loss_GAN + 10.0 * loss_cycle + 5.0 * loss_identity).backward()
        optimizer_G.step()
        judged(D_A, optimizer_D_A, real_A, fake_A_buffer.push_and_pop(fake_A))
        judged(D_B, optimizer_D_B, real_B, fake_B_buffer.push_and_pop(fake_B))

    return step, [G_AB, G_BA, D_A, D_B]
