/** The boundaries that merges must not cross (GPT-2's pattern): contractions, and words, numbers or signs each with the blank before them. */
export const gpt2Pieces =
  /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
