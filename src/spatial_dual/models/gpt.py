"""Small GPT-2 language models, built from sizes."""

from transformers import GPT2Config, GPT2LMHeadModel

from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID


def build_gpt(
    vocabulary_size: int,
    positions: int,
    dim: int,
    depth: int,
    heads: int,
    cross_attention: bool = False,
) -> GPT2LMHeadModel:
    """A GPT-2 without dropout: trainings here are too short to overfit.

    It knows no padding: padded captions are real tokens to a prior, and decoders generate with
    ``pad_token_id`` given.

    Attention is written out (eager), the faster way for short sequences on the CPU.
    """
    config = GPT2Config(
        vocab_size=vocabulary_size,
        n_positions=positions,
        n_embd=dim,
        n_layer=depth,
        n_head=heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=BOS_ID,
        eos_token_id=EOS_ID,
        add_cross_attention=cross_attention,
    )
    model = GPT2LMHeadModel(config)
    model.set_attn_implementation("eager")
    return model
