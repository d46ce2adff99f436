/** 1 in the variant `wide`, whose code is written for pairs of vectors, else 0. scripts/build-kernels.mjs gives it to the compiler. */
declare const ASC_WIDE: bool;
