"""Makes the PyTorch fixtures in data/, or reads a safetensors file back.

    pip install torch numpy                       # any CPU wheel
    python test/golden/make.py                    # writes everything again
    python test/golden/make.py ops recurrent      # writes these groups only
    python test/golden/make.py --read FILE        # prints names, shapes and checksums; if the metadata has `model`, the
                                                  # options of fixtures/models.py's TokenModel in JSON, loads the file into
                                                  # one with load_state_dict(strict=True) and prints its logits' checksum
    python test/golden/make.py --read FILE MODEL  # the same with the options given

Inputs and weights come from a generator (fixtures/data.py) that golden.ts implements too; only results are stored
(fixtures/group.py tells how), computed in float32 by PyTorch on one thread. The script is deterministic; another
version of PyTorch or another processor may change last digits.
"""

import sys
import warnings

import torch

from fixtures import alignment, attention, decoders, generator, models, more_ops, ops, optim, pretrained, recurrent, structured, transformers

GROUPS = {
    "generator": generator.make,
    "ops": ops.make,
    "more-ops": more_ops.make,
    "attention": attention.make,
    "layers": recurrent.make_layers,
    "recurrent": recurrent.make,
    "alignment": alignment.make,
    "decoders": decoders.make,
    "statistics": recurrent.make_statistics,
    "structured": structured.make,
    "optim": optim.make,
    "schedules": optim.make_schedules,
    "curves": models.make_curves,
    "states": models.make_states,
    "pretrained": pretrained.make,
    "transformers": transformers.make,
    "transformer-states": transformers.make_states,
}


def main(arguments):
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
    if arguments[:1] == ["--read"]:
        return models.read(*arguments[1:])
    for name in arguments or GROUPS:
        GROUPS[name]()
        print(f"{name} is written")


if __name__ == "__main__":
    main(sys.argv[1:])
