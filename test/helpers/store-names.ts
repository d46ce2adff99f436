/** Names that lead out of a store, hide in it, or that some system cannot hold. */
export const badStoreNames = [
  "",
  ".",
  "..",
  "../a",
  "a/b",
  "/etc/passwd",
  "a\\b",
  "C:\\a",
  ".hidden",
  "-rf",
  "a\0b",
  "a\n",
  "a b",
  "ä",
  "x".repeat(201),
];
